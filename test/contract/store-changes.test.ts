import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { memoryLevel, openStore, type StoreOptions } from '../../src/store/open.ts'
import type { Acceptance, Sight } from '../../src/store/sight.ts'
import { type Store, type StoredChange, UNLIMITED } from '../../src/store/store.ts'
import { createFollower } from '../support/change-follower.ts'
import { claimItem, idOf, StoreAuthor, withdrawalItem } from '../support/store-author.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-changes-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let directories = 0

describe.each(['on disk', 'in memory'])('the journal of changes of a store %s', place => {
  function createHarness(options: StoreOptions = {}) {
    const location = place === 'on disk' ? join(root, String(directories++)) : { level: memoryLevel() }
    return {
      open: () => openStore(location, options),
      async reopen(store: Store): Promise<Store> {
        await store[Symbol.asyncDispose]()
        return openStore(location, options)
      },
    }
  }

  it('tells each item once, numbered upwards by time, and the same after reopening and a new view', async () => {
    const harness = createHarness()
    let store = await harness.open()
    const author = await filled(store, ['a', 'b', 'c'])
    const told = await all(store)
    expect(told.map(nameOf)).toEqual(['shows a.example', 'shows b.example', 'shows c.example'])
    const numbers = told.map(({ number }) => number)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(Math.abs(numbers[0]! / 1000 - Date.now())).toBeLessThan(60_000)
    expect(await store.changedAt([idFor(author, 'a'), idFor(author, 'never')])).toEqual([numbers[0], undefined])
    await store.rebuildView()
    store = await harness.reopen(store)
    expect(await all(store)).toEqual(told)
    expect(await store.changes(numbers.at(-1)!, 10)).toEqual({ changes: [], next: numbers.at(-1), end: true })
    await store[Symbol.asyncDispose]()
  })

  it('goes on from any number, a page at a time', async () => {
    await using store = await createHarness().open()
    await filled(
      store,
      Array.from({ length: 40 }, (_, i) => `n${i}`),
    )
    const told = await all(store)
    for (const [i, { number }] of told.entries()) {
      const { changes, end } = await store.changes(number, 7)
      expect(changes).toEqual(told.slice(i + 1, i + 8))
      expect(end).toBe(told.length - i - 1 < 7)
    }
  })

  it('tells a withdrawal after the claim, in its place, with the claim and the reason', async () => {
    await using store = await createHarness().open()
    const author = await filled(store, ['a', 'b'])
    const before = (await all(store)).at(-1)!.number
    await store.commit({ items: [author.opened(withdrawalItem('a', 'wrong host'), 2)] })
    const [change, ...others] = await all(store, before)
    expect(others).toEqual([])
    expect(change).toMatchObject({ state: 'withdrawn', items: [{ value: 'a.example' }] })
    expect(change?.withdrawal?.item).toEqual(withdrawalItem('a', 'wrong host'))
    expect((await all(store)).map(nameOf)).toEqual(['shows b.example', 'withdrawn a.example'])
  })

  it('tells that something went and came back: by a limit, by the rules on what is taken, by an erasure', async () => {
    await using store = await createHarness().open()
    const author = await filled(store, ['a', 'b'])
    const { logId } = author
    const follower = createFollower(store)
    const everything = await follower.go()

    await store.commit({ logs: [{ logId, limit: 2 }] })
    await store.rebuildView()
    expect(await follower.go()).toEqual([`shows ${hexOf('a')}`])
    await store.commit({ logs: [{ logId, limit: UNLIMITED }] })
    await store.rebuildView()
    expect(await follower.go()).toEqual(everything)

    await store.setAcceptance(nothingOf('a.example'))
    await store.rebuildView()
    expect(await follower.go()).toEqual([`shows ${hexOf('b')}`])
    await store.setAcceptance({ hash: new Uint8Array(0), takes: () => true })
    await store.rebuildView()
    expect(await follower.go()).toEqual(everything)

    const target = { logId, seq: 2 }
    const tombstone = { target, by: { logId, seq: 3 }, reason: 1, sinceRanMs: undefined, purgedMs: 0 }
    await store.commit({ tombstones: [tombstone] })
    expect(await follower.go()).toEqual([`shows ${hexOf('a')}`])
    await store.purge([target], [{ ...tombstone, purgedMs: 5 }])
    expect(await follower.go()).toEqual([`shows ${hexOf('a')}`])
    const gone = (await all(store)).filter(({ state }) => state === 'gone')
    expect(new Set(gone.map(({ id }) => toHex(id)))).toEqual(new Set([hexOf('b')]))
    expect(await all(store, 0, { sees: () => true })).toHaveLength(1)
  })

  it('tells nothing of what never showed', async () => {
    await using store = await createHarness().open()
    await store.setAcceptance(nothingOf('a.example'))
    await store.rebuildView()
    const author = await filled(store, ['a', 'b'])
    expect((await all(store)).map(nameOf)).toEqual(['shows b.example'])
    expect(await store.changedAt([idFor(author, 'a')])).toEqual([undefined])
  })

  it('shows a reader what it sees, and nothing of what it does not, gone or not', async () => {
    await using store = await createHarness().open()
    const author = await filled(store, ['a', 'b', 'c'])
    const { logId } = author
    const sight = without('b.example')
    expect((await all(store, 0, sight)).map(nameOf)).toEqual(['shows a.example', 'shows c.example'])
    await store.commit({ items: [author.opened(withdrawalItem('b'), 2), author.opened(withdrawalItem('c'), 3)] })
    expect((await all(store, 0, sight)).map(nameOf)).toEqual(['shows a.example', 'withdrawn c.example'])
    await store.commit({ logs: [{ logId, limit: 1 }] })
    await store.rebuildView()
    const gone = (await all(store, 0, sight)).filter(({ state }) => state === 'gone')
    expect(gone.map(({ id }) => toHex(id))).toEqual(expect.arrayContaining([hexOf('a'), hexOf('c')]))
    expect(gone).toHaveLength(2)
  })

  it('tells a reader of what comes to be for it by a further mention', async () => {
    await using store = await createHarness().open()
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const sight: Sight = { sees: ({ audience }) => audience.length === 0 }
    const forFew = { ...author.opened(claimItem('a', 'a.example'), 1), audience: utf8('few') }
    await store.commit({ logs: [{ ...author.append(2), projected: 3 }], items: [forFew] })
    expect(await all(store, 0, sight)).toEqual([])
    const after = (await all(store)).at(-1)!.number
    await store.commit({ items: [author.opened(claimItem('a', 'a.example'), 2)] })
    expect((await all(store, after, sight)).map(nameOf)).toEqual(['shows a.example'])
  })

  describe('tells nobody anew because of a mention that is hidden', () => {
    const forAll: Sight = { sees: ({ audience }) => audience.length === 0 }
    const ofFew = <T>(opened: T) => ({ ...opened, audience: utf8('few') })
    const says = (author: StoreAuthor, index: number) => author.opened(claimItem('a', 'a.example'), 1, index)

    async function mentioned(first: 'few' | 'all', second: 'few' | 'all') {
      const harness = createHarness()
      let store = await harness.open()
      const author = new StoreAuthor('AAA')
      await store.commit({ logs: [author.begin()] })
      await store.commit({ logs: [{ ...author.append(9), projected: 10 }] })
      for (const [index, audience] of [first, second].entries()) {
        const opened = says(author, index)
        await store.commit({ items: [audience === 'few' ? ofFew(opened) : opened] })
      }
      return {
        author,
        get store() {
          return store
        },
        async reopen() {
          store = await harness.reopen(store)
        },
      }
    }

    it('that comes later, also after a compaction, a new view and a restart', async () => {
      const world = await mentioned('all', 'few')
      const [whole] = await all(world.store)
      const [seen, ...others] = await all(world.store, 0, forAll)
      expect(others).toEqual([])
      expect(seen!.number).toBeLessThan(whole!.number)
      expect(await all(world.store, seen!.number, forAll)).toEqual([])
      expect((await all(world.store, seen!.number, { sees: () => true })).map(nameOf)).toEqual(['shows a.example'])
      await world.store.compactChanges()
      await world.store.rebuildView()
      await world.reopen()
      expect(await all(world.store, 0, forAll)).toEqual([seen])
      expect((await all(world.store)).map(({ number }) => number)).toEqual([whole!.number])
      await world.store[Symbol.asyncDispose]()
    })

    it('that was there first, or is erased, or withdraws what is withdrawn', async () => {
      const { store, author } = await mentioned('few', 'all')
      const { logId } = author
      const [seen] = await all(store, 0, forAll)
      const target = { logId, seq: 1 }
      await store.commit({ items: [ofFew(author.opened(claimItem('a', 'a.example'), 4))] })
      const by = { logId, seq: 5 }
      await store.commit({
        tombstones: [{ target: { logId, seq: 4 }, by, reason: 1, sinceRanMs: undefined, purgedMs: 0 }],
      })
      expect(await all(store, 0, forAll)).toEqual([seen])
      await store.commit({ items: [author.opened(withdrawalItem('a', 'said to all'), 2)] })
      const [withdrawn, ...others] = await all(store, seen!.number, forAll)
      expect([withdrawn!.state, others]).toEqual(['withdrawn', []])
      await store.commit({ items: [ofFew(author.opened(withdrawalItem('a', 'said to few'), 3))] })
      expect(await all(store, withdrawn!.number, forAll)).toEqual([])
      // All of what is erased with it is told of to all.
      await store.purge([target], [{ target, by, reason: 1, sinceRanMs: undefined, purgedMs: 5 }])
      await store[Symbol.asyncDispose]()
    })

    it('and a withdrawal that is hidden is told once', async () => {
      const { store, author } = await mentioned('all', 'few')
      const [seen] = await all(store, 0, forAll)
      await store.commit({ items: [ofFew(author.opened(withdrawalItem('a', 'said to few'), 2))] })
      const [withdrawn] = await all(store, seen!.number, forAll)
      expect([withdrawn!.state, withdrawn!.withdrawal]).toEqual(['withdrawn', undefined])
      await store.commit({ items: [ofFew(author.opened(withdrawalItem('a', 'said to few again'), 3))] })
      expect(await all(store, withdrawn!.number, forAll)).toEqual([])
      await store.commit({ items: [author.opened(withdrawalItem('a', 'said to all'), 4)] })
      const [reasoned] = await all(store, withdrawn!.number, forAll)
      expect(reasoned!.withdrawal?.item).toEqual(withdrawalItem('a', 'said to all'))
      await store[Symbol.asyncDispose]()
    })
  })

  it('counts upwards where the clock goes back, also after a restart', async () => {
    let now = 1_800_000_000_000
    const harness = createHarness({ clock: { now: () => now } })
    let store = await harness.open()
    const author = await filled(store, ['a'])
    now -= 3_600_000
    store = await harness.reopen(store)
    await store.commit({ logs: [{ ...author.append(1) }], items: [author.opened(claimItem('z', 'z.example'), 3)] })
    const numbers = (await all(store)).map(({ number }) => number)
    expect(numbers[0]).toBeGreaterThan(1_800_000_000_000_000)
    expect(numbers[1]).toBeGreaterThan(numbers[0]!)
    expect(store.nextChange()).toBeGreaterThan(numbers[1]!)
    await store[Symbol.asyncDispose]()
  })

  it('forgets what is superseded, and no reader misses anything by it', async () => {
    await using store = await createHarness().open()
    const names = Array.from({ length: 60 }, (_, i) => `n${i}`)
    const author = await filled(store, names)
    const followers = [createFollower(store), createFollower(store), createFollower(store)]
    await followers[1]!.go()
    await store.commit({ items: names.slice(0, 50).map((name, i) => author.opened(withdrawalItem(name), 1, 100 + i)) })
    await followers[2]!.some(20)
    const told = await all(store)
    expect(store.superseded()).toBe(50)
    await store.compactChanges()
    expect(store.superseded()).toBe(0)
    expect(await all(store)).toEqual(told)
    const [first, ...others] = await Promise.all(followers.map(follower => follower.go()))
    expect(first).toHaveLength(60)
    for (const other of others) expect(other).toEqual(first)
  })

  it('calls its listeners after a change, and for nothing else', async () => {
    await using store = await createHarness().open()
    let calls = 0
    const stop = store.onChange(() => calls++)
    const author = await filled(store, ['a'])
    expect(calls).toBe(1)
    await store.commit({ notes: new Map([['x', utf8('y')]]) })
    await store.commit({ items: [author.opened(claimItem('a', 'a.example'), 1)] })
    expect(calls).toBe(1)
    stop()
    await store.commit({ items: [author.opened(withdrawalItem('a'), 2)] })
    expect(calls).toBe(1)
  })
})

