import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Sight } from '../../src/store/sight.ts'
import type { Store } from '../../src/store/store.ts'
import { claimItem, StoreAuthor, withdrawalItem } from '../support/store-author.ts'
import { collect, dumpedView } from '../support/store-view.ts'

const PATTERN = "[domain-name:value = 'c2.evil.example' AND network-traffic:dst_port = 443]"
const OTHER = "[ipv4-addr:value = '192.0.2.7'] FOLLOWEDBY [domain-name:value IN ('c2.evil.example', 'b.example')]"

interface Filled extends AsyncDisposable {
  readonly store: Store
  readonly author: StoreAuthor
}

async function filled(claims: readonly (readonly [id: string, type: string, value: string])[]): Promise<Filled> {
  const store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  const items = claims.map(([id, type, value], i) => author.opened(claimItem(id, value, '', type), 1, i))
  await store.commit({ logs: [author.append(1)], items })
  return { store, author, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
}

async function related(store: Store, type: string, value: string, sight?: Sight): Promise<string[]> {
  const [found] = await store.related([{ type, value }], sight)
  return found!.indicators.map(({ relation, indicator }) => `${relation} ${indicator.value}`)
}

const WORLD = [
  ['1', 'stix-pattern', PATTERN],
  ['2', 'stix-pattern', OTHER],
  ['3', 'cidr', '192.0.2.0/24'],
  ['4', 'cidr', '192.0.0.0/16'],
  ['5', 'cidr', '2001:db8::/32'],
  ['6', 'domain', 'evil.example'],
  ['7', 'domain', 'c2.evil.example'],
  ['8', 'ipv4', '192.0.2.7'],
] as const

test('finds what has to do with a value, the nearest first', async () => {
  await using world = await filled(WORLD)
  const { store } = world
  expect(await related(store, 'ipv4', '192.0.2.7')).toEqual([
    'range 192.0.2.0/24',
    'range 192.0.0.0/16',
    `pattern ${OTHER}`,
  ])
  expect(await related(store, 'cidr', '192.0.2.0/25')).toEqual(['range 192.0.2.0/24', 'range 192.0.0.0/16'])
  expect(await related(store, 'ipv6', '2001:db8::1')).toEqual(['range 2001:db8::/32'])
  expect(await related(store, 'ipv4', '198.51.100.1')).toEqual([])
  const ofName = await related(store, 'domain', 'c2.evil.example')
  expect([ofName[0], ...ofName.slice(1).sort()]).toEqual([
    'parent-domain evil.example',
    ...[`pattern ${OTHER}`, `pattern ${PATTERN}`].sort(),
  ])
  expect(await related(store, 'url', 'http://c2.evil.example/x')).toEqual([
    'host c2.evil.example',
    'parent-domain evil.example',
  ])
  expect(await related(store, 'url', 'http://192.0.2.7:81/')).toEqual([
    'host 192.0.2.7',
    'range 192.0.2.0/24',
    'range 192.0.0.0/16',
  ])
  expect(await related(store, 'email', 'a@c2.evil.example')).toEqual([
    'host c2.evil.example',
    'parent-domain evil.example',
  ])
})

test('forgets patterns and ranges whose claims are withdrawn, and finds the others', async () => {
  await using world = await filled(WORLD)
  const { store, author } = world
  await store.commit({
    logs: [author.append(1)],
    items: ['1', '3'].map((id, i) => author.opened(withdrawalItem(id), 2, i)),
  })
  expect(await related(store, 'ipv4', '192.0.2.7')).toEqual(['range 192.0.0.0/16', `pattern ${OTHER}`])
  expect(await related(store, 'domain', 'c2.evil.example')).toEqual(['parent-domain evil.example', `pattern ${OTHER}`])
})

test('has the same index however the view came about', async () => {
  await using world = await filled(WORLD)
  const { store, author } = world
  await store.commit({ logs: [author.append(1)], items: [author.opened(withdrawalItem('4'), 2)] })
  const written = await dumpedView(store)
  await store.rebuildView()
  expect(await dumpedView(store)).toEqual(written)
  expect(await related(store, 'ipv4', '192.0.2.7')).toEqual(['range 192.0.2.0/24', `pattern ${OTHER}`])
})

test('tells a reader of nothing that it does not see, and fills what it tells with what it sees (R-4.4)', async () => {
  const many = Array.from(
    { length: 40 },
    (_, i) => [`${i}`, 'stix-pattern', `[domain-name:value = 'x.example' AND process:pid = ${i}]`] as const,
  )
  await using world = await filled(many)
  const { store } = world
  const [all] = await store.related([{ type: 'domain', value: 'x.example' }])
  expect([all!.indicators.length, all!.more]).toEqual([16, true])
  const last = all!.indicators.at(-1)!.indicator.claims[0]!
  const sight: Sight = { sees: ({ item }) => Buffer.compare(item, last.item) === 0 }
  const [seen] = await store.related([{ type: 'domain', value: 'x.example' }], sight)
  expect(seen!.indicators.map(({ indicator }) => indicator.value)).toEqual([last.value])
  expect(seen!.more).toBe(false)
  const [none] = await store.related([{ type: 'domain', value: 'x.example' }], { sees: () => false })
  expect(none).toEqual({ indicators: [], more: false })
})

test('lives with a pattern of others that cannot be read', async () => {
  await using world = await filled([
    ['1', 'stix-pattern', '[no such thing]'],
    ['2', 'domain', 'a.example'],
  ])
  expect(await related(world.store, 'domain', 'a.example')).toEqual([])
  expect((await world.store.lookup('stix-pattern', '[no such thing]'))?.claimCount).toBe(1)
})

test('finds patterns after the store was closed and opened', async () => {
  const path = await mkdtemp(join(tmpdir(), 'tocsin-related-'))
  try {
    {
      await using store = await openStore(path)
      const author = new StoreAuthor('AAA')
      await store.commit({ logs: [author.begin()] })
      await store.commit({
        logs: [author.append(1)],
        items: [author.opened(claimItem('1', PATTERN, '', 'stix-pattern'), 1)],
      })
    }
    await using store = await openStore(path)
    expect(await related(store, 'domain', 'c2.evil.example')).toEqual([`pattern ${PATTERN}`])
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})

test('gives the subjects of everything that is claimed', async () => {
  await using world = await filled(WORLD)
  const pages = await collect(world.store.subjects())
  expect(
    pages
      .flat()
      .map(({ value }) => value)
      .sort(),
  ).toEqual(WORLD.map(([, , value]) => value).sort())
})
