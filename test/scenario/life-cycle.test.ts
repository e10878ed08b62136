import { expect, test } from 'vitest'
import { TLP } from '../../src/indicator/marking.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import type { NodeService, PublishItem } from '../../src/node/orders/node-service.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { converged, createTestAlliance, type RunningNode, ready, until } from '../support/node-alliance.ts'

const WAIT = { timeout: 10_000, interval: 20 }
const VALUE = 'bad.mega-bank.example'
const ON_VALUE = { type: 'domain', value: VALUE }

function claim(value = VALUE, more: Partial<Extract<PublishItem, { kind: 'claim' }>['draft']> = {}): PublishItem {
  return { kind: 'claim', draft: { type: 'domain', value, marking: { tlp: TLP.GREEN }, ...more } }
}

async function publish({ service }: { readonly service: NodeService }, ...items: readonly PublishItem[]) {
  const outcomes = await service.publish(items)
  expect(outcomes.map(each => ('code' in each ? each.code : each.outcome))).toEqual(items.map(() => 'new'))
  return outcomes.map(each => ('id' in each ? each.id : ''))
}

const show = ({ service }: RunningNode, value = VALUE) => service.show(value)

test('what is said of an indicator travels, and a withdrawal holds against every old copy (R-4.1)', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  let c = await alliance.start(2)
  try {
    await ready([a, b, c])
    const [id] = await publish(a, claim(VALUE, { confidence: 80, lineage: 'observed' }))
    await converged([a, b, c])
    await expect.poll(async () => (await show(c))?.state, WAIT).toBe('active')
    // CCC is away with a copy while it is withdrawn.
    await c[Symbol.asyncDispose]()
    const lastSeenMs = Date.now()
    await publish(
      b,
      { kind: 'sighting', draft: { ...ON_VALUE, count: 7, lastSeenMs, source: 'proxy' } },
      {
        kind: 'opinion',
        draft: { ...ON_VALUE, opinion: 'false-positive', nation: 'AAA', claim: id!, comment: 'a CDN' },
      },
    )
    await expect.poll(async () => (await show(a))?.opinions.length, WAIT).toBe(1)
    expect(await show(a)).toMatchObject({
      state: 'disputed',
      origins: 1,
      sightings: [{ nation: 'BBB', count: 7, lastSeenMs, tlp: 'TLP:AMBER' }],
      opinions: [{ nation: 'BBB', opinion: 'false-positive', about: `AAA/${id}`, comment: 'a CDN' }],
    })
    expect((await show(a))!.score).toBe(40)
    expect((await show(a))!.explanation!.join('\n')).toMatch(/confidence 80.*BBB says false-positive/)

    await publish(a, { kind: 'withdrawal', id: id!, reason: 'it was a CDN' })
    await expect.poll(async () => (await show(b))?.state, WAIT).toBe('withdrawn')
    c = await alliance.start(2)
    await ready([a, b, c])
    await converged([a, b, c])
    await expect.poll(async () => (await show(c))?.state, WAIT).toBe('withdrawn')
    for (const node of [a, b, c]) {
      expect(await show(node)).toMatchObject({
        claims: [],
        score: 0,
        withdrawn: [{ claim: { id, nation: 'AAA' }, reason: 'it was a CDN', continuedAs: '' }],
      })
      expect((await node.service.lookup([VALUE]))[0]!.result).toBe('absent')
      expect((await node.service.list({ limit: 10 })).indicators).toEqual([])
      const { indicators } = await node.service.list({ limit: 10, states: ['withdrawn'] })
      expect(indicators.map(({ value }) => value)).toEqual([VALUE])
      await node.service.reopenItems()
      expect((await show(node))?.state).toBe('withdrawn')
    }
    // Said once more it is another claim.
    const [again] = await publish(a, claim(VALUE, { confidence: 80, lineage: 'observed' }))
    expect(again).not.toBe(id)
    await expect.poll(async () => (await show(c))?.state, WAIT).toBe('active')
    expect(await a.service.publish([{ kind: 'withdrawal', id: id!, reason: 'it was a CDN' }])).toMatchObject([
      { outcome: 'duplicate' },
    ])
    // Nobody takes back what another nation says.
    expect(await b.service.publish([{ kind: 'withdrawal', id: again!, reason: 'no' }])).toMatchObject([
      { outcome: 'refused', code: 'remark-no-claim' },
    ])
  } finally {
    await c[Symbol.asyncDispose]()
  }
}, 90_000)

