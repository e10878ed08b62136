import { expect, test } from 'vitest'
import { createAuditFileWriter, readAuditFile } from '../../src/audit/file.ts'
import type { AuditPart } from '../../src/audit/part.ts'
import { EMPTY, equalBytes, toHex } from '../../src/base/bytes.ts'
import { parseLogId } from '../../src/base/ids.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { Envelope } from '../../src/wire/gen/tocsin.ts'
import { carried, exported, imported, startIsland } from '../support/islands.ts'
import { converged, createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor } from '../support/node-raw-member.ts'
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
  const nodes = await Promise.all([0, 1].map(index => alliance.start(index)))
  const [a, b] = nodes as [RunningNode, RunningNode]
  try {
    for (const { node } of nodes) await node.publisher.incarnate(true)
    await ready(nodes)
    for (let i = 0; i < 4; i++) await a.service.publish([domainDraft(`first-${i}.example`)])
    await converged(nodes)
    await a.node.checkpoint()
    const { logId, size } = a.node.ownLog.current()!
    await until(() => b.node.book.newestCheckpoint(logId)?.checkpoint.size === size, 10_000)
    await b.node.cosign()
    await until(() => (a.node.book.newestCheckpoint(logId)?.cosignatures.length ?? 0) > 0, 10_000)
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
  } finally {
    await Promise.all(nodes.map(node => node[Symbol.asyncDispose]()))
  }
}, 60_000)
