import { expect, test } from 'vitest'
import { createAuditFileWriter, readAuditFile } from '../../src/audit/file.ts'
import type { AuditPart } from '../../src/audit/part.ts'
import { EMPTY, equalBytes, toHex } from '../../src/base/bytes.ts'
import { parseLogId } from '../../src/base/ids.ts'
import { ROLE } from '../../src/registry/registry-doc.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { Envelope } from '../../src/wire/gen/tocsin.ts'
import { carried, exported, imported, startIsland } from '../support/islands.ts'
import { createTestAlliance, domainDraft, type RunningNode, until } from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt } from '../support/node-raw-member.ts'
import { renewNation } from '../support/node-rotation.ts'
import { apply, governing } from '../support/registry-changes.ts'

/** what sync carries travels as files, and is checked in the same way. */

async function finds({ service }: RunningNode, name: string): Promise<boolean> {
  const [answer] = await service.lookup([name])
  return answer?.result === 'found'
}

/** What somebody gave to this node alone. */
async function given({ node }: RunningNode, entries: readonly ParsedEntry[]): Promise<void> {
  const envelopes = entries.map(({ headerBytes, signature, body }) => ({ header: headerBytes, signature, body }))
  await node.ingest.ingestBundle({ logId: entries[0]!.logId, from: 0, entries: envelopes, note: EMPTY, path: [] })
}

async function settled(nodes: readonly RunningNode[]): Promise<void> {
  await until(() => nodes.every(({ node, service }) => service.status().backlog === 0 && !node.store.viewStale), 10_000)
}

const evidenceOf = ({ node }: RunningNode) => toHex(node.book.digest())

test('two nodes that never had a network between them end equal by files that a third carries', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await startIsland(alliance, 0)
  await using b = await startIsland(alliance, 1)
  await using carrier = await startIsland(alliance, 2)
  const islands = [a, b, carrier]

  await a.service.publish([domainDraft('for-all.example')])
  await a.service.publish([{ ...domainDraft('for-b.example'), audience: { to: ['BBB'] } }])
  const [mistake] = await a.service.publish([domainDraft('mistake.example')])
  await b.service.publish([domainDraft('of-b.example')])
  const [log = '', seq] = mistake?.outcome === 'new' ? mistake.entry.split('/') : []
  await a.node.erasure.erase({ logId: parseLogId(Buffer.from(log, 'hex')), seq: Number(seq) }, 'error', 'local')
  // A log, a key and a registry more.
  await a.service.incarnate()
  await a.service.publish([domainDraft('later.example')])
  const member = alliance.members[3]!
  const { doc } = a.node.book.directory().member(member.nation)!
  const { document } = renewNation(member, doc!, Date.now())
  await apply(a, document)
  await apply(b, governing(alliance).next())
  // DDD tells the two different things.
  const liar = createRawAuthor(alliance, member)
  const twin = liar.fork(1)
  for (const [i, author] of [liar, twin].entries()) {
    for (let seq = 1; seq < 4; seq++)
      author.append({ kind: KIND.COMPLAINT, body: new Uint8Array(0), timeMs: Date.now() + i })
  }
  await given(a, liar.entries)
  await given(b, twin.entries)

  for (const [here, there] of [
    [a, carrier],
    [carrier, b],
    [b, carrier],
    [carrier, a],
    [a, carrier],
    [carrier, b],
  ] as const) {
    await carried(here, there)
  }
  await settled(islands)
  expect(new Set(islands.map(evidenceOf)).size).toBe(1)
  expect(new Set(islands.map(({ service }) => service.status().frontier)).size).toBe(1)
  for (const island of islands) {
    expect(island.service.peers().every(({ state }) => state !== 'connected')).toBe(true)
    expect(island.node.book.directory().registry.version).toBe(2)
    expect(island.node.book.directory().member(member.nation)!.doc!.version).toBe(2)
    expect(island.node.store.log(liar.logId)).toMatchObject({ limit: 1, standing: { size: 1 } })
    for (const name of ['for-all.example', 'later.example', 'of-b.example'])
      expect(await finds(island, name)).toBe(true)
    expect(await finds(island, 'mistake.example')).toBe(false)
  }
  expect(await finds(b, 'for-b.example')).toBe(true)
  expect(await finds(carrier, 'for-b.example')).toBe(false)
  const again = await imported(b, await exported(a))
  expect(again.evidence).toMatchObject({ added: 0, refused: [] })
  expect(again.logs.every(({ outcome }) => outcome === 'known')).toBe(true)
}, 60_000)

