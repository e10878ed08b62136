/** How fast the store takes entries and opened items, and gives them back, beside plain LevelDB with as many keys. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/open.ts'
import type { Store, StoreBatch } from '../../src/store/store.ts'
import { bytesOf } from '../../test/support/chain-fixture.ts'
import { claimItem, StoreAuthor } from '../../test/support/store-author.ts'
import type { Report } from '../bench-figure.ts'
import { measureLevel } from './floor/level.ts'

export const name = 'store'

const INDICATORS = 60_000
const ITEMS_PER_COMMIT = 1000
const LOOKUPS = 1000
/** The best counts: the first also waits for the compiler. */
const ROUNDS = 3

/** What a claim of this length leaves on disk: its own record, and one in the view by value and one by time. */
const ITEM = { bytes: 330, keys: 2 }
/** An entry of one claim has its envelope besides. */
const ENTRY = { bytes: 580, keys: 3 }

export async function run(report: Report): Promise<void> {
  const single = await measureLevel({ records: INDICATORS, indexKeys: ENTRY.keys, recordBytes: ENTRY.bytes })
  const entries = batchesOf(1)
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await withStore(async store => void rates.push(await rateOf(() => commitAll(store, entries))))
  }
  report({ figure: 'entries of one indicator', value: Math.max(...rates), unit: 'entries/s', floor: single })
  const batched = await measureLevel({ records: INDICATORS, indexKeys: ITEM.keys, recordBytes: ITEM.bytes })
  await withStore(async store => {
    const batches = batchesOf(50)
    report({
      figure: 'indicators in entries of 50',
      value: await rateOf(() => commitAll(store, batches)),
      unit: 'indicators/s',
      floor: batched,
    })
    report({
      figure: 'the same indicators again',
      value: await rateOf(() => itemsAgain(store, batches)),
      unit: 'indicators/s',
    })
    report({ figure: 'rebuilding the view', value: await rateOf(() => store.rebuildView()), unit: 'indicators/s' })
    report({
      figure: 'digest of the view',
      value: await rateOf(async () => void (await store.viewDigest())),
      unit: 'indicators/s',
    })
    report({ figure: 'look-ups that find something', value: await lookupRate(store, domainAt), unit: 'look-ups/s' })
    report({
      figure: 'look-ups that find nothing',
      value: await lookupRate(store, i => `not-${domainAt(i)}`),
      unit: 'look-ups/s',
    })
  })
}

async function withStore(use: (store: Store) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-bench-store-'))
  try {
    await using store = await openStore(join(directory, 'data'))
    await use(store)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (INDICATORS / (performance.now() - started)) * 1000
}

const domainAt = (i: number) => `${Buffer.from(bytesOf(`${i}`)).toString('hex', 0, 8)}.example`

/** One log of `INDICATORS` claims, `perEntry` in an entry, as commits: the first of them has the GENESIS alone. */
function batchesOf(perEntry: number): StoreBatch[] {
  const author = new StoreAuthor('AAA')
  const batches: StoreBatch[] = [{ logs: [author.begin()] }]
  for (let first = 0; first < INDICATORS; first += ITEMS_PER_COMMIT) {
    const size = author.head.size
    const change = author.append(ITEMS_PER_COMMIT / perEntry)
    const items = Array.from({ length: ITEMS_PER_COMMIT }, (_, i) => {
      const item = claimItem(`${first + i}`, domainAt(first + i), 'seen in a campaign that has a name of usual length')
      return author.opened(item, size + Math.floor(i / perEntry), i % perEntry)
    })
    batches.push({ logs: [{ ...change, projected: author.head.size }], items })
  }
  return batches
}

/** Gives the next commit while the one before is being written, as whoever has much to write should. */
async function commitAll(store: Store, batches: readonly StoreBatch[]): Promise<void> {
  let before: Promise<unknown> = Promise.resolve()
  for (const batch of batches) {
    const commit = store.commit(batch)
    await before
    before = commit
  }
  await before
}

async function itemsAgain(store: Store, batches: readonly StoreBatch[]): Promise<void> {
  await commitAll(
    store,
    batches.slice(1).map(({ items }) => ({ items: items ?? [] })),
  )
}

async function lookupRate(store: Store, value: (i: number) => string): Promise<number> {
  const started = performance.now()
  for (let first = 0; first < INDICATORS; first += LOOKUPS) {
    await store.lookupMany(Array.from({ length: LOOKUPS }, (_, i) => ({ type: 'domain', value: value(first + i) })))
  }
  return (INDICATORS / (performance.now() - started)) * 1000
}
