import { expect, test } from 'vitest'
import { parseNationId } from '../../src/base/ids.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { DEFAULT_SCORE_POLICY } from '../../src/indicator/score-policy.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { createTaxiiIndex } from '../../src/node/taxii/taxii-index.ts'
import { readTaxiiPage } from '../../src/node/taxii/taxii-pages.ts'
import { createTaxiiViews } from '../../src/node/taxii/taxii-view.ts'
import { encodeAudienceName } from '../../src/policy/audience-name.ts'
import { type Clearance, parseClearance } from '../../src/policy/clearance.ts'
import { createObjectSight } from '../../src/policy/reader-view.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { IndicatorClaim, Item } from '../../src/wire/gen/tocsin.ts'
import { claimItem, StoreAuthor, sightingItem, withdrawalItem } from '../support/store-author.ts'

const CELL = encodeAudienceName({ kind: 'group', owner: parseNationId('AAA'), id: new Uint8Array(16).fill(7) })
const clock = { now: () => Date.now() }
const scoring = { policy: () => DEFAULT_SCORE_POLICY, nowMs: () => Date.now(), warnings: () => [] }
const low = parseClearance('tlp=GREEN', called => called)
const high = parseClearance('tlp=RED,groups=any', called => called)

async function createWorld() {
  const store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [{ ...author.append(20), projected: 21 }] })
  let seq = 1
  return {
    store,
    author,
    async says(item: Uint8Array, audience?: Uint8Array): Promise<void> {
      await store.commit({ items: [{ ...author.opened(item, seq++), ...(audience && { audience }) }] })
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** What each of several clients is told, from an index that is new or was there all the time. */
function createReader(store: Store) {
  const index = createTaxiiIndex({ store, clock, random: systemRandom })
  const viewOf = createTaxiiViews(index)
  return async (clearance: Clearance, only?: Uint8Array) => {
    const source = {
      index,
      view: viewOf(clearance, only === undefined ? 'all' : 'cell', only),
      sight: { sees: createObjectSight(clearance) },
      ports: { store, scoring, statusOf: () => 'ACTIVE' as const, nations: () => [] },
    }
    const query = { collection: '', afterUs: 0, limit: 1000, match: {} }
    const { objects } = await readTaxiiPage(query, source)
    return objects
      .filter(({ addedUs }) => addedUs > Date.UTC(2026, 0) * 1000 + 1000)
      .map(({ object, addedUs, version }) => ({ type: object.type, id: object.id, addedUs, version }))
  }
}

const GREEN_ITEM = claimItem('a', 'a.example')

test('a mention for others renews nothing of what a client has, and is told to whoever sees it', async () => {
  await using world = await createWorld()
  const running = createReader(world.store)
  await world.says(GREEN_ITEM)
  const before = [await running(low), await running(high)]
  expect(before[0]!.map(({ type }) => type)).toEqual(['identity', 'indicator'])
  await world.says(GREEN_ITEM, CELL)
  for (const read of [running, createReader(world.store)]) {
    expect(await read(low)).toEqual(before[0])
    const seen = (await read(high)).filter(({ type }) => type === 'indicator')
    expect(seen).toHaveLength(1)
    expect(seen[0]!.addedUs).toBeGreaterThan(before[1]!.at(-1)!.addedUs)
    expect((await read(high, CELL)).filter(({ type }) => type === 'indicator')).toEqual(seen)
  }
})

test('what was said to a group is in its collection though it is said to all later, and is withdrawn for all', async () => {
  await using world = await createWorld()
  const running = createReader(world.store)
  await world.says(GREEN_ITEM, CELL)
  expect(await running(low)).toEqual([])
  await world.says(GREEN_ITEM)
  for (const read of [running, createReader(world.store)]) {
    const seen = (await read(low)).filter(({ type }) => type === 'indicator')
    expect(seen).toHaveLength(1)
    const [ofCell, ...others] = (await read(high, CELL)).filter(({ type }) => type === 'indicator')
    expect([ofCell?.id, ofCell?.addedUs, others]).toEqual([seen[0]?.id, seen[0]?.addedUs, []])
  }
  const [first] = (await running(low)).filter(({ type }) => type === 'indicator')
  await world.says(withdrawalItem('a'), CELL)
  for (const read of [running, createReader(world.store)]) {
    for (const clearance of [low, high]) {
      const seen = (await read(clearance)).filter(({ type }) => type === 'indicator')
      expect(seen).toHaveLength(1)
      expect(seen[0]!.addedUs).toBeGreaterThan(first!.addedUs)
    }
  }
})

test('different things under one id show, nation and all, to whoever sees one of them alone', async () => {
  await using world = await createWorld()
  const running = createReader(world.store)
  await world.says(marked(claimItem('a', 'a.example', 'x'), TLP.RED))
  await world.says(marked(claimItem('a', 'a.example', 'y'), TLP.RED))
  expect(await running(low)).toEqual([])
  await world.says(claimItem('a', 'a.example', 'z'))
  const seen = await running(low)
  expect(seen.map(({ type }) => type)).toEqual(['identity', 'indicator'])
  expect(await createReader(world.store)(low)).toEqual(seen)
})

test('a remark is told of again behind a claim by what counts no other remark', async () => {
  const gapBehind = async (name: string) => {
    await using world = await createWorld()
    const read = createReader(world.store)
    await world.says(GREEN_ITEM)
    for (let i = 0; i < 5; i++) await world.says(sightingItem(`hidden ${i}`, 'a.example'), CELL)
    await world.says(sightingItem(name, 'a.example'))
    await world.says(claimItem('b', 'a.example'))
    const last = async (type: string) => (await read(low)).filter(each => each.type === type).at(-1)?.addedUs ?? 0
    await expect.poll(async () => (await last('sighting')) > (await last('indicator'))).toBe(true)
    expect((await read(low)).map(({ type }) => type)).toEqual(['identity', 'indicator', 'indicator', 'sighting'])
    return (await last('sighting')) - (await last('indicator'))
  }
  // One by one it would be six.
  expect(Math.max(await gapBehind('x'), await gapBehind('y'))).toBeGreaterThan(20)
})

function marked(bytes: Uint8Array, tlp: number): Uint8Array {
  const item = decodeLoose(Item, bytes, false)
  const claim = decodeLoose(IndicatorClaim, item.body, false)
  return encode(Item, { ...item, body: encode(IndicatorClaim, { ...claim, marking: { tlp, pap: 0, exercise: 0 } }) })
}
