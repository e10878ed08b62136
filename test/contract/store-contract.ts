import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { parseEpochId } from '../../src/base/ids.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { createViewDigest, digestLine } from '../../src/indicator/view-digest.ts'
import { rangeRoot } from '../../src/merkle/compact-range.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import type { AuditEvent } from '../../src/policy/audit-record.ts'
import { type Store, type StoreBatch, UNLIMITED } from '../../src/store/store.ts'
import type { Page } from '../../src/store/view-queries.ts'
import { encodeEnvelope, parseEnvelope } from '../../src/wire/entry.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { bytesOf } from '../support/chain-fixture.ts'
import {
  claimItem,
  EPOCH,
  hashOf,
  idOf,
  malformedItem,
  opinionItem,
  StoreAuthor,
  sightingItem,
  timeAt,
  unknownItem,
  withdrawalItem,
  withoutBody,
} from '../support/store-author.ts'
import { collect, dumpedView } from '../support/store-view.ts'

export interface StoreHarness {
  open(): Promise<Store>
  /** Disposes of `store` and opens what it left. */
  reopen(store: Store): Promise<Store>
}

/** What every store must do, whatever it writes to. */
export function describeStore(name: string, createHarness: () => StoreHarness): void {
  describe(name, () => {
    describeLogs(createHarness)
    describeStanding(createHarness)
    describeRecords(createHarness)
    describeAudit(createHarness)
    describeView(createHarness)
    describeLists(createHarness)
  })
}

function describeLogs(createHarness: () => StoreHarness): void {
  it('is empty at first', async () => {
    await using store = await createHarness().open()
    expect(store.state).toBe('open')
    expect(store.viewStale).toBe(false)
    expect(store.frontier()).toEqual([])
    expect(Object.values(store.counts()).every(count => count === 0)).toBe(true)
  })

  it('serves appended entries byte for byte, also after reopening', async () => {
    const harness = createHarness()
    const author = new StoreAuthor('AAA')
    const genesis = author.begin()
    const change = author.append(5)
    let store = await harness.open()
    await store.commit({ logs: [genesis] })
    await store.commit({ logs: [change] })
    const expected = [...genesis.append!, ...change.append!].map(encodeEnvelope)
    expect(await store.entriesRange(author.logId, 0, 100)).toEqual(expected)
    store = await harness.reopen(store)
    expect(await store.entriesRange(author.logId, 2, 3)).toEqual(expected.slice(2, 5))
    expect(await store.entry(author.logId, 5)).toEqual(expected[5])
    expect(await store.entry(author.logId, 6)).toBeUndefined()
    expect(store.leafAt(author.logId, 3)).toEqual(change.append![2]!.leaf)
    expect(store.leafAt(author.logId, 6)).toBeUndefined()
    expect(store.log(author.logId)?.head).toEqual(author.head)
    expect(store.counts()).toMatchObject({ logs: 1, entries: 6 })
    await store[Symbol.asyncDispose]()
  })

  it('stops a range at the byte limit, but not before its first entry', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [author.append(3)] })
    expect(await store.entriesRange(author.logId, 1, 3, 1)).toHaveLength(1)
    const two = 2 * (await store.entry(author.logId, 1))!.length
    expect(await store.entriesRange(author.logId, 1, 3, two)).toHaveLength(2)
    expect(await store.entriesRange(author.logId, 4, 3)).toEqual([])
  })

  it('keeps several logs apart and gives its frontier in the order of their ids', async () => {
    await using store = await createHarness().open()
    const authors = ['AAA', 'BBB', 'CCC', 'DDD'].map(nation => new StoreAuthor(nation))
    await store.commit({ logs: authors.map(author => author.begin()) })
    await store.commit({ logs: authors.map((author, i) => author.append(i + 1)) })
    const ids = store.frontier().map(({ logId }) => Buffer.from(logId).toString('hex'))
    expect(ids).toEqual([...ids].sort())
    for (const { head } of store.logs()) {
      expect(store.frontier()).toContainEqual({ logId: head.logId, size: head.size, head: head.leaf })
    }
  })

  it('refuses what does not follow, and stays as it was', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const lost = author.append(1)
    const beyond = author.append(1)
    const before = store.log(lost.logId)
    await expect(store.commit({ logs: [beyond] })).rejects.toMatchObject({ code: 'store-misuse' })
    await expect(store.commit({ logs: [lost, lost] })).rejects.toMatchObject({ code: 'store-misuse' })
    const strange: StoreBatch = { logs: [{ logId: new StoreAuthor('BBB').begin().logId, projected: 0 }] }
    await expect(store.commit(strange)).rejects.toMatchObject({ code: 'store-misuse' })
    expect(store.log(lost.logId)).toBe(before)
    expect(store.state).toBe('open')
    await store.commit({ logs: [lost] })
    await store.commit({ logs: [beyond] })
    expect(store.counts().entries).toBe(3)
  })

  it('carries out simultaneous commits one after the other', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    const changes = [author.begin(), ...Array.from({ length: 20 }, () => author.append(1))]
    await Promise.all(changes.map(change => store.commit({ logs: [change] })))
    expect(store.log(author.logId)?.head).toEqual(author.head)
  })

  it('answers Merkle proofs from tiles, and insists on getting the tiles', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [author.append(200)] })
    const crossing = author.append(400)
    await expect(store.commit({ logs: [{ ...crossing, nodes: [] }] })).rejects.toMatchObject({ code: 'store-misuse' })
    await store.commit({ logs: [crossing] })
    store = await harness.reopen(store)
    const { size, tree } = author.head
    for (const index of [0, 255, 256, 511, 512, 600]) {
      const path = buildInclusion(store.hashAt(author.logId), index, size)
      const leaf = store.leafAt(author.logId, index)!
      expect(verifyInclusion({ leaf, index, size, root: rangeRoot(tree), path })).toBe(true)
    }
    expect(() => store.hashAt(author.logId)(9, 1)).toThrow(expect.objectContaining({ code: 'store-misuse' }))
    await store[Symbol.asyncDispose]()
  })

  it('takes a body that comes later, lets one go, and never another entry in its place', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const { append, ...rest } = author.append(2)
    const [first, second] = append!
    await store.commit({ logs: [{ ...rest, append: [{ ...first!, ...withoutBody(first!) }, second!] }] })
    expect(parseEnvelope((await store.entry(author.logId, 1))!).body).toHaveLength(0)
    await store.commit({ logs: [{ logId: author.logId, bodies: [first!, withoutBody(second!)] }] })
    expect(await store.entry(author.logId, 1)).toEqual(encodeEnvelope(first!))
    expect(parseEnvelope((await store.entry(author.logId, 2))!).body).toHaveLength(0)
    expect(store.leafAt(author.logId, 2)).toEqual(second!.leaf)
    const wrong = { logId: author.logId, bodies: [author.fork('other')] }
    await expect(store.commit({ logs: [wrong] })).rejects.toMatchObject({ code: 'store-misuse' })
  })

  it('remembers from where on signature checks are owed (R-2.4)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    expect(store.log(author.logId)?.unverifiedFrom).toBeNull()
    const change = author.append(3)
    const owed = change.append!.map((entry, i) => ({ ...entry, signatureChecked: i === 0 }))
    await store.commit({ logs: [{ ...change, append: owed }] })
    store = await harness.reopen(store)
    expect(store.log(author.logId)?.unverifiedFrom).toBe(2)
    await store.commit({ logs: [{ logId: author.logId, unverifiedFrom: null }] })
    store = await harness.reopen(store)
    expect(store.log(author.logId)?.unverifiedFrom).toBeNull()
    await store[Symbol.asyncDispose]()
  })
}