describe('numbers of changes', () => {
  it('lie anywhere in their window: those of two neighbours tell nothing of whether there is a third', async () => {
    const gaps = (hidden: number) =>
      Promise.all(
        Array.from({ length: 64 }, async (_, i) => {
          await using store = await openStore({ memory: true }, { random: systemRandom, clock: { now: () => 1_000 } })
          const names = ['first', ...Array.from({ length: hidden }, (_, j) => `hidden${i}x${j}`), 'last']
          await filled(store, names)
          const told = await all(store, 0, { sees: ({ item }) => !Buffer.from(item).includes('hidden') })
          return { start: told[0]!.number, all: told.map(({ number }) => number) }
        }),
      )
    const alone = await gaps(0)
    const mean = alone.reduce((sum, { all }) => sum + all[1]! - all[0]!, 0) / alone.length
    // Two at random of 4096 are a third of that apart; neighbours numbered one by one would be one apart.
    expect(mean).toBeGreaterThan(900)
    expect(mean).toBeLessThan(1900)
    for (const { all } of [...alone, ...(await gaps(30))]) {
      expect(all[0]).toBeGreaterThan(1_000_000)
      expect(all[1]).toBeLessThan(1_000_000 + 4098)
    }
  })
})

async function filled(store: Store, names: readonly string[]): Promise<StoreAuthor> {
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  const half = Math.ceil(names.length / 2)
  const items = names.map((name, i) => author.opened(claimItem(name, `${name}.example`), i < half ? 1 : 2, i))
  await store.commit({ logs: [{ ...author.append(3), projected: 4 }], items })
  return author
}

async function all(store: Store, after = 0, sight?: Sight): Promise<StoredChange[]> {
  const changes: StoredChange[] = []
  for (let at = after; ; ) {
    const page = await store.changes(at, 16, sight)
    changes.push(...page.changes)
    at = page.next
    if (page.end) return changes
  }
}

function nameOf({ state, items }: StoredChange): string {
  return `${state} ${items.map(({ value }) => value).join(' ')}`
}

function hexOf(name: string): string {
  return toHex(idOf(name))
}

function idFor({ nation }: StoreAuthor, name: string) {
  return { nation, id: idOf(name) }
}

function nothingOf(value: string): Acceptance {
  return { hash: new Uint8Array(32).fill(7), takes: ({ item }) => !Buffer.from(item).includes(value) }
}

function without(value: string): Sight {
  return { sees: ({ item }) => !Buffer.from(item).includes(value) }
}
