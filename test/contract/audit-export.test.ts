import { expect, test } from 'vitest'
import { createStreams } from '../../src/api/byte-stream.ts'
import { readAuditFile } from '../../src/audit/file.ts'
import { type AuditPart, PART_BYTES_MAX, PART_ENTRIES_MAX } from '../../src/audit/part.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { buildEntry, placeAfter } from '../../src/chain/next-entry.ts'
import { verifyEntry } from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { rangeRoot } from '../../src/merkle/compact-range.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { type ExportQuery, openExport } from '../../src/node/audit/audit-export.ts'
import { placeKey, SPACE } from '../../src/store/keys.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import { alliance, batchOf, leavesOf } from '../support/chain-fixture.ts'
import { StoreAuthor, timeAt } from '../support/store-author.ts'

const ALL: ExportQuery = { logs: [], withBodies: true, purpose: 'export' }
const clock = { now: () => 1_790_000_000_000 }

function streamOf(store: Store, query: Partial<ExportQuery> = {}) {
  const source = { allianceId: alliance, nation: 'AAA' as never, store, alerts: () => [], clock }
  return openExport(source, { ...ALL, ...query })
}

async function partsOf(store: Store, query: Partial<ExportQuery> = {}): Promise<AuditPart[]> {
  const parts: AuditPart[] = []
  for await (const { part } of readAuditFile(streamOf(store, query), 'audit')) parts.push(part)
  return parts
}

type Of<K extends AuditPart['kind']> = Extract<AuditPart, { readonly kind: K }>

const of = <K extends AuditPart['kind']>(parts: readonly AuditPart[], kind: K) =>
  parts.filter((part): part is Of<K> => part.kind === kind)

function entriesOfRun(parts: readonly AuditPart[], run: number) {
  return of(parts, 'entries').flatMap(part => (part.run === run ? part.envelopes.map(parseEnvelope) : []))
}

test('a log and each branch beside it are runs, tied to the log by the leaves before them', async () => {
  await using store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [author.append(9)] })
  const early = author.head
  await store.commit({ logs: [author.append(300, 'gone')] })
  const gone = (await store.entriesRange(author.logId, 0, 400)).map(parseEnvelope)
  await store.commit({ logs: [author.rewindTo(early)] })
  await store.commit({ logs: [author.append(5, 'stands')] })
  const stands = (await store.entriesRange(author.logId, 0, 400)).map(parseEnvelope)

  const parts = await partsOf(store)
  const [main, aside] = of(parts, 'log') as [Of<'log'>, Of<'log'>]
  expect([main.from, main.size, main.aside]).toEqual([0, 15, false])
  expect([aside.from, aside.size, aside.aside]).toEqual([10, 310, true])
  expect(rangeRoot(aside.before)).toEqual(rootOf(leavesOf(gone.slice(0, 10))))
  expect(leavesOf(entriesOfRun(parts, 0))).toEqual(leavesOf(stands))
  expect(leavesOf(entriesOfRun(parts, 1))).toEqual(leavesOf(gone.slice(10)))
})

test('logs come in the order of their nations, and what follows nothing here is told of and left out', async () => {
  await using store = await openStore({ memory: true })
  const [second, first] = [new StoreAuthor('BBB'), new StoreAuthor('AAA')]
  await store.commit({ logs: [second.begin()] })
  await store.commit({ logs: [first.begin()] })
  await store.commit({ logs: [first.append(3)] })
  const elsewhere = new StoreAuthor('AAA')
  elsewhere.begin()
  elsewhere.append(5, 'elsewhere')
  await store.commit({ branches: { add: [elsewhere.fork('lost')] } })
  const parts = await partsOf(store)
  expect(of(parts, 'log').map(({ size }) => size)).toEqual([4, 1])
  expect(of(parts, 'alert')).toMatchObject([{ code: 'audit-part-left-out', nation: 'AAA' }])
})