/** Of a tombstone that has just come. */
const FRESH = { reason: 1, sinceRanMs: undefined, purgedMs: 0 }

function describeStanding(createHarness: () => StoreHarness): void {
  it('leaves quarantined entries out of the frontier and keeps them (R-0.2)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [{ ...author.append(4), limit: 3 }] })
    const standing = { logId: author.logId, size: 3, head: store.leafAt(author.logId, 2)! }
    expect(store.frontier()).toEqual([standing])
    store = await harness.reopen(store)
    expect(store.frontier()).toEqual([standing])
    await store.commit({ logs: [author.append(2)] })
    expect(store.frontier()).toEqual([standing])
    expect(store.log(author.logId)?.head.size).toBe(7)
    await store.commit({ logs: [{ logId: author.logId, limit: 0 }] })
    expect(store.frontier()).toEqual([])
    await store.commit({ logs: [{ logId: author.logId, limit: UNLIMITED }] })
    expect(store.frontier()).toEqual([{ logId: author.logId, size: 7, head: author.head.leaf }])
    await store[Symbol.asyncDispose]()
  })

  it('hides what was opened of entries that a limit quarantines, and shows it again when the limit rises', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    const items = ['a', 'b', 'c'].map((id, i) => author.opened.bind(author, claimItem(id, `${id}.example`), i + 1))
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [{ ...author.append(3), projected: 4 }], items: items.map(item => item()) })
    const whole = await dumpedView(store)
    await store.commit({ logs: [{ logId: author.logId, limit: 2 }] })
    expect(store.viewStale).toBe(true)
    expect(await store.lookup('domain', 'c.example')).toBeUndefined()
    store = await harness.reopen(store)
    expect(store.viewStale).toBe(true)
    await store.rebuildView()
    expect(store.viewStale).toBe(false)
    expect(store.counts()).toMatchObject({ items: 3, claims: 1, indicators: 1, shown: 1 })
    await store.commit({ logs: [{ logId: author.logId, limit: UNLIMITED }] })
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(whole)
    await store[Symbol.asyncDispose]()
  })

  it('gives a quarantined withdrawal no effect (R-4.1)', async () => {
    await using store = await createHarness().open()
    const [honest, thief] = [new StoreAuthor('AAA', 'first key'), new StoreAuthor('AAA', 'stolen key')]
    await store.commit({ logs: [honest.begin(), thief.begin()] })
    await store.commit({ logs: [honest.append(1), { ...thief.append(1), projected: 2 }] })
    await store.commit({ items: [honest.opened(claimItem('a', 'a.example')), thief.opened(withdrawalItem('a'))] })
    expect(await store.lookup('domain', 'a.example')).toBeUndefined()
    await store.commit({ logs: [{ logId: thief.logId, limit: 1 }] })
    await store.rebuildView()
    expect((await store.lookup('domain', 'a.example'))?.claims).toHaveLength(1)
    await store.commit({ items: [thief.opened(withdrawalItem('a', 'again'))] })
    expect((await store.lookup('domain', 'a.example'))?.claims).toHaveLength(1)
  })

  it('goes over to another branch and keeps the one that it leaves (R-2.6)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [author.append(1)] })
    const fork = author.head
    const left = author.append(600, 'left')
    const item = author.opened(claimItem('a', 'left.example'), 2)
    await store.commit({
      logs: [{ ...left, projected: 602 }],
      items: [item],
      waiting: { add: [{ epochId: EPOCH, logId: author.logId, seq: 400 }] },
    })
    const back = author.rewindTo(fork)
    const right = author.append(300, 'right')
    await store.commit({ logs: [{ ...right, ...back }] })
    store = await harness.reopen(store)
    expect(store.viewStale).toBe(true)
    expect(store.log(author.logId)).toMatchObject({ head: author.head, projected: 2, branchEntries: 600 })
    expect(await store.entriesRange(author.logId, 2, 300)).toEqual(right.append!.map(encodeEnvelope))
    expect((await store.branches(author.logId, 0)).map(({ leaf }) => leaf)).toEqual(
      left.append!.map(({ leaf }) => leaf),
    )
    expect(store.counts().waiting).toBe(0)
    const path = buildInclusion(store.hashAt(author.logId), 7, 302)
    const leaf = store.leafAt(author.logId, 7)!
    expect(verifyInclusion({ leaf, index: 7, size: 302, root: rangeRoot(author.head.tree), path })).toBe(true)
    await store.rebuildView()
    expect(await store.lookup('domain', 'left.example')).toBeUndefined()
    await store.commit({ logs: [{ logId: author.logId, projected: 302 }], items: [{ ...item, seq: 3 }] })
    expect((await store.lookup('domain', 'left.example'))?.claims[0]?.entries).toMatchObject([
      { logId: author.logId, seq: 3 },
    ])
    await store[Symbol.asyncDispose]()
  })

  it('keeps an entry of a branch that does not stand, once', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const other = author.fork('other')
    await store.commit({ logs: [author.append(1)] })
    await store.commit({ branches: { add: [other, other] } })
    await store.commit({ branches: { add: [other] } })
    expect(store.log(author.logId)?.branchEntries).toBe(1)
    expect((await store.branches(author.logId, 0)).map(encodeEnvelope)).toEqual([encodeEnvelope(other)])
    await store.commit({ branches: { remove: [{ logId: author.logId, seq: 1, leaf: other.leaf }] } })
    expect(store.log(author.logId)?.branchEntries).toBe(0)
  })

  it('hides what a tombstone names (R-2.13)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const items = [author.opened(claimItem('a', 'a.example'), 1), author.opened(claimItem('b', 'b.example'), 2)]
    await store.commit({ logs: [{ ...author.append(2), projected: 3 }], items })
    const named = { target: { logId: author.logId, seq: 1 }, by: { logId: author.logId, seq: 2 }, ...FRESH }
    await store.commit({ tombstones: [named] })
    expect(store.viewStale).toBe(false)
    store = await harness.reopen(store)
    expect([...store.tombstones()]).toEqual([{ ...named, stands: true }])
    expect(await store.lookup('domain', 'a.example')).toBeUndefined()
    expect((await store.lookup('domain', 'b.example'))?.claimCount).toBe(1)
    const digest = await store.viewDigest()
    await store.rebuildView()
    expect(await store.viewDigest()).toBe(digest)
    await store[Symbol.asyncDispose]()
  })

  it('remembers a tombstone that comes first, and lets show what it hid once it stands no more', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    const begun = author.begin()
    const other = new StoreAuthor('AAA', 'second key')
    const stranger = new StoreAuthor('BBB')
    await store.commit({ logs: [other.begin(), stranger.begin()] })
    await store.commit({
      logs: [
        { ...other.append(2), projected: 3 },
        { ...stranger.append(1), projected: 2 },
      ],
    })
    const target = { logId: author.logId, seq: 1 }
    await store.commit({ tombstones: [{ target, by: { logId: other.logId, seq: 2 }, ...FRESH }] })
    await store.commit({ logs: [begun] })
    const items = [author.opened(claimItem('a', 'a.example'), 1), author.opened(claimItem('b', 'b.example'), 2)]
    await store.commit({ logs: [{ ...author.append(2), projected: 3 }], items })
    expect(await store.lookup('domain', 'a.example')).toBeUndefined()
    // Not even a nation that is allied erases what another said.
    const foreign = { target: { logId: author.logId, seq: 2 }, by: { logId: stranger.logId, seq: 1 }, ...FRESH }
    await store.commit({ tombstones: [foreign] })
    expect(store.tombstonesOf(foreign.target).map(({ stands }) => stands)).toEqual([false])
    expect((await store.lookup('domain', 'b.example'))?.claimCount).toBe(1)

    await store.commit({ logs: [{ logId: other.logId, limit: 2 }] })
    expect(store.viewStale).toBe(true)
    await store.rebuildView()
    expect((await store.lookup('domain', 'a.example'))?.claimCount).toBe(1)
  })

  it('destroys a body and what was opened from it, and keeps the leaf', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const shared = claimItem('b', 'b.example')
    const items = [author.opened(claimItem('a', 'a.example'), 1), author.opened(shared, 1, 1), author.opened(shared, 2)]
    await store.commit({ logs: [{ ...author.append(3), projected: 4 }], items })
    const leaf = store.leafAt(author.logId, 1)!
    const tombstone = { target: { logId: author.logId, seq: 1 }, by: { logId: author.logId, seq: 3 }, ...FRESH }
    await store.commit({ tombstones: [tombstone] })
    await store.purge([tombstone.target], [{ ...tombstone, purgedMs: 5 }])
    store = await harness.reopen(store)
    expect(parseEnvelope((await store.entry(author.logId, 1))!)).toMatchObject({ leaf, body: new Uint8Array(0) })
    expect([...store.tombstones()]).toEqual([{ ...tombstone, purgedMs: 5, stands: true }])
    // Another entry carries it as well.
    expect((await store.lookup('domain', 'b.example'))?.claims[0]?.entries).toMatchObject([
      { logId: author.logId, seq: 2 },
    ])
    expect(store.counts()).toMatchObject({ items: 1, claims: 1 })
    const digest = await store.viewDigest()
    await store.rebuildView()
    expect(await store.viewDigest()).toBe(digest)
    expect(store.counts()).toMatchObject({ items: 1, claims: 1 })
    await store[Symbol.asyncDispose]()
  })
}

