import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { concat, EMPTY, utf8 } from '../../src/base/bytes.ts'
import type { ErrorCode } from '../../src/base/codes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { encodeMarking, PAP, TLP } from '../../src/indicator/marking.ts'
import { encode } from '../../src/wire/codec.ts'
import { encodeEnvelope, HEADER_VERSION, KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { Batch, EntryHeader, Envelope, IndicatorClaim, type Item } from '../../src/wire/gen/tocsin.ts'
import {
  converged,
  createTestAlliance,
  type RunningNode,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import {
  createRawAuthor,
  entriesAt,
  type RawAuthor,
  type RawMember,
  servingEntries,
  startRawMember,
  verdictsOf,
} from '../support/node-raw-member.ts'

type Verdict = 'accept' | 'ignore' | 'reject'

interface Parts {
  readonly alliance: TestAlliance
  readonly nodes: readonly [RunningNode, RunningNode]
  readonly raw: RawMember
  readonly author: RawAuthor
  /** Gossips one message, and says how all honest nodes judged it; fails where they differ. */
  verdict(message: ParsedEntry | Uint8Array): Promise<Verdict>
  /** How often `code` was counted at every node. */
  counted(code: ErrorCode): number
}

/** AAA and BBB are honest; CCC is connected with both and sends whatever it wants. */
async function withSender(use: (parts: Parts) => Promise<void>): Promise<void> {
  const gossipOnly: StartOptions = {
    config: config => ({ ...config, sync: { ...config.sync, intervalMs: 3_600_000, gapMs: 100 } }),
  }
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, gossipOnly)
  await using b = await alliance.start(1, gossipOnly)
  await using raw = await startRawMember(alliance, 2)
  const nodes = [a, b] as const
  const author = createRawAuthor(alliance, alliance.members[2]!)

  async function verdict(message: ParsedEntry | Uint8Array): Promise<Verdict> {
    const before = nodes.map(node => ({ ...verdictsOf(node) }))
    await raw.gossip(message)
    const judged = () =>
      nodes.map((node, i) =>
        (['accept', 'ignore', 'reject'] as const).find(kind => verdictsOf(node)[kind] > before[i]![kind]),
      )
    await until(
      () => judged().every(each => each !== undefined),
      5000,
      () => JSON.stringify(judged()),
    )
    const [first, second] = judged()
    expect(second).toBe(first)
    return first!
  }

  await use({
    alliance,
    nodes,
    raw,
    author,
    verdict,
    counted(code) {
      const [first, second] = nodes.map(({ node }) => node.refusals.get(code) ?? 0)
      expect(second).toBe(first)
      return first!
    },
  })
}

function envelope({ headerBytes, signature, body }: ParsedEntry): Envelope {
  return { header: headerBytes, signature, body }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1)
}

test('rejects what is wrong whatever one knows, names it, and keeps what is right', async () => {
  await withSender(async ({ alliance, author, verdict, counted, nodes }) => {
    const [genesis] = author.entries as [ParsedEntry]
    const good = envelope(genesis)
    const wrong: readonly (readonly [ErrorCode, Uint8Array])[] = [
      ['wire-undecodable', randomBytes(100).fill(0xff, 0, 1)],
      ['wire-not-canonical', concat(encode(Envelope, good), encode(Envelope, { ...good, header: EMPTY, body: EMPTY }))],
      ['wire-field-length', encode(Envelope, { ...good, signature: good.signature.subarray(1) })],
      ['entry-signature-invalid', encode(Envelope, { ...good, signature: flipped(good.signature, 10) })],
      ['entry-body-mismatch', encode(Envelope, { ...good, body: flipped(good.body, good.body.length - 1) })],
      ['entry-body-mismatch', encode(Envelope, { ...good, body: EMPTY })],
      ['wire-too-large', encode(Envelope, { ...good, body: new Uint8Array(70_000) })],
      ['wire-too-large', encode(Envelope, { ...good, header: concat(good.header, new Uint8Array(1024)) })],
      ['entry-wrong-log', encodeEnvelope(otherLog(alliance, genesis))],
    ]
    for (const [code, message] of wrong) {
      const before = counted(code)
      expect(await verdict(message), code).toBe('reject')
      expect(counted(code), code).toBe(before + 1)
    }
    expect(await verdict(genesis)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === 1), 5000)
  })
}, 30_000)

/** A GENESIS signed for one log in a header that names another. */
function otherLog(alliance: TestAlliance, genesis: ParsedEntry): ParsedEntry {
  const header = encode(EntryHeader, { ...genesis.header, logId: sha256(utf8('another log')) })
  return createRawAuthor(alliance, alliance.members[2]!).appendHeader(header, genesis.body)
}

test('ignores what others may know better, and fetches by sync what is missing', async () => {
  await withSender(async ({ alliance, author, raw, verdict, counted, nodes }) => {
    const stranger = { ...alliance.members[2]!, keys: { ...alliance.members[2]!.keys } }
    const inner = { ...stranger.keys.inner!, signSeed: new Uint8Array(randomBytes(32)) }
    const unknown = createRawAuthor(alliance, { ...stranger, keys: { ...stranger.keys, inner } })
    expect(await verdict(unknown.entries[0]!)).toBe('ignore')
    expect(counted('genesis-key-unknown')).toBe(1)
    expect(await verdict(unknown.append({ kind: KIND.TOMBSTONE, body: EMPTY }))).toBe('ignore')

    expect(await verdict(author.entries[0]!)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === 1), 5000)
    const far = author.fork(1).append({ kind: KIND.TOMBSTONE, body: EMPTY }, { seq: 6000 })
    expect(await verdict(far)).toBe('ignore')

    // A gap within reach waits for what lies before it, in any order.
    const batch = [1, 2, 3, 4, 5].map(() => author.append({ kind: KIND.TOMBSTONE, body: EMPTY }))
    for (const seq of [5, 3, 4, 2]) expect(await verdict(batch[seq - 1]!)).toBe('accept')
    expect(nodes.every(({ service }) => service.status().entries === 1)).toBe(true)
    expect(await verdict(batch[0]!)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === 6), 5000)

    // What gossip lost is asked for by sync, which the gap itself sets off.
    author.append({ kind: KIND.TOMBSTONE, body: EMPTY })
    const last = author.append({ kind: KIND.TOMBSTONE, body: EMPTY })
    raw.serve(servingEntries(author.entries))
    expect(await verdict(last)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === 8), 5000)
    await converged(nodes)
  })
}, 30_000)

