import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../src/base/bytes.ts'
import { wholeSpace } from '../../src/store/database.ts'
import { nameKey, SPACE } from '../../src/store/keys.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { Acceptance } from '../../src/store/sight.ts'
import { type Store, type StoreBatch, UNLIMITED } from '../../src/store/store.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { FormatRecord, ItemRecord, ViewRecord } from '../../src/wire/gen/store.ts'
import { createFollower } from '../support/change-follower.ts'
import { type Failure, failingLevel } from '../support/failing-level.ts'
import { claimItem, idOf, opinionItem, StoreAuthor, sightingItem, withdrawalItem } from '../support/store-author.ts'

const PICKY: Acceptance = {
  hash: new Uint8Array(32).fill(9),
  takes: ({ item }) => !Buffer.from(item).includes('x3.example'),
}

/** Everything that changes what shows. Made anew for each run: authors have state. */
function steps(): ((store: Store) => Promise<unknown>)[] {
  const author = new StoreAuthor('AAA')
  const commit = (batch: StoreBatch) => (store: Store) => store.commit(batch)
  const begun = author.begin()
  const { logId } = author
  const grown = author.append(4)
  const items = Array.from({ length: 6 }, (_, i) => author.opened(claimItem(`x${i}`, `x${i}.example`), 1 + (i % 3), i))
  const target = { logId, seq: 1 }
  const tombstone = { target, by: { logId, seq: 4 }, reason: 1, sinceRanMs: undefined, purgedMs: 0 }
  return [
    commit({ logs: [begun] }),
    commit({ logs: [{ ...grown, projected: 4 }], items }),
    commit({
      items: [author.opened(sightingItem('s', 'x1.example'), 3), author.opened(opinionItem('o', 'x1.example'), 3, 1)],
    }),
    commit({ items: [author.opened(withdrawalItem('x1'), 3)] }),
    commit({ logs: [{ logId, limit: 2 }] }),
    store => store.rebuildView(),
    commit({ logs: [{ logId, limit: UNLIMITED }] }),
    async store => {
      await store.setAcceptance(PICKY)
      await store.rebuildView()
    },
    store => store.compactChanges(),
    commit({ tombstones: [tombstone] }),
    store => store.purge([target], [{ ...tombstone, purgedMs: 5 }]),
  ]
}

describe.each<Failure>(['refused', 'persisted'])('the journal of changes where a write is %s', failure => {
  it('tells whoever follows it all that shows in the end, whichever write fails', async () => {
    let failures = 0
    for (let nth = 3; ; nth++) {
      const failing = failingLevel(memoryLevel(), nth, failure)
      await using store = await openStore({ level: failing.level })
      const follower = createFollower(store)
      const failed = await runAll(store, () => follower.go())
      await follower.go()
      expect(await follower.go(), `write ${nth}`).toEqual(await follower.anew())
      expect(await follower.go(), `write ${nth}`).toEqual(await undisturbed())
      if (!failed) break
      failures++
    }
    expect(failures).toBeGreaterThanOrEqual(steps().length)
  })
})

/** Does a step once more that failed: what was acknowledged is there, and what was not may be. */
async function runAll(store: Store, between: () => Promise<unknown>): Promise<boolean> {
  let failed = false
  for (const step of steps()) {
    try {
      await step(store)
    } catch {
      failed = true
      await between()
      await store.recover()
      await step(store).catch(error => expect(error.code).toBe('store-misuse'))
    }
    await between()
  }
  return failed
}

async function undisturbed(): Promise<string[]> {
  await using store = await openStore({ memory: true })
  await runAll(store, async () => {})
  return await createFollower(store).go()
}

describe('a store of before the journal', () => {
  it('has it once its view is computed anew, with everything that shows', async () => {
    const level = memoryLevel()
    const author = new StoreAuthor('AAA')
    const items = [1, 2, 3].map(i => author.opened.bind(author, claimItem(`x${i}`, `x${i}.example`), i))
    let store = await openStore({ level })
    await store.commit({ logs: [author.begin()] })
    await store.commit({ logs: [{ ...author.append(3), projected: 4 }], items: items.map(make => make()) })
    await store.commit({ items: [author.opened(withdrawalItem('x2'), 3)] })
    const told = await createFollower(store).go()
    await store[Symbol.asyncDispose]()

    await level.open()
    await level.clear({ gte: wholeSpace(SPACE.changes).from, lt: wholeSpace(SPACE.changes).to })
    await level.put(nameKey(SPACE.meta, 'format'), encode(FormatRecord, { version: 1 }))
    const viewKey = nameKey(SPACE.meta, 'view')
    const view = await level.get(viewKey)
    if (view !== undefined)
      await level.put(viewKey, encode(ViewRecord, { ...decodeLoose(ViewRecord, view, false), layout: 1 }))
    const { from, to } = wholeSpace(SPACE.items)
    for await (const [key, value] of level.iterator({ gte: from, lt: to })) {
      await level.put(key, encode(ItemRecord, { ...decodeLoose(ItemRecord, value, false), changed: 0, told: EMPTY }))
    }
    await level.close()

    store = await openStore({ level })
    expect(store.viewStale).toBe(true)
    await store.rebuildView()
    expect(await createFollower(store).go()).toEqual(told)
    const ids = [1, 2, 3].map(i => ({ nation: author.nation, id: idOf(`x${i}`) }))
    expect((await store.changedAt(ids)).every(number => number !== undefined)).toBe(true)
    await store[Symbol.asyncDispose]()
  })
})