function describeRecords(createHarness: () => StoreHarness): void {
  it('keeps documents and evidence, counted, replaced and removed by hash', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const [first, second] = [bytesOf('one'), bytesOf('two')]
    const add = [
      { type: 1, hash: first, bytes: utf8('registry') },
      { type: 2, hash: second, bytes: utf8('nation') },
    ]
    await store.commit({ documents: { add }, evidence: { add: [{ type: 3, hash: first, bytes: utf8('checkpoint') }] } })
    await store.commit({ documents: { add: add.slice(0, 1), remove: [bytesOf('unknown')] } })
    store = await harness.reopen(store)
    const documents = await collect(store.documents())
    expect(documents).toHaveLength(2)
    for (const document of add) expect(documents).toContainEqual(document)
    expect(store.counts()).toMatchObject({ documents: 2, evidence: 1 })
    await store.commit({ evidence: { remove: [first] }, documents: { remove: [second] } })
    expect(await collect(store.evidence())).toEqual([])
    expect(store.counts()).toMatchObject({ documents: 1, evidence: 0 })
    await store[Symbol.asyncDispose]()
  })

  it('lists what waits for each epoch, and the grants of it', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    const other = parseEpochId(bytesOf('other epoch').slice(0, 16))
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [author.append(5)] })
    const at = (epochId: typeof EPOCH, seq: number) => ({ epochId, logId: author.logId, seq })
    await store.commit({
      waiting: { add: [at(EPOCH, 4), at(EPOCH, 2), at(other, 3)] },
      grants: { add: [at(other, 1)] },
    })
    const seqs = (positions: readonly { seq: number }[]) => positions.map(({ seq }) => seq)
    expect(seqs(await collect(store.waiting(EPOCH)))).toEqual([2, 4])
    expect(await store.waitingEpochs()).toHaveLength(2)
    expect(seqs(await store.grants(other))).toEqual([1])
    expect(await store.grants(EPOCH)).toEqual([])
    await store.commit({ waiting: { remove: [at(other, 3), at(other, 3)] } })
    expect(await store.waitingEpochs()).toEqual([EPOCH])
    expect(store.counts().waiting).toBe(2)
  })

  it('keeps intents until the signed entry takes their place (R-2.11)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    const genesis = author.begin()
    await store.commit(
      { intents: { add: [{ logId: genesis.logId, seq: 0, bytes: utf8('unsigned') }] } },
      { sync: true },
    )
    store = await harness.reopen(store)
    expect(await store.intents()).toEqual([{ logId: genesis.logId, seq: 0, bytes: utf8('unsigned') }])
    await store.commit({ logs: [genesis], intents: { remove: [{ logId: genesis.logId, seq: 0 }] } })
    expect(await store.intents()).toEqual([])
    await store[Symbol.asyncDispose]()
  })

  it('numbers what is queued and gives it back in that order', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const { queued } = await store.commit({ queue: { add: [utf8('a'), utf8('b')] } })
    store = await harness.reopen(store)
    const later = await store.commit({ queue: { add: [utf8('c')], remove: queued.slice(0, 1) } })
    expect((await store.queue(10)).map(({ bytes }) => fromUtf8(bytes))).toEqual(['b', 'c'])
    expect((await store.queue(1)).map(({ number }) => number)).toEqual(queued.slice(1))
    expect(later.queued[0]).toBeGreaterThan(queued[1]!)
    expect(store.counts().queued).toBe(2)
    await store[Symbol.asyncDispose]()
  })

  it('keeps an outbox and notes', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const change = author.append(2)
    const at = (seq: number) => ({ logId: author.logId, seq })
    await store.commit({ logs: [change], outbox: { add: [at(2), at(1)] }, notes: new Map([['cursor', utf8('7')]]) })
    store = await harness.reopen(store)
    expect(await store.outbox(10)).toEqual([at(1), at(2)])
    expect(await store.note('cursor')).toEqual(utf8('7'))
    await store.commit({ outbox: { remove: [at(1)] }, notes: new Map([['cursor', new Uint8Array(0)]]) })
    expect(await store.outbox(10)).toEqual([at(2)])
    expect(await store.note('cursor')).toBeUndefined()
    expect(store.counts().outbox).toBe(1)
    await store[Symbol.asyncDispose]()
  })
}