test('a file that is cut, turned, another, or full of lies loses nothing', async () => {
  await using alliance = await createTestAlliance(2)
  await using other = await createTestAlliance(1)
  await using a = await startIsland(alliance, 0)
  await using b = await startIsland(alliance, 1)
  await using stranger = await startIsland(other, 0)
  for (let i = 0; i < 3; i++) await a.service.publish([domainDraft(`of-a-${i}.example`)])
  await b.service.publish([domainDraft('of-b.example')])
  const file = await exported(a)
  const before = await exported(b)

  for (const length of [0, 5, 17, 18, 400, Math.floor(file.length / 2), file.length - 1]) {
    await expect(imported(b, file.subarray(0, length))).rejects.toMatchObject({ code: 'audit-file-cut' })
  }
  for (let at = 0; at < file.length; at += 997) {
    const turned = file.slice()
    turned[at]! ^= 1
    await expect(imported(b, turned), `byte ${at}`).rejects.toMatchObject({
      code: expect.stringMatching(/^(audit-file|wire|frame)-/),
    })
  }
  await expect(imported(b, await exported(stranger))).rejects.toMatchObject({ code: 'bundle-other-alliance' })
  await expect(imported(b, b.service.requestBundle())).rejects.toMatchObject({ code: 'audit-file-malformed' })
  expect(await exported(b)).toHaveLength(before.length)

  // Whoever writes a file anew may say anything in it: what is not signed so is refused, the rest is taken.
  const lies = await rewritten(file, part => {
    if (part.kind !== 'entries' || part.envelopes.length < 3) return part
    return { ...part, envelopes: part.envelopes.map((envelope, i) => (i === 2 ? otherSignature(envelope) : envelope)) }
  })
  const report = await imported(b, lies)
  expect(report.logs.filter(({ outcome }) => outcome === 'refused').map(({ refusal }) => refusal!.code)).toEqual([
    'entry-signature-invalid',
  ])
  const whole = await imported(b, file)
  expect(whole.logs.some(({ outcome }) => outcome === 'added')).toBe(true)
  await settled([b])
  for (const name of ['of-a-0.example', 'of-a-2.example', 'of-b.example']) expect(await finds(b, name)).toBe(true)
}, 60_000)

function otherSignature(bytes: Uint8Array): Uint8Array {
  const envelope = decodeLoose(Envelope, bytes, false)
  return encode(Envelope, { ...envelope, signature: envelope.signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) })
}

/** The same container about other parts. */
async function rewritten(file: Uint8Array, change: (part: AuditPart) => AuditPart): Promise<Uint8Array> {
  const writer = createAuditFileWriter('bundle')
  const pieces: Uint8Array[] = [writer.opening]
  for await (const { part } of readAuditFile(oneChunk(file), 'bundle')) {
    const changed = change(part)
    pieces.push(changed.kind === 'end' ? writer.end() : writer.add(changed))
  }
  return Buffer.concat(pieces)
}

async function* oneChunk(bytes: Uint8Array) {
  yield bytes
}

