import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY, toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { type Claim, claimKey, resolveAssertions } from '../../src/indicator/assertion.ts'
import { parseItem } from '../../src/indicator/item.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { tlpName } from '../../src/indicator/marking.ts'
import { mergeClaims } from '../../src/indicator/merge.ts'
import { DEFAULT_SCORE_POLICY } from '../../src/indicator/score-policy.ts'
import type { ListQuery, Reading } from '../../src/node/reading/indicator-reading.ts'
import { createClearedReading, createWholeReading } from '../../src/node/reading/readers.ts'
import type { Scoring } from '../../src/node/reading/views.ts'
import { createAcceptance } from '../../src/policy/acceptance.ts'
import { encodeAudienceName, groupKey, nationsAudience } from '../../src/policy/audience-name.ts'
import { type Clearance, parseClearance } from '../../src/policy/clearance.ts'
import { createSight } from '../../src/policy/reader-view.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { OpenedItem } from '../../src/store/store.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { IndicatorClaim, Item } from '../../src/wire/gen/tocsin.ts'
import { slowLevel } from '../support/failing-level.ts'
import { idOf, opinionItem, StoreAuthor, sightingItem, timeAt, withdrawalItem } from '../support/store-author.ts'

/** nobody can tell two stores apart that differ only in what they may not see. */

const ENTRIES = 6
const AUTHORS = [new StoreAuthor('AAA', 'a1'), new StoreAuthor('AAA', 'a2'), new StoreAuthor('BBB')]
const LOGS = [
  AUTHORS.map(author => author.begin()),
  AUTHORS.map(author => ({ ...author.append(ENTRIES), projected: ENTRIES + 1 })),
]
const GROUP = { owner: parseNationId('AAA'), id: new Uint8Array(16).fill(7) }
const AUDIENCES = [
  EMPTY,
  encodeAudienceName({ kind: 'group', ...GROUP }),
  encodeAudienceName({ kind: 'group', ...GROUP, id: new Uint8Array(16).fill(8) }),
  encodeAudienceName(nationsAudience([parseNationId('AAA'), parseNationId('BBB')])),
  Uint8Array.of(0),
]
const VALUES = [
  ['domain', 'v0.example'],
  ['domain', 'v1.example'],
  ['domain', 'v2.example'],
  ['url', 'http://v0.example/a'],
  ['domain', 'a.v0.example'],
  ['stix-pattern', "[domain-name:value = 'v1.example' AND domain-name:value = 'v2.example']"],
] as const

const CLEARANCES = [
  'tlp=GREEN',
  'tlp=AMBER,groups=any,pap=AMBER',
  `tlp=GREEN,groups=${groupKey(GROUP)},exercise`,
  'tlp=RED,groups=named,types=domain',
  'tlp=AMBER,groups=any,authors=BBB',
].map(text =>
  parseClearance(text, () => {
    throw new Error('no group is known by name')
  }),
)

const claim = fc
  .record({
    id: fc.nat(9),
    subject: fc.constantFrom(...VALUES),
    tlp: fc.constantFrom(1, 2, 3, 5),
    pap: fc.constantFrom(0, 4),
    exercise: fc.constantFrom(0, 0, 0, 1),
    label: fc.nat(3),
    confidence: fc.constantFrom(0, 31, 91),
    firstSeenMs: fc.constantFrom(0, 1000, 2000),
  })
  .map(({ id, subject: [type, value], tlp, pap, exercise, label, confidence, firstSeenMs }) => {
    const said = { confidencePlus1: confidence, firstSeenMs, labels: [`label-${label}`], source: `source ${label}` }
    const body = { ...IndicatorClaim.empty(), ...said, id: idOf(`${id}`), type, value, marking: { tlp, pap, exercise } }
    return encode(Item, { type: ITEM.INDICATOR, body: encode(IndicatorClaim, body) })
  })

const item = fc.oneof(
  { weight: 12, arbitrary: claim },
  { weight: 1, arbitrary: fc.nat(9).map(id => withdrawalItem(`${id}`)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(9), fc.nat(2)).map(([id, n]) => sightingItem(`${id}`, `v${n}.example`)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(9), fc.nat(2)).map(([id, n]) => opinionItem(`${id}`, `v${n}.example`)) },
)

