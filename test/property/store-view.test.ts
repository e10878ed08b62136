import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { OpenedItem } from '../../src/store/store.ts'
import { slowLevel } from '../support/failing-level.ts'
import {
  claimItem,
  opinionItem,
  StoreAuthor,
  sightingItem,
  unknownItem,
  withdrawalItem,
} from '../support/store-author.ts'
import { dumpedView } from '../support/store-view.ts'

const ENTRIES = 6
const AUTHORS = [new StoreAuthor('AAA', 'a1'), new StoreAuthor('AAA', 'a2'), new StoreAuthor('BBB')]
const LOGS = [
  AUTHORS.map(author => author.begin()),
  AUTHORS.map(author => ({ ...author.append(ENTRIES), projected: ENTRIES + 1 })),
]

async function openFilled() {
  const store = await openStore({ level: slowLevel(memoryLevel()) })
  for (const logs of LOGS) await store.commit({ logs })
  return store
}

/** Few ids and values, so that everything meets everything. */
const item = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(14), fc.nat(2), fc.nat(1))
      .map(([id, value, name]) => claimItem(`${id}`, `v${value}.example`, `${name}`)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat(14), fc.nat(1)).map(([id, reason]) => withdrawalItem(`${id}`, `${reason}`)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(14), fc.nat(2)).map(([id, value]) => sightingItem(`${id}`, `v${value}.example`)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(14), fc.nat(2)).map(([id, value]) => opinionItem(`${id}`, `v${value}.example`)),
  },
  { weight: 1, arbitrary: fc.nat(3).map(text => unknownItem(`${text}`)) },
)

const opened = fc
  .tuple(item, fc.nat(AUTHORS.length - 1), fc.integer({ min: 1, max: ENTRIES }), fc.nat(3))
  .map(([bytes, author, seq, index]): OpenedItem => AUTHORS[author]!.opened(bytes, seq, index))

const arrivals = fc.array(opened, { minLength: 1, maxLength: 60 })

/** The same items in another order, some of them twice, cut into commits of other sizes. */
const twoWays = arrivals.chain(items =>
  fc.record({
    one: fc.constant(items),
    other: fc
      .tuple(fc.shuffledSubarray(items, { minLength: items.length }), fc.subarray(items))
      .map(([shuffled, again]) => [...shuffled, ...again]),
    sizes: fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })),
  }),
)

/** The commits are given at once: each is worked out while the one before is being written. */
async function commitInParts(
  store: Awaited<ReturnType<typeof openFilled>>,
  items: readonly OpenedItem[],
  size: number,
) {
  const parts = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
  await Promise.all(parts.map(part => store.commit({ items: part })))
}

describe('the view', () => {
  it('has the same bytes whatever the order, the repetition and the commits in which items came (R-4.2)', async () => {
    await fc.assert(
      fc.asyncProperty(twoWays, async ({ one, other, sizes }) => {
        await using first = await openFilled()
        await using second = await openFilled()
        await commitInParts(first, one, sizes[0])
        await commitInParts(second, other, sizes[1])
        expect(await dumpedView(second)).toEqual(await dumpedView(first))
        expect(second.counts()).toEqual(first.counts())
        expect(await second.viewDigest()).toBe(await first.viewDigest())
      }),
      { numRuns: 60 },
    )
  })

  it('has the same bytes when it is rebuilt under any limits as when nothing else had come (R-0.2)', async () => {
    const limits = fc.array(fc.integer({ min: 0, max: ENTRIES + 1 }), {
      minLength: AUTHORS.length,
      maxLength: AUTHORS.length,
    })
    await fc.assert(
      fc.asyncProperty(arrivals, limits, async (items, limits) => {
        await using rebuilt = await openFilled()
        await commitInParts(rebuilt, items, 7)
        await rebuilt.commit({ logs: AUTHORS.map(({ logId }, i) => ({ logId, limit: limits[i]! })) })
        await rebuilt.rebuildView()

        await using fresh = await openFilled()
        const stands = ({ logId, seq }: OpenedItem) =>
          seq < limits[AUTHORS.findIndex(author => author.logId === logId)]!
        await commitInParts(fresh, items.filter(stands), 7)
        expect(await dumpedView(rebuilt)).toEqual(await dumpedView(fresh))
        const { items: _, entries, ...shown } = rebuilt.counts()
        expect(fresh.counts()).toMatchObject(shown)
        const standing = AUTHORS.map(({ logId }, i) => Math.min(limits[i]!, fresh.log(logId)!.head.size))
        expect(entries).toBe(standing.reduce((sum, size) => sum + size))
      }),
      { numRuns: 60 },
    )
  })

  it('is the same whether entries are erased before or after what they say came, and shows nothing withdrawn', async () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: ENTRIES - 1 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(twoWays, seqs, async ({ one, other }, seqs) => {
        await using first = await openFilled()
        await using second = await openFilled()
        const by = { logId: AUTHORS[0]!.logId, seq: ENTRIES }
        const erased = { reason: 1, sinceRanMs: undefined, purgedMs: 0 }
        const tombstones = seqs.map(seq => ({ target: { logId: AUTHORS[0]!.logId, seq }, by, ...erased }))
        await first.commit({ tombstones })
        // An entry is opened whole, or not.
        await first.commit({ items: one })
        await second.commit({ items: other })
        await second.commit({ tombstones })
        expect(await dumpedView(second)).toEqual(await dumpedView(first))
        const view = await dumpedView(second)
        const purged = tombstones.map(tombstone => ({ ...tombstone, purgedMs: 1 }))
        await second.commit({ purge: tombstones.map(({ target }) => target), tombstones: purged })
        expect(await dumpedView(second)).toEqual(view)
        await second.rebuildView()
        expect(await dumpedView(second)).toEqual(view)
      }),
      { numRuns: 40 },
    )
  })

  it('answers each look-up with what a fold over all items says', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async items => {
        await using store = await openFilled()
        await commitInParts(store, items, 13)
        const before = await dumpedView(store)
        await store.rebuildView()
        expect(await dumpedView(store)).toEqual(before)
        let claims = 0
        for (const value of ['v0.example', 'v1.example', 'v2.example']) {
          const found = await store.lookup('domain', value)
          claims += found?.claims.length ?? 0
          expect(found?.claims.length ?? 0).toBe(found?.claimCount ?? 0)
          expect(found?.remarks.length ?? 0).toBe(found?.remarkCount ?? 0)
        }
        expect(claims).toBe(store.counts().claims)
        const listed = await store.listItems({ limit: 1000 })
        expect(listed.items).toHaveLength(store.counts().shown)
      }),
      { numRuns: 40 },
    )
  })
})