test('nobody learns of a value by a remark on it who did not get a claim on it, and a withdrawal reaches all who did', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  await ready([a, b, c])
  const [id] = await publish(a, { ...claim(VALUE, { marking: { tlp: TLP.AMBER_STRICT } }), audience: { to: ['BBB'] } })
  await expect.poll(async () => (await show(b))?.state, WAIT).toBe('active')
  const sighting = { kind: 'sighting', draft: { ...ON_VALUE, lastSeenMs: 1 } } as const
  const outcomes = await b.service.publish([
    sighting,
    { ...sighting, draft: { ...sighting.draft, marking: { tlp: TLP.CLEAR } }, audience: { to: ['AAA'] } },
    { ...sighting, draft: { ...ON_VALUE, value: 'unheard-of.example' } },
    { ...sighting, audience: { to: ['AAA'] } },
  ])
  expect(outcomes).toMatchObject([
    { code: 'remark-too-wide' },
    { code: 'remark-below-marking' },
    { code: 'remark-no-claim' },
    { outcome: 'new' },
  ])
  await expect.poll(async () => (await show(a))?.sightings.length, WAIT).toBe(1)
  expect((await show(a))!.sightings[0]!.tlp).toBe('TLP:AMBER+STRICT')
  const { service } = b
  const { token } = await service.addToken({ name: 'green', clearance: 'tlp=GREEN,groups=any,publish' })
  const reader = await service.reader(token)
  await expect(
    reader.publish([{ ...sighting, draft: { ...sighting.draft, marking: { tlp: TLP.CLEAR } } }]),
  ).rejects.toThrow('nobody claims')

  await publish(a, { kind: 'withdrawal', id: id!, reason: 'over' })
  await expect.poll(async () => (await show(b))?.state, WAIT).toBe('withdrawn')
  await converged([a, b, c])
  expect(await show(c)).toBeNull()
  expect(c.service.status().claims).toBe(0)
}, 60_000)

test('a muted nation shows nowhere here, at once and after a start, and again once it is taken in', async () => {
  await using alliance = await createTestAlliance(3)
  const policy = parsePolicyFile(
    'version: 1\nrules: [{ name: all, action: allow }]\nscore: { ratings: [{ nation: BBB, rating: C }] }\n',
  )
  const rules = { policy, operators: LOCAL_ONLY, hashes: { policy: undefined, operators: undefined } }
  let a = await alliance.start(0, { rules })
  try {
    await using b = await alliance.start(1)
    await using c = await alliance.start(2)
    await ready([a, b, c])
    await publish(b, claim(VALUE, { confidence: 100, lineage: 'observed' }), claim('other.mega-bank.example'))
    await publish(c, claim(VALUE, { confidence: 50, lineage: 'relayed', source: 'BBB' }))
    await until(() => a.service.status().claims === 3, 10_000)
    // BBB is rated C here, and CCC relays it: half of 100, and not more.
    expect(await show(a)).toMatchObject({ score: 50, origins: 1, nations: ['BBB', 'CCC'] })
    expect((await a.service.list({ limit: 10, scoreMin: 50 })).indicators.map(({ value }) => value)).toEqual([VALUE])
    const { entries, frontier } = await a.service.digest()

    await a.service.muteNation('BBB', 'its sensors are wrong')
    expect((await show(a))?.nations).toEqual(['CCC'])
    await until(() => a.service.status().claims === 1, 10_000)
    expect((await a.service.list({ limit: 10 })).indicators.map(({ value }) => value)).toEqual([VALUE])
    expect((await show(a))?.aside?.map(({ standing }) => standing)).toEqual([
      'BBB is muted here: its sensors are wrong',
    ])
    expect(await a.service.digest()).toMatchObject({ entries, frontier })
    await expect(a.service.muteNation('BBB', 'again')).rejects.toMatchObject({ code: 'mute-done' })
    await expect(a.service.muteNation('AAA', '')).rejects.toMatchObject({ code: 'mute-own' })
    await expect(a.service.muteNation('ZZZ', '')).rejects.toMatchObject({ code: 'mute-unknown' })
    await a[Symbol.asyncDispose]()

    a = await alliance.start(0, { rules })
    expect(a.service.muted()).toMatchObject([{ nation: 'BBB', reason: 'its sensors are wrong' }])
    expect((await show(a))?.nations).toEqual(['CCC'])
    await a.service.unmuteNation('BBB')
    await until(() => a.service.status().claims === 3, 10_000)
    await expect(a.service.unmuteNation('BBB')).rejects.toMatchObject({ code: 'mute-absent' })
  } finally {
    await a[Symbol.asyncDispose]()
  }
}, 90_000)