test('a file begins where its reader shows to be, and says what is missing where it begins too late', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await startIsland(alliance, 0)
  await using b = await startIsland(alliance, 1)
  for (let i = 0; i < 4; i++) await a.service.publish([domainDraft(`first-${i}.example`)])
  await a.node.checkpoint()
  const { logId, size } = a.node.ownLog.current()!
  // Receipts travel by stick, too.
  await carried(a, b)
  await until(() => b.node.store.log(logId)?.unverifiedFrom === null, 10_000)
  await b.node.cosign()
  await carried(b, a)
  expect(a.node.book.checkpoints(logId).some(({ cosignatures }) => cosignatures.length === 1)).toBe(true)
  await a.service.publish([domainDraft('later.example')])

  const ofOwnLog = async (order: Parameters<typeof exported>[1]) => {
    const from: number[] = []
    for await (const { part } of readAuditFile(oneChunk(await exported(a, order)), 'bundle')) {
      if (part.kind === 'log' && equalBytes(part.logId, logId)) from.push(part.from)
    }
    return from
  }
  expect(await ofOwnLog({ nation: b.member.nation })).toEqual([size])
  expect(await ofOwnLog({ nation: alliance.members[2]!.nation })).toEqual([0])
  expect(await ofOwnLog({ sinceMs: Date.now() + 60_000 })).toEqual([])
  await expect(exported(a, { nation: 'ZZZ' as never })).rejects.toMatchObject({ code: 'registry-not-member' })
  const request = b.service.requestBundle()
  await expect(exported(a, { nation: 'CCC' as never, request })).rejects.toMatchObject({
    code: 'bundle-request-other',
  })
  await expect(exported(a, { request: request.subarray(0, -1) })).rejects.toMatchObject({
    code: 'bundle-request-malformed',
  })

  await using c = await startIsland(alliance, 2)
  const tail = await exported(a, { nation: b.member.nation })
  const preview = await imported(c, tail, true)
  const gap = await imported(c, tail)
  expect(preview.logs).toEqual(gap.logs)
  expect(gap.logs).toMatchObject([
    { from: size, before: 0, after: 0, outcome: 'refused', refusal: { code: 'bundle-gap' } },
  ])
  const all = await exported(a, { request: c.service.requestBundle() })
  expect((await imported(c, all, true)).logs.find(({ from }) => from === 0)).toMatchObject({ outcome: 'added' })
  expect(c.node.store.log(logId)).toBeUndefined()
  expect((await carried(a, c)).logs.every(({ outcome }) => outcome === 'added')).toBe(true)
  expect(c.node.store.log(logId)!.head.size).toBe(a.node.store.log(logId)!.head.size)
}, 60_000)

test('who was given another branch than the one that is witnessed takes the right one from a file', async () => {
  await using alliance = await createTestAlliance(4, { roles: new Map([[3, [ROLE.PUBLISH, ROLE.RECEIVE]]]) })
  await using a = await startIsland(alliance, 0)
  await using b = await startIsland(alliance, 1)
  await using c = await startIsland(alliance, 2)
  await using misled = await startIsland(alliance, 3)
  for (let i = 0; i < 4; i++) await a.service.publish([domainDraft(`right-${i}.example`)])
  await a.node.checkpoint()
  const { logId, size } = a.node.ownLog.current()!
  for (const witness of [b, c]) {
    await carried(a, witness)
    await until(() => witness.node.store.log(logId)?.unverifiedFrom === null, 10_000)
    await witness.node.cosign()
    await carried(witness, a)
  }
  expect(a.node.book.standingOf(a.node.store.log(logId)!.head).quorate?.size).toBe(size)
  const entries = await entriesAt(a, logId)
  const thief = createRawAuthor(alliance, alliance.members[0]!, entries.slice(0, 3))
  for (let i = 0; i < 6; i++) thief.append({ kind: KIND.COMPLAINT, body: new Uint8Array(0) })
  await given(misled, thief.entries)

  const report = await imported(misled, await exported(a))
  await settled([misled])
  expect(report.logs.find(({ log }) => log === toHex(logId))).toMatchObject({ outcome: 'added' })
  expect(misled.node.store.log(logId)).toMatchObject({ limit: size, standing: { size } })
  expect(toHex(misled.node.store.leafAt(logId, size - 1)!)).toBe(toHex(entries.at(-1)!.leaf))
  expect(await finds(misled, 'right-3.example')).toBe(true)
}, 60_000)