test('entries from a time on, or from a seq on, come with the leaves before them', async () => {
  await using store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [author.append(20)] })
  const leaves = leavesOf((await store.entriesRange(author.logId, 0, 30)).map(parseEnvelope))
  for (const [query, from] of [
    [{ sinceMs: timeAt(7) }, 7],
    [{ sinceMs: timeAt(7) - 1 }, 7],
    [{ sinceMs: timeAt(20) + 1 }, 21],
    [{ sinceMs: 1 }, 0],
    [{ sinceSeq: 13 }, 13],
    [{ sinceSeq: 99 }, 21],
  ] as const) {
    const parts = await partsOf(store, query)
    const [log] = of(parts, 'log')
    expect([query, log!.from, log!.size]).toEqual([query, from, 21])
    expect(rangeRoot(log!.before)).toEqual(rootOf(leaves.slice(0, from)))
    expect(entriesOfRun(parts, 0).map(({ header }) => header.seq)).toEqual(leaves.map((_, i) => i).slice(from))
  }
})

test('no part is larger than a part may be, however large the bodies', async () => {
  await using store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  for (let i = 0; i < 100; i++) {
    const draft = { ...batchOf(`large ${i}`), body: new Uint8Array(65_536).fill(i) }
    const entry = buildEntry(alliance, placeAfter(author.head), draft, author.signer.sign)
    const context = { allianceId: alliance, verify: verifyEd25519 }
    await store.commit({ logs: [author.take([verifyEntry(entry, author.head, context)])] })
  }
  await store.commit({ logs: [author.append(600)] })
  let most = 0
  for await (const piece of streamOf(store)) most = Math.max(most, piece.length)
  expect(most).toBeGreaterThan(PART_BYTES_MAX / 2)
  expect(most).toBeLessThanOrEqual(PART_BYTES_MAX + 4)
  const parts = await partsOf(store)
  expect(entriesOfRun(parts, 0)).toHaveLength(701)
  expect(Math.max(...of(parts, 'entries').map(({ envelopes }) => envelopes.length))).toBe(PART_ENTRIES_MAX)
})

test('what a damaged store lacks is left out, and what is there comes once, for the auditor to find the rest', async () => {
  const level = memoryLevel()
  await using store = await openStore({ level })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [author.append(1200)] })
  const isLost = (seq: number) => seq === 100 || (seq >= 300 && seq < 900) || seq === 1200
  for (let seq = 0; seq <= 1200; seq++) if (isLost(seq)) await level.del(placeKey(SPACE.entries, 0, seq))
  const parts = await partsOf(store)
  expect(of(parts, 'log').map(({ size }) => size)).toEqual([1201])
  const seqs = entriesOfRun(parts, 0).map(({ header }) => header.seq)
  expect(seqs).toEqual([...Array(1201).keys()].filter(seq => !isLost(seq)))
})

test('logs that are not here, or not said plainly, are refused before anything is read', async () => {
  await using store = await openStore({ memory: true })
  await store.commit({ logs: [new StoreAuthor('AAA').begin()] })
  for (const name of ['', 'abc', '0123456789abcdef', 'not hex at all']) {
    expect(() => streamOf(store, { logs: [name] })).toThrow(expect.objectContaining({ code: 'log-unknown' }))
  }
})

test('answers are made as they are read, a few at a time, and ended where nobody reads them', async () => {
  let made = 0
  let ended = 0
  async function* source(): AsyncGenerator<Uint8Array, void> {
    try {
      for (; made < 100; made++) yield utf8('piece')
    } finally {
      ended++
    }
  }
  const answer = createStreams(50)
  const [first, second] = [await answer(async () => source()), await answer(async () => source())]
  await expect(answer(async () => source())).rejects.toMatchObject({ code: 'api-busy' })
  const reader = first.body!.getReader()
  await reader.read()
  expect(made).toBeLessThan(3)
  // Nobody reads on: it is cut, and makes room for others.
  await new Promise(resolve => setTimeout(resolve, 150))
  expect(ended).toBe(1)
  await expect(reader.read()).rejects.toThrow('nothing was read')
  const third = await answer(async () => source())
  await second.body!.cancel()
  expect(await third.text()).toContain('piecepiece')
  await expect(
    answer(() => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect((await answer(async () => source())).status).toBe(200)
})