test('leaves a later header version to sync, and keeps it and unknown kinds as they are', async () => {
  await withSender(async ({ author, raw, verdict, nodes }) => {
    expect(await verdict(author.entries[0]!)).toBe('accept')
    expect(await verdict(author.append({ kind: 99, body: utf8('of a later version') }))).toBe('accept')
    const { header } = author.append({ kind: KIND.TOMBSTONE, body: EMPTY })
    const previous = author.fork(2)
    const future = encode(EntryHeader, { ...header, version: HEADER_VERSION + 1 })
    const field = Uint8Array.of(0x82, 0x02, 0x03, 1, 2, 3)
    const entry = previous.appendHeader(concat(future, field), EMPTY)
    previous.append({ kind: KIND.TOMBSTONE, body: EMPTY })
    raw.serve(servingEntries(previous.entries))
    expect(await verdict(entry)).toBe('ignore')
    expect(await verdict(previous.entries[3]!)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === 4), 5000)
    await converged(nodes)
    const held = await entriesAt(nodes[0], author.logId)
    expect(held.map(({ header }) => header.kind)).toEqual([1, 99, 4, 4])
    expect(held[2]!.headerBytes).toEqual(entry.headerBytes)
  })
}, 30_000)

function claim(fields: Partial<IndicatorClaim>): Item {
  const marking = encodeMarking({ tlp: TLP.GREEN, pap: PAP.UNSET, exercise: false })
  const body = encode(IndicatorClaim, {
    ...IndicatorClaim.empty(),
    id: new Uint8Array(randomBytes(16)),
    marking,
    type: 'domain',
    ...fields,
  })
  return { type: 1, body }
}

test('content that is void stays on its chain and takes nothing else with it', async () => {
  await withSender(async ({ author, verdict, counted, nodes }) => {
    const [a, b] = nodes
    expect(await verdict(author.entries[0]!)).toBe('accept')
    const epoch = author.newEpoch()
    expect(await verdict(author.grant(epoch))).toBe('accept')

    const salted = { epochId: epoch.place.epochId, salt: new Uint8Array(randomBytes(32)) }
    const voids: readonly (readonly [ErrorCode, ParsedEntry])[] = [
      ['content-epoch-or-salt', author.append({ kind: KIND.KEY_GRANT, body: utf8('x'), sealing: salted })],
      ['content-body-malformed', author.append({ kind: KIND.KEY_GRANT, body: utf8('no grant') })],
      ['content-misplaced', author.append({ kind: KIND.GENESIS, body: author.entries[0]!.body })],
      ['seal-invalid', author.append({ kind: KIND.BATCH, body: new Uint8Array(600), sealing: salted })],
      ['item-malformed', author.sealed(epoch, utf8('this is no batch'))],
      ['item-malformed', author.sealed(epoch, encode(Batch, { items: [] }))],
      [
        'item-malformed',
        author.batch(epoch, [{ type: 1, body: utf8('no claim') }, claim({ value: 'beside.example' })]),
      ],
      ['item-malformed', author.batch(epoch, [claim({ value: '' }), claim({ type: 'ipv4', value: '999.1.1.1' })])],
    ]
    for (const [code, entry] of voids) {
      const before = counted(code)
      expect(await verdict(entry), code).toBe('accept')
      await until(
        () => nodes.every(({ node }) => (node.refusals.get(code) ?? 0) > before),
        5000,
        () => code,
      )
    }
    const kept = author.batch(epoch, [
      { type: 77, body: utf8('of a later version') },
      claim({ value: 'WWW.Spelled.EXAMPLE.' }),
      claim({ type: 'x-new-kind', value: 'Kept As It Is' }),
    ])
    expect(await verdict(kept)).toBe('accept')
    expect(await verdict(author.append({ kind: KIND.TOMBSTONE, body: EMPTY, registryVersion: 9 }))).toBe('accept')
    const fallen = author.batch(epoch, [claim({ value: 'fallen.example' })])
    expect(await verdict(fallen)).toBe('accept')
    await until(() => nodes.every(({ service }) => service.status().entries === author.entries.length), 5000)
    await converged(nodes)
    expect(counted('content-registry-falls')).toBe(1)

    for (const { service } of nodes) {
      const { indicators } = await service.list({ limit: 100 })
      expect(indicators.map(({ type, value }) => `${type} ${value}`)).toEqual([
        'domain beside.example',
        'domain www.spelled.example',
        'x-new-kind Kept As It Is',
      ])
    }
    const [first, second] = await Promise.all([a.service.digest(), b.service.digest()])
    expect(first).toEqual(second)
    expect(a.node.store.counts().items).toBe(b.node.store.counts().items)
    const unknown = await a.node.store.listItems({ kind: 77, limit: 10 })
    expect(unknown.items).toHaveLength(1)
  })
}, 30_000)