function describeView(createHarness: () => StoreHarness): void {
  async function storeWith(...nations: string[]) {
    const store = await createHarness().open()
    const authors = nations.map(nation => new StoreAuthor(nation))
    await store.commit({ logs: authors.map(author => author.begin()) })
    await store.commit({ logs: authors.map(author => author.append(40)) })
    return { store, authors, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
  }

  it('finds all claims and remarks on a value, of every author (R-4.3)', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const [a, b] = test.authors
    await test.store.commit({
      items: [
        a!.opened(claimItem('one', 'evil.example', 'seen here')),
        b!.opened(claimItem('two', 'evil.example')),
        b!.opened(sightingItem('three', 'evil.example'), 2),
        a!.opened(opinionItem('four', 'evil.example'), 3),
        a!.opened(claimItem('five', 'other.example'), 3, 1),
      ],
    })
    const found = await test.store.lookup('domain', 'evil.example')
    expect(found?.claims.map(({ nation }) => nation)).toEqual(['AAA', 'BBB'])
    expect(found?.claims[0]).toMatchObject({
      kind: ITEM.INDICATOR,
      type: 'domain',
      value: 'evil.example',
      timeMs: timeAt(1),
    })
    expect(found?.claims[0]?.item).toEqual(claimItem('one', 'evil.example', 'seen here'))
    expect(found?.remarks.map(({ kind }) => kind)).toEqual([ITEM.SIGHTING, ITEM.OPINION])
    expect(await test.store.lookup('domain', 'evil')).toBeUndefined()
    expect(await test.store.lookup('ipv4', 'evil.example')).toBeUndefined()
    const many = await test.store.lookupMany(
      ['other', 'none', 'evil'].map(name => ({ type: 'domain', value: `${name}.example` })),
    )
    expect(many.map(indicator => indicator?.claimCount)).toEqual([1, undefined, 2])
    expect(test.store.counts()).toMatchObject({ items: 5, indicators: 2, claims: 3, shown: 5 })
  })

  it('finds a claim under the canonical value, whatever spelling came', async () => {
    await using test = await storeWith('AAA')
    await test.store.commit({ items: [test.authors[0]!.opened(claimItem('one', 'EVIL.Example'))] })
    expect((await test.store.lookup('domain', 'evil.example'))?.claims[0]?.item).toEqual(
      claimItem('one', 'EVIL.Example'),
    )
  })

  it('knows an item that comes again, and remembers each entry that carries it', async () => {
    await using test = await storeWith('AAA')
    const author = test.authors[0]!
    const item = claimItem('one', 'evil.example')
    expect(await test.store.commit({ items: [author.opened(item, 9)] })).toMatchObject({ itemsNew: 1, itemsKnown: 0 })
    expect(await test.store.commit({ items: [author.opened(item, 9), author.opened(item, 4)] })).toMatchObject({
      itemsNew: 0,
      itemsKnown: 2,
    })
    const [claim] = (await test.store.lookup('domain', 'evil.example'))!.claims
    expect(claim).toMatchObject({ timeMs: timeAt(4), conflict: false })
    expect(claim?.entries.map(({ seq }) => seq)).toEqual([4, 9])
    expect(test.store.counts()).toMatchObject({ items: 1, shown: 1 })
  })

  it('lets a withdrawal be final, whenever either arrives (R-4.1)', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const [a, b] = test.authors
    await test.store.commit({ items: [a!.opened(withdrawalItem('early'), 1)] })
    await test.store.commit({
      items: [a!.opened(claimItem('early', 'early.example'), 2), a!.opened(claimItem('late', 'late.example'), 3)],
    })
    await test.store.commit({ items: [b!.opened(withdrawalItem('late'), 1)] })
    expect(await test.store.lookup('domain', 'early.example')).toBeUndefined()
    expect((await test.store.lookup('domain', 'late.example'))?.claimCount).toBe(1)
    await test.store.commit({ items: [a!.opened(withdrawalItem('late'), 4)] })
    expect(await test.store.lookup('domain', 'late.example')).toBeUndefined()
    const left = await test.store.itemsOfId({ nation: a!.nation, id: idOf('late') })
    expect(left.map(({ kind }) => kind)).toEqual([ITEM.WITHDRAWAL])
    expect(test.store.counts()).toMatchObject({ indicators: 0, claims: 0, shown: 3, items: 5 })
  })

  it('shows the lesser of two assertions of one id, with an alert, in either order (R-4.1)', async () => {
    const items = ['one.example', 'two.example'].map(value => claimItem('same', value))
    const [lesser, greater] = items.sort((x, y) => Buffer.compare(hashOf(x), hashOf(y)))
    const dumps: string[][] = []
    for (const order of [
      [lesser!, greater!],
      [greater!, lesser!],
    ]) {
      await using test = await storeWith('AAA')
      const author = test.authors[0]!
      const [first, second] = order.map(item => author.opened(item, item === lesser ? 1 : 2))
      await test.store.commit({ items: [first!] })
      const { conflicts } = await test.store.commit({ items: [second!] })
      expect(conflicts).toEqual([{ nation: 'AAA', id: idOf('same') }])
      const [shown] = await test.store.itemsOfId({ nation: author.nation, id: idOf('same') })
      expect(shown?.item).toEqual(lesser)
      expect(shown?.conflict).toBe(true)
      expect(test.store.counts()).toMatchObject({ items: 2, indicators: 1, claims: 1 })
      dumps.push(await dumpedView(test.store))
    }
    expect(dumps[0]).toEqual(dumps[1])
  })

  it('counts without a list where an indicator has more claims than a few, and lists again when they are fewer', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const { store, authors } = test
    const names = Array.from({ length: 30 }, (_, i) => `claim ${i}`)
    const dumps: string[][] = []
    for (const [i, name] of names.entries()) {
      dumps.push(await dumpedView(store))
      await store.commit({ items: [authors[i % 2]!.opened(claimItem(name, 'popular.example'), i + 1)] })
      expect((await store.lookup('domain', 'popular.example'))?.claims).toHaveLength(i + 1)
      expect(store.counts()).toMatchObject({ indicators: 1, claims: i + 1 })
    }
    const all = await dumpedView(store)
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(all)
    for (let i = names.length - 1; i >= 0; i--) {
      await store.commit({ items: [authors[i % 2]!.opened(withdrawalItem(names[i]!), 40)] })
      const ofClaims = (dump: readonly string[]) => dump.filter(line => line.startsWith('02'))
      expect(ofClaims(await dumpedView(store))).toEqual(ofClaims(dumps[i]!))
    }
    expect(store.counts()).toMatchObject({ indicators: 0, claims: 0 })
    const withdrawn = await dumpedView(store)
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(withdrawn)
  })

  it('tells of what is withdrawn what it was and why, and lists it apart (R-4.1)', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const [a, b] = test.authors
    const claims = [
      a!.opened(claimItem('gone', 'gone.example', 'first'), 1),
      a!.opened(claimItem('half', 'half.example'), 1),
    ]
    await test.store.commit({ items: [...claims, b!.opened(claimItem('other', 'half.example'), 1)] })
    const withdrawals = ['gone', 'half'].map(id => a!.opened(withdrawalItem(id, 'a mistake'), 2))
    await test.store.commit({ items: withdrawals })
    const values = ['gone.example', 'half.example'].map(value => ({ type: 'domain', value }))
    const [gone, half] = await test.store.recall(values)
    expect(gone).toMatchObject({
      claims: [],
      withdrawn: [{ claim: { nation: 'AAA' }, withdrawal: { timeMs: timeAt(2) } }],
    })
    expect(half).toMatchObject({ claims: [{ nation: 'BBB' }], withdrawn: [{ claim: { id: idOf('half') } }] })
    expect(await test.store.lookupMany(values)).toMatchObject([undefined, { claimCount: 1 }])
    const { items } = await test.store.listIndicators({ limit: 10, withdrawn: true })
    expect(items.map(({ value }) => value)).toEqual(['gone.example'])
    expect((await test.store.listIndicators({ limit: 10, withdrawn: true, nation: b!.nation })).items).toEqual([])
  })

  it('keeps a withdrawal whose entry is erased and destroyed, and not its reason (R-4.1, R-2.13)', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const claim = claimItem('a', 'a.example')
    const items = [author.opened(claim, 1), author.opened(withdrawalItem('a', 'the reason'), 2)]
    await store.commit({ logs: [{ ...author.append(4), projected: 5 }], items })
    const tombstone = { target: { logId: author.logId, seq: 2 }, by: { logId: author.logId, seq: 3 }, ...FRESH }
    await store.commit({ tombstones: [tombstone] })
    const erased = await dumpedView(store)
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(erased)
    const [hidden] = await store.itemsOfId({ nation: author.nation, id: idOf('a') })
    expect(hidden?.item).toEqual(withdrawalItem('a'))
    await store.purge([tombstone.target], [{ ...tombstone, purgedMs: 5 }])
    store = await harness.reopen(store)
    // Somebody's old copy comes once more, in another entry.
    await store.commit({ items: [author.opened(claim, 4)] })
    expect(await store.lookup('domain', 'a.example')).toBeUndefined()
    expect(await dumpedView(store)).toEqual(erased)
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(erased)
    await store[Symbol.asyncDispose]()
  })

  it('spills and gathers within one commit', async () => {
    await using test = await storeWith('AAA')
    const { store, authors } = test
    const at = (i: number) => authors[0]!.opened(claimItem(`c${i}`, 'popular.example'), 1, i)
    await store.commit({ items: Array.from({ length: 20 }, (_, i) => at(i)) })
    expect((await store.lookup('domain', 'popular.example'))?.claims).toHaveLength(20)
    const withdrawals = Array.from({ length: 15 }, (_, i) => authors[0]!.opened(withdrawalItem(`c${i}`), 2, i))
    await store.commit({ items: [...withdrawals, at(20)] })
    expect((await store.lookup('domain', 'popular.example'))?.claims).toHaveLength(6)
    const view = await dumpedView(store)
    await store.rebuildView()
    expect(await dumpedView(store)).toEqual(view)
  })

  it('keeps what it does not know, and shows it as such (R-0.4)', async () => {
    await using test = await storeWith('AAA')
    await test.store.commit({ items: [test.authors[0]!.opened(unknownItem('of a later version'))] })
    const page = await test.store.listItems({ limit: 10 })
    expect(page.items.map(({ kind, item }) => ({ kind, item }))).toEqual([
      { kind: 4242, item: unknownItem('of a later version') },
    ])
  })

  it('keeps a malformed item, says so, and shows it nowhere (R-0.5)', async () => {
    await using test = await storeWith('AAA')
    const author = test.authors[0]!
    const { voided } = await test.store.commit({
      items: [author.opened(malformedItem()), author.opened(claimItem('a', 'a.example'), 1, 1)],
    })
    expect(voided).toMatchObject([{ seq: 1, index: 0, code: 'item-malformed' }])
    expect(test.store.counts()).toMatchObject({ items: 2, shown: 1 })
  })

  it('rebuilds the view byte for byte, and its digests with it (R-4.2)', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const { store, authors } = test
    const items = Array.from({ length: 60 }, (_, i) =>
      authors[i % 2]!.opened(claimItem(`id ${i % 45}`, `h${i % 7}.example`, `${i % 3}`), (i % 39) + 1),
    )
    await store.commit({ items })
    await store.commit({
      items: [authors[0]!.opened(withdrawalItem('id 6'), 1), authors[1]!.opened(withdrawalItem('id 7'), 1)],
    })
    const [view, digest, counts] = [await dumpedView(store), await store.viewDigest(), store.counts()]
    for (let i = 0; i < 3; i++) {
      await store.rebuildView()
      expect(await dumpedView(store)).toEqual(view)
      expect(await store.viewDigest()).toBe(digest)
      expect(store.counts()).toEqual(counts)
    }
    await store.commit({ items: [authors[0]!.opened(claimItem('new', 'new.example'))] })
    expect(await store.viewDigest()).not.toBe(digest)
  })

  it('changes nothing when everything is opened anew', async () => {
    await using test = await storeWith('AAA')
    const author = test.authors[0]!
    const items = Array.from({ length: 30 }, (_, i) => author.opened(claimItem(`${i}`, `h${i % 4}.example`), i + 1))
    await test.store.commit({ logs: [{ logId: author.logId, projected: 41 }], items })
    const before = { view: await dumpedView(test.store), counts: test.store.counts() }
    await test.store.commit({ logs: [{ logId: author.logId, projected: 0 }] })
    const again = await test.store.commit({ logs: [{ logId: author.logId, projected: 41 }], items })
    expect(again).toMatchObject({ itemsNew: 0, itemsKnown: 30 })
    expect({ view: await dumpedView(test.store), counts: test.store.counts() }).toEqual(before)
  })

  it('gives the claims that show in the order that the view digest needs', async () => {
    await using test = await storeWith('AAA', 'BBB')
    const { store, authors } = test
    const items = Array.from({ length: 40 }, (_, i) =>
      authors[i % 2]!.opened(claimItem(`id ${i}`, `${'long'.repeat(i % 5 === 0 ? 14 : 1)}.h${i % 3}.example`), 1, i),
    )
    await store.commit({ items })
    const digest = createViewDigest()
    const claims = await collect(store.shownClaims())
    for (const claim of claims) digest.add(digestLine(claim))
    expect(claims).toHaveLength(40)
    expect(digest.digest()).toHaveLength(32)
  })

  it('refuses an item of an entry that is not held', async () => {
    await using test = await storeWith('AAA')
    const item = { ...test.authors[0]!.opened(claimItem('a', 'a.example')), seq: 41 }
    await expect(test.store.commit({ items: [item] })).rejects.toMatchObject({ code: 'store-misuse' })
  })

  it('bounds what one id can hold, whatever the order of arrival', async () => {
    const items = Array.from({ length: 100 }, (_, i) => claimItem('same', `h${i}.example`))
    const dumps: string[][] = []
    for (const order of [items, [...items].reverse()]) {
      await using test = await storeWith('AAA')
      for (const item of order) await test.store.commit({ items: [test.authors[0]!.opened(item)] })
      expect(test.store.counts()).toMatchObject({ items: 64, shown: 1 })
      await test.store.commit({ items: [test.authors[0]!.opened(withdrawalItem('same'))] })
      expect(test.store.counts()).toMatchObject({ items: 65, shown: 1, claims: 0 })
      dumps.push(await dumpedView(test.store))
    }
    expect(dumps[0]).toEqual(dumps[1])
  })
}

