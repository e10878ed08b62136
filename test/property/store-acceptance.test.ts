import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { Acceptance } from '../../src/store/sight.ts'
import type { OpenedItem, Store } from '../../src/store/store.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { Item } from '../../src/wire/gen/tocsin.ts'
import { slowLevel } from '../support/failing-level.ts'
import { claimItem, idOf, opinionItem, StoreAuthor, unknownItem, withdrawalItem } from '../support/store-author.ts'
import { dumpedView } from '../support/store-view.ts'

const ENTRIES = 6
const AUTHORS = [new StoreAuthor('AAA', 'a1'), new StoreAuthor('AAA', 'a2'), new StoreAuthor('BBB')]
const LOGS = [
  AUTHORS.map(author => author.begin()),
  AUTHORS.map(author => ({ ...author.append(ENTRIES), projected: ENTRIES + 1 })),
]

/** Takes about as many items as `taken` of four, by nothing but what they are. */
function acceptanceOf(taken: number): Acceptance {
  const isTaken = (item: Uint8Array) => sha256(item)[0]! % 4 < taken
  return { hash: taken === 4 ? new Uint8Array(0) : new Uint8Array(32).fill(taken), takes: ({ item }) => isTaken(item) }
}

const item = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(9), fc.nat(2), fc.nat(2))
      .map(([id, value, name]) => claimItem(`${id}`, `v${value}.example`, `${name}`)),
  },
  { weight: 1, arbitrary: fc.nat(9).map(id => withdrawalItem(`${id}`)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(9), fc.nat(2)).map(([id, value]) => opinionItem(`${id}`, `v${value}.example`)),
  },
  { weight: 1, arbitrary: fc.nat(3).map(text => unknownItem(`${text}`)) },
)
const opened = fc
  .tuple(item, fc.nat(AUTHORS.length - 1), fc.integer({ min: 1, max: ENTRIES }), fc.nat(3))
  .map(([bytes, author, seq, index]): OpenedItem => AUTHORS[author]!.opened(bytes, seq, index))
const arrivals = fc.array(opened, { maxLength: 40, size: 'max' })

async function openUnder(acceptance: Acceptance): Promise<Store> {
  const store = await openStore({ level: slowLevel(memoryLevel()) })
  await store.setAcceptance(acceptance)
  await store.rebuildView()
  for (const logs of LOGS) await store.commit({ logs })
  return store
}

/** What is answered, and so neither traces nor what is held beside it. */
async function answersOf(store: Store) {
  const { items } = await store.listIndicators({ limit: 1000 })
  const inTime = await store.listItems({ limit: 1000 })
  const { indicators, claims, shown } = store.counts()
  return { items, inTime, counts: { indicators, claims, shown } }
}