/** The same item may stand in several entries, for several audiences. */
const mention = fc
  .record({
    item,
    author: fc.nat(AUTHORS.length - 1),
    seq: fc.integer({ min: 1, max: ENTRIES }),
    index: fc.nat(5),
    audience: fc.constantFrom(...AUDIENCES),
  })
  .map(({ item, author, seq, index, audience }): OpenedItem & { audience: Uint8Array } => ({
    ...AUTHORS[author]!.opened(item, seq, index),
    audience,
  }))

const mentions = (maxLength: number) => fc.array(mention, { maxLength, size: 'max' })

const world = fc.record({
  clearance: fc.constantFrom(...CLEARANCES),
  common: mentions(25),
  hidden: fc.tuple(mentions(40), mentions(40)),
  size: fc.integer({ min: 1, max: 40 }),
  rebuilt: fc.boolean(),
  refusing: fc.boolean(),
})

type Mentioned = OpenedItem & { readonly audience: Uint8Array }

function nationOf({ logId }: OpenedItem) {
  return AUTHORS.find(author => author.logId === logId)!.nation
}

function kindOf({ item }: OpenedItem): number {
  return decodeLoose(Item, item, false).type
}

/** What of `hidden` the reader can learn nothing of: what it may not see, and withdrawals of nothing that it sees. */
function unseen(hidden: readonly Mentioned[], common: readonly Mentioned[], clearance: Clearance): Mentioned[] {
  const sees = createSight(clearance)
  const isSeen = (each: Mentioned) => sees({ ...each, nation: nationOf(each) })
  const names = new Set(common.filter(isSeen).map(idKey))
  return hidden.filter(each => (kindOf(each) === ITEM.WITHDRAWAL ? !names.has(idKey(each)) : !isSeen(each)))
}

function idKey(opened: OpenedItem): string {
  const parsed = parseItem(decodeLoose(Item, opened.item, false))
  if (parsed.kind === 'indicator') return claimKey(nationOf(opened), parsed.claim.id)
  if (parsed.kind === 'sighting') return claimKey(nationOf(opened), parsed.sighting.id)
  if (parsed.kind === 'opinion') return claimKey(nationOf(opened), parsed.opinion.id)
  return parsed.kind === 'withdrawal' ? claimKey(nationOf(opened), parsed.withdrawal.claimId) : ''
}

const refuseSome = createAcceptance(
  [{ name: 'unsure', number: 1, line: 1, when: { confidence: { min: 0, max: 40 } }, action: 'quarantine', reason: '' }],
  parseNationId('ZZZ'),
)

type World = typeof world extends fc.Arbitrary<infer T> ? T : never

async function openWith(items: readonly OpenedItem[], { size, rebuilt, refusing }: World) {
  const store = await openStore({ level: slowLevel(memoryLevel()) })
  if (refusing) {
    await store.setAcceptance(refuseSome)
    await store.rebuildView()
  }
  for (const logs of LOGS) await store.commit({ logs })
  for (let at = 0; at < items.length; at += size) await store.commit({ items: items.slice(at, at + size) })
  if (rebuilt) await store.rebuildView()
  return store
}

const FILTERS: readonly Omit<ListQuery, 'limit'>[] = [
  {},
  { type: 'domain' },
  { nation: 'AAA' },
  { nation: 'BBB', type: 'url' },
  { sinceMs: 0 },
  { sinceMs: timeAt(3) },
  { sinceMs: timeAt(2), untilMs: timeAt(4) },
  { untilMs: timeAt(3), nation: 'BBB' },
  { sinceMs: timeAt(2), type: 'domain' },
  { states: ['withdrawn'] },
  { states: ['withdrawn'], nation: 'AAA' },
  { states: ['active', 'pending'] },
  { states: ['disputed'], sinceMs: 0 },
  { scoreMin: 30 },
]

const scoring: Scoring = {
  policy: () => DEFAULT_SCORE_POLICY,
  nowMs: () => timeAt(ENTRIES) + 86_400_000,
  warnings: () => [],
}

async function pages(reading: Reading, filter: Omit<ListQuery, 'limit'>, limit: number) {
  const all = []
  for (let cursor: string | undefined; ; ) {
    const page = await reading.list({ ...filter, limit, ...(cursor !== undefined && { cursor }) })
    all.push(page)
    if (page.next === undefined) return all
    cursor = page.next
  }
}