function describeLists(createHarness: () => StoreHarness): void {
  async function filledStore() {
    const store = await createHarness().open()
    const [a, b] = [new StoreAuthor('AAA'), new StoreAuthor('BBB')]
    await store.commit({ logs: [a.begin(), b.begin()] })
    await store.commit({ logs: [a.append(50), b.append(50)] })
    const items = Array.from({ length: 50 }, (_, i) => {
      const author = i % 5 === 0 ? b : a
      const item =
        i % 10 === 3 ? claimItem(`id ${i}`, `192.0.2.${i}`, '', 'ipv4') : claimItem(`id ${i}`, `h${i}.example`)
      return author.opened(item, i + 1)
    })
    await store.commit({ items })
    return { store, a, b, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
  }

  async function pages<T>(read: (after?: string) => Promise<Page<T>>): Promise<T[]> {
    const all: T[] = []
    let page = await read()
    for (all.push(...page.items); page.next !== undefined; all.push(...page.items)) page = await read(page.next)
    return all
  }

  it('pages through indicators by type and value', async () => {
    await using test = await filledStore()
    const all = await pages(after => test.store.listIndicators({ limit: 7, ...(after && { after }) }))
    expect(all).toHaveLength(50)
    const keys = all.map(({ type, value }) => `${type}\0${value}`)
    expect(keys).toEqual([...keys].sort())
    const addresses = await pages(after =>
      test.store.listIndicators({ type: 'ipv4', limit: 2, ...(after && { after }) }),
    )
    expect(addresses.map(({ value }) => value)).toEqual([
      '192.0.2.13',
      '192.0.2.23',
      '192.0.2.3',
      '192.0.2.33',
      '192.0.2.43',
    ])
    const ofB = await pages(after =>
      test.store.listIndicators({ nation: test.b.nation, limit: 3, ...(after && { after }) }),
    )
    expect(ofB).toHaveLength(10)
  })

  it('pages through items by nation', async () => {
    await using test = await filledStore()
    const ofB = await pages(after => test.store.listItems({ nation: test.b.nation, limit: 3, ...(after && { after }) }))
    expect(ofB).toHaveLength(10)
    const page = await test.store.listItems({ nation: test.a.nation, type: 'ipv4', limit: 100 })
    expect(page.items).toHaveLength(5)
    expect(page.next).toBeUndefined()
  })

  it('pages through items by time, from a moment on', async () => {
    await using test = await filledStore()
    const sinceMs = timeAt(20)
    const late = await pages(after => test.store.listItems({ sinceMs, limit: 4, ...(after && { after }) }))
    expect(late.map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 31 }, (_, i) => timeAt(20 + i)))
    const { nation } = test.b
    const ofB = await pages(after => test.store.listItems({ sinceMs, nation, limit: 4, ...(after && { after }) }))
    expect(ofB.map(({ timeMs }) => timeMs)).toEqual([21, 26, 31, 36, 41, 46].map(timeAt))
    const page = await test.store.listItems({ sinceMs, type: 'ipv4', kind: ITEM.INDICATOR, limit: 100 })
    expect(page.items).toHaveLength(3)
    expect((await test.store.listItems({ kind: ITEM.WITHDRAWAL, limit: 5 })).items).toEqual([])
  })

  it('goes on with a page mark after the view was rebuilt, and refuses a foreign one', async () => {
    await using test = await filledStore()
    const first = await test.store.listItems({ limit: 10 })
    await test.store.rebuildView()
    const second = await test.store.listItems({ limit: 10, after: first.next! })
    expect(second.items[0]?.timeMs).toBe(timeAt(11))
    for (const after of [first.next!, 'i', 'izz', 'i00ff', `i${'00'.repeat(50_000)}`]) {
      await expect(test.store.listIndicators({ limit: 10, type: 'domain', after })).rejects.toMatchObject({
        code: 'store-cursor',
      })
    }
  })
}