describe('the view of what is taken', () => {
  it('has the same bytes whether the policy came before the items, between them, or after them (R-4.2)', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.nat(40), fc.nat(4), fc.nat(4), async (items, cut, before, after) => {
        await using changed = await openUnder(acceptanceOf(before))
        await changed.commit({ items: items.slice(0, cut) })
        await changed.setAcceptance(acceptanceOf(after))
        expect(changed.viewFrozen).toBe(before !== after)
        await changed.commit({ items: items.slice(cut) })
        await changed.rebuildView()
        expect(changed.viewStale).toBe(false)
        await using steady = await openUnder(acceptanceOf(after))
        for (const each of items.toReversed()) await steady.commit({ items: [each] })
        expect(await dumpedView(changed)).toEqual(await dumpedView(steady))
        expect(changed.counts()).toEqual(steady.counts())
      }),
      { numRuns: 60 },
    )
  })

  it('answers as if what is not taken had never come, but for withdrawals, which always count', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.nat(4), async (items, taken) => {
        const acceptance = acceptanceOf(taken)
        await using partly = await openUnder(acceptance)
        await partly.commit({ items })
        await using wholly = await openUnder(acceptanceOf(4))
        const isWithdrawal = ({ item }: OpenedItem) => decodeLoose(Item, item, false).type === ITEM.WITHDRAWAL
        const nationOf = ({ logId }: OpenedItem) => AUTHORS.find(author => author.logId === logId)!.nation
        await wholly.commit({
          items: items.filter(each => isWithdrawal(each) || acceptance.takes({ ...each, nation: nationOf(each) })),
        })
        expect(await answersOf(partly)).toEqual(await answersOf(wholly))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a policy that changes', () => {
  const [author] = AUTHORS as [StoreAuthor, StoreAuthor, StoreAuthor]
  const everything = acceptanceOf(4)
  const nothing = acceptanceOf(0)
  const whole = { sees: () => true }
  const values = (page: { readonly items: readonly { readonly value: string }[] }) =>
    page.items.map(({ value }) => value)

  it('hides at once, and shows once the view is rebuilt', async () => {
    await using store = await openUnder(everything)
    await store.commit({ items: [author.opened(claimItem('1', 'v1.example'))] })
    await store.setAcceptance(nothing)
    expect(await store.lookup('domain', 'v1.example')).toBeUndefined()
    await store.rebuildView()
    expect(store.counts()).toMatchObject({ items: 1, indicators: 0, shown: 0 })
    expect(values(await store.listIndicators({ limit: 10 }, { ...whole, aside: true }))).toEqual(['v1.example'])
    await store.setAcceptance(everything)
    await store.rebuildView()
    expect(await store.lookup('domain', 'v1.example')).toMatchObject({ claims: [{ id: idOf('1') }] })
    expect(values(await store.listIndicators({ limit: 10 }, { ...whole, aside: true }))).toEqual([])
  })

  it('is remembered with the view that it made', async () => {
    const level = memoryLevel()
    {
      await using store = await openStore({ level })
      await store.setAcceptance(nothing)
      await store.rebuildView()
    }
    await using store = await openStore({ level })
    expect(store.viewFrozen).toBe(true)
    await store.setAcceptance(nothing)
    expect(store.viewFrozen).toBe(false)
  })

  it('leaves no claim aside that is withdrawn', async () => {
    await using store = await openUnder(nothing)
    await store.commit({ items: [author.opened(claimItem('1', 'v1.example'))] })
    await store.commit({ items: [author.opened(withdrawalItem('1'), 2)] })
    expect(values(await store.listIndicators({ limit: 10 }, { ...whole, aside: true }))).toEqual([])
    expect(await store.itemsOfId({ nation: author.nation, id: idOf('1') })).toMatchObject([{ kind: ITEM.WITHDRAWAL }])
  })
})

describe('a sight', () => {
  it('fills a page of one indicator whose claims are nearly all hidden from it', async () => {
    const [, , author] = AUTHORS as [StoreAuthor, StoreAuthor, StoreAuthor]
    await using store = await openUnder(acceptanceOf(4))
    const items = Array.from({ length: 600 }, (_, i) => author.opened(claimItem(`${i}`, 'v.example', `${i}`), 1, i))
    await store.commit({ items })
    const seen = items.filter((_, i) => i % 200 === 7).map(({ item }) => Buffer.from(item).toString('hex'))
    const sight = { sees: ({ item }: { item: Uint8Array }) => seen.includes(Buffer.from(item).toString('hex')) }
    const [found] = await store.lookupMany([{ type: 'domain', value: 'v.example' }], sight)
    expect(found).toMatchObject({ claimCount: 3, remarkCount: 0 })
    expect(found!.claims.map(({ item }) => Buffer.from(item).toString('hex')).sort()).toEqual(seen.sort())
    const { items: listed } = await store.listIndicators({ limit: 10, nation: author.nation }, sight)
    expect(listed).toHaveLength(1)
    expect((await store.listIndicators({ limit: 10 }, { sees: () => false })).items).toEqual([])
  })
})