/** Everything that there is to ask, as the bytes of the answers. */
async function answersOf(reading: Reading): Promise<string> {
  const answers: unknown[] = []
  for (const filter of FILTERS) for (const limit of [1, 3, 1000]) answers.push(await pages(reading, filter, limit))
  answers.push(await reading.lookup(VALUES.map(([, value]) => value)))
  for (const [, value] of VALUES) answers.push(await reading.show(value))
  const [whole] = await pages(reading, {}, 1000)
  for (const { id } of whole!.indicators) answers.push(await reading.show(id), await reading.show(id.slice(0, 8)))
  answers.push(await reading.show('00000000'))
  return JSON.stringify(answers)
}

describe('a reader', () => {
  it('cannot tell two stores apart that differ only in what it may not see (R-4.4)', async () => {
    let told = 0
    await fc.assert(
      fc.asyncProperty(world, async made => {
        const { clearance, common, hidden } = made
        const [one, other] = hidden.map(each => [...unseen(each, common, clearance), ...common])
        await using first = await openWith(one!, made)
        await using second = await openWith(other!.toReversed(), made)
        const readings = [first, second].map(store => createClearedReading(store, clearance, () => 'ACTIVE', scoring))
        const [a, b] = await Promise.all(readings.map(answersOf))
        expect(b).toBe(a)
        const wholes = [first, second].map(store =>
          createWholeReading(
            store,
            () => refuseSome,
            () => 'ACTIVE',
            scoring,
          ),
        )
        const [c, d] = await Promise.all(wholes.map(whole => whole.list({ limit: 1000 })))
        if (JSON.stringify(c) !== JSON.stringify(d)) told++
      }),
      { numRuns: 60 },
    )
    // Else the stores would not have differed.
    expect(told).toBeGreaterThan(25)
  }, 60_000)

  it('reads what a merge of the claims gives that it may see, and nothing else', async () => {
    let remarks = 0
    await fc.assert(
      fc.asyncProperty(world, async made => {
        const { clearance, common, refusing } = made
        await using store = await openWith(common, made)
        const { indicators } = await createClearedReading(store, clearance, () => 'ACTIVE', scoring).list({
          limit: 1000,
        })
        const merged = mergedClaims(common, clearance, refusing)
        const told = indicators.map(({ claims, ...view }) => ({ ...view, claims: claims.map(each => each.id) }))
        expect(told).toMatchObject(merged)
        expect(indicators.length).toBe(merged.length)
        for (const { sightings, opinions, withdrawn } of indicators)
          remarks += sightings.length + opinions.length + withdrawn.length
      }),
      { numRuns: 100 },
    )
    expect(remarks).toBeGreaterThan(0)
  }, 60_000)
})

function mergedClaims(items: readonly Mentioned[], clearance: Clearance, refusing: boolean) {
  const sees = createSight(clearance)
  const withdrawn = new Set(items.filter(each => kindOf(each) === ITEM.WITHDRAWAL).map(idKey))
  const seen = items
    .map(each => ({ ...each, nation: nationOf(each) }))
    .filter(
      each =>
        kindOf(each) === ITEM.INDICATOR &&
        sees(each) &&
        (!refusing || refuseSome.takes(each)) &&
        !withdrawn.has(idKey(each)),
    )
  const { shown } = resolveAssertions(seen.map(claimOf))
  return [...Map.groupBy(shown, ({ type, value }) => `${type}\0${value}`).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, claims]) => {
      const { marking, conflict: _, ...merged } = mergeClaims(claims)!
      const { type, value, nations, firstSeenMs, lastSeenMs, validUntilMs, labels } = merged
      const ids = merged.claims.map(each => toHex(each.claim.id))
      const confidence = merged.confidence ?? null
      const times = { firstSeenMs, lastSeenMs, validUntilMs }
      return { type, value, nations, tlp: tlpName(marking.tlp), confidence, ...times, labels, claims: ids }
    })
}

function claimOf(opened: Mentioned & { readonly nation: ReturnType<typeof nationOf> }): Claim {
  const parsed = parseItem(decodeLoose(Item, opened.item, false))
  if (parsed.kind !== 'indicator') throw new Error('only claims are seen')
  const ref = { log: toHex(opened.logId) as Claim['ref']['log'], seq: opened.seq, index: opened.index }
  return { ...parsed, nation: opened.nation, ref, timeMs: opened.timeMs, itemHash: opened.hash }
}