function describeAudit(createHarness: () => StoreHarness): void {
  const salt = (byte: number) => new Uint8Array(16).fill(byte)
  const event = (i: number): AuditEvent => ({
    kind: 'refused',
    by: 'anna',
    count: i + 1,
    timeMs: 1000 + i,
    salt: salt(i),
  })
  const events = (count: number) => Array.from({ length: count }, (_, i) => event(i))

  it('keeps decisions as one chain, whatever they were written with, also after reopening', async () => {
    const harness = createHarness()
    let store = await harness.open()
    expect(store.audit()).toEqual({ first: 0, next: 0, hash: new Uint8Array(32), bytes: 0 })
    expect(await store.auditRecords(0, 10)).toEqual([])
    await Promise.all([
      store.commit({ audit: { add: [event(0), event(1)] } }),
      store.commit({ queue: { add: [utf8('one')] }, audit: { add: [event(2)] } }),
      store.commit({ queue: { add: [utf8('two')] } }),
      store.commit({ audit: { add: [] } }),
      store.commit({ audit: { add: [event(3)] } }),
    ])
    const before = store.audit()
    const records = await auditRecords(store)
    expect(records.map(({ number, count }) => [number, count])).toEqual([0, 1, 2, 3].map(i => [i, i + 1]))
    store = await harness.reopen(store)
    expect(store.audit()).toEqual(before)
    await store.commit({ audit: { add: [event(4)] } })
    expect(await auditRecords(store)).toHaveLength(5)
    await store[Symbol.asyncDispose]()
  })

  it('gives a page of records from a number on', async () => {
    await using store = await createHarness().open()
    await store.commit({ audit: { add: events(200) } })
    const numbers = async (from: number, limit: number) =>
      (await store.auditRecords(from, limit)).map(({ number }) => number)
    expect(await numbers(0, 3)).toEqual([0, 1, 2])
    expect(await numbers(63, 3)).toEqual([63, 64, 65])
    expect(await numbers(198, 100)).toEqual([198, 199])
    expect(await numbers(200, 100)).toEqual([])
    expect(await numbers(Number.MAX_SAFE_INTEGER, 1)).toEqual([])
    expect(await numbers(0, 0)).toEqual([])
  })

  it('drops its oldest records with one that says so, and no others', async () => {
    const harness = createHarness()
    let store = await harness.open()
    await store.commit({ audit: { add: events(10) } })
    const [, , , fourth] = await auditRecords(store)
    const cut: AuditEvent = { ...event(0), kind: 'truncated', count: 3, subject: fourth!.prev }
    for (const change of [{ dropBelow: 3 }, { add: [cut], dropBelow: 11 }]) {
      await expect(store.commit({ audit: change })).rejects.toMatchObject({ code: 'store-misuse' })
    }
    expect(store.state).toBe('open')
    await store.commit({ audit: { add: [cut], dropBelow: 3 } })
    expect(store.audit()).toMatchObject({ first: 3, next: 11 })
    store = await harness.reopen(store)
    expect((await auditRecords(store)).map(({ number }) => number)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    expect(await store.auditRecords(0, 1)).toMatchObject([{ number: 3 }])
    await store[Symbol.asyncDispose]()
  })
}
