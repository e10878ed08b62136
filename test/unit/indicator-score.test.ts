import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY, toHex, utf8 } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import type { Claim } from '../../src/indicator/assertion.ts'
import { corroborate, corroborationText } from '../../src/indicator/corroboration.ts'
import { OPINION, type OpinionKind } from '../../src/indicator/remark.ts'
import { type Evidence, type Judged, type Sighted, scoreOf } from '../../src/indicator/score.ts'
import { DEFAULT_SCORE_POLICY, type ScorePolicy } from '../../src/indicator/score-policy.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { Opinion, Sighting } from '../../src/wire/gen/tocsin.ts'
import { claimFrom } from '../support/indicator-claims.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1000 * DAY_MS

function claim(nation: string, draft: Parameters<typeof claimFrom>[0] = {}, ageDays = 0): Claim {
  return claimFrom({ confidence: 80, lineage: 'observed', ...draft }, { nation, timeMs: NOW_MS - ageDays * DAY_MS })
}

function opinion(nation: string, kind: OpinionKind, about?: Claim, timeMs = NOW_MS): Judged {
  const target = about && { nation: about.nation, claimId: about.claim.id }
  const said = { ...Opinion.empty(), id: utf8(`${nation} ${kind} ${timeMs}`), opinion: OPINION[kind], ...target }
  return { nation: parseNationId(nation), timeMs, tlp: 2, opinion: said }
}

function sighting(nation: string, lastSeenMs: number, timeMs = lastSeenMs): Sighted {
  return {
    nation: parseNationId(nation),
    timeMs,
    tlp: 2,
    sighting: { ...Sighting.empty(), id: EMPTY, count: 1, lastSeenMs },
  }
}

function score(claims: readonly Claim[], more: Partial<Evidence> = {}, policy: ScorePolicy = DEFAULT_SCORE_POLICY) {
  return scoreOf({ claims, sightings: [], opinions: [], ...more }, policy, NOW_MS)
}

const policyOf = (text: string) => parsePolicyFile(`version: 1\nrules: []\nscore: ${text}\n`).score

describe('corroboration', () => {
  it('tells three nations that observed from three that relayed one source', () => {
    const observed = ['AAA', 'BBB', 'CCC'].map(nation => claim(nation))
    expect(corroborate(observed).independent).toBe(3)
    const relayed = ['AAA', 'BBB', 'CCC'].map(nation => claim(nation, { lineage: 'relayed', source: ' Feed  X' }))
    expect(corroborate([...relayed, claim('DDD', { lineage: 'relayed', source: 'feed x' })]).independent).toBe(1)
    expect(corroborationText(corroborate([...observed, ...relayed]))).toBe(
      'observed by AAA, BBB, CCC; relayed from "Feed  X"',
    )
  })

  it('lets no nation make one of what others observed, whatever its claims say that they go back to', () => {
    const observed = ['BBB', 'CCC', 'DDD'].map(nation => claim(nation, { sourceId: `indicator--${nation}` }))
    const ids = observed.map(({ claim }) => toHex(claim.id))
    const hostile = [
      claim('AAA', { lineage: 'relayed', source: 'BBB', sourceId: ids[1]! }),
      claim('AAA', { sourceId: ids[0]! }),
      claim('AAA', { sourceId: ids[1]! }),
      claim('EEE', { lineage: 'relayed', source: 'DDD', sourceId: 'indicator--BBB' }),
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray([...observed, ...hostile], { minLength: 7 }), claims => {
        const { origins } = corroborate(claims)
        expect(origins.map(({ name }) => name)).toEqual(['AAA', 'BBB', 'CCC', 'DDD'])
      }),
    )
  })

  it('hears a nation once, however many sources it alone names', () => {
    const many = Array.from({ length: 9 }, (_, i) => claim('AAA', { lineage: 'relayed', source: `made up ${i}` }))
    const { independent, origins } = corroborate([...many, claim('AAA')])
    expect([independent, origins.length]).toEqual([1, 10])
    expect(score(many).score).toBe(score(many.slice(0, 1)).score)
    const also = claim('BBB', { lineage: 'relayed', source: 'made up 0' })
    expect(corroborate([...many, claim('AAA'), also]).independent).toBe(2)
  })

  it('follows a relayed claim to the one that it names, by its id, by a common id, or by its nation', () => {
    const origin = claim('AAA', { sourceId: 'indicator--1' })
    for (const draft of [
      { sourceId: toHex(origin.claim.id) },
      { sourceId: 'INDICATOR--1', source: 'a feed' },
      { source: 'AAA' },
    ]) {
      const relayed = claim('BBB', { lineage: 'relayed', ...draft })
      expect(corroborate([relayed, origin])).toMatchObject({
        independent: 1,
        origins: [{ kind: 'observed', name: 'AAA' }],
      })
    }
  })

  it('counts what nobody says the origin of once at most, and beside others not at all', () => {
    const unsaid = ['AAA', 'BBB'].map(nation => claimFrom({ confidence: 80 }, { nation, timeMs: NOW_MS }))
    expect(corroborate(unsaid).independent).toBe(1)
    expect(corroborate([...unsaid, claim('CCC')]).independent).toBe(1)
    expect(corroborate([]).independent).toBe(0)
  })

  it('does not depend on the order of claims', () => {
    const draft = fc.record({ source: fc.constantFrom('', 'x', 'AAA', 'y'), sourceId: fc.constantFrom('', '1', '2') })
    const nations = fc.constantFrom('AAA', 'BBB', 'CCC')
    const any = fc
      .tuple(nations, draft, fc.constantFrom('observed', 'relayed'))
      .map(([nation, said, lineage]) => claim(nation, { ...said, lineage: lineage as 'observed' | 'relayed' }))
    const shape = (claims: readonly Claim[]) => {
      const { independent, origins } = corroborate(claims)
      return { independent, origins: origins.map(({ kind, name }) => `${kind} ${name}`).sort() }
    }
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), claims => {
        expect(shape(claims.toReversed())).toEqual(shape(claims))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a score', () => {
  it('does not take the word of a nation rated E for what it has seen', () => {
    const old = claim('AAA', {}, 90)
    const seen = { sightings: [sighting('BBB', NOW_MS)] }
    const unrated = score([old], seen).score
    expect(unrated).toBeGreaterThan(score([old]).score)
    const policy = policyOf('{ ratings: [{ nation: BBB, rating: E }] }')
    expect(score([old], seen, policy).score).toBe(score([old]).score)
  })

  it('is the confidence of the author, weighed by the local rating', () => {
    expect(score([claim('AAA')]).score).toBe(80)
    expect(score([claimFrom({}, { timeMs: NOW_MS })]).score).toBe(50)
    const policy = policyOf('{ ratings: [{ nation: AAA, source: "feed:*", rating: c3 }, { nation: AAA, rating: B }] }')
    expect(score([claim('AAA')], {}, policy).score).toBe(60)
    expect(score([claim('AAA', { source: 'FEED:X' })], {}, policy).score).toBe(20)
    expect(score([claim('BBB')], {}, policy).score).toBe(80)
  })

  it('decays as MISP documents it, and a sighting sets the time back', () => {
    const policy = policyOf('{ decay: { domain: { lifetimeDays: 100, speed: 2 } } }')
    const old = claim('AAA', { confidence: 100 }, 25)
    expect(score([old], {}, policy).score).toBe(50)
    expect(score([claim('AAA', {}, 100)], {}, policy).score).toBe(0)
    expect(score([old], { sightings: [sighting('BBB', NOW_MS - 4 * DAY_MS)] }, policy).score).toBe(80)
    // Nobody keeps an indicator alive by seeing it in the future.
    expect(score([old], { sightings: [sighting('BBB', NOW_MS * 2, NOW_MS - 9 * DAY_MS)] }, policy).score).toBe(70)
    expect(score([old], {}, policyOf('{ decay: { domain: none } }')).score).toBe(100)
  })

  it('is nothing before and after the time that the author gave', () => {
    expect(score([claim('AAA', { validUntilMs: NOW_MS })]).score).toBe(0)
    expect(score([claim('AAA', { validFromMs: NOW_MS + 1 })]).score).toBe(0)
  })

  it('falls by opinions against it, as far as their nations are trusted, and the last word of each counts', () => {
    const one = claim('AAA')
    expect(score([one], { opinions: [opinion('BBB', 'false-positive')] }).score).toBe(40)
    expect(score([one], { opinions: [opinion('BBB', 'expired'), opinion('CCC', 'agree')] }).score).toBe(53)
    const changed = [opinion('BBB', 'false-positive', one, 1), opinion('BBB', 'agree', one, 2)]
    expect(score([one], { opinions: changed }).score).toBe(80)
    const other = opinion('BBB', 'false-positive', claim('CCC', { name: 'another' }))
    expect(score([one], { opinions: [other] }).score).toBe(80)
    const policy = policyOf('{ ratings: [{ nation: BBB, rating: E }] }')
    expect(score([one], { opinions: [opinion('BBB', 'false-positive')] }, policy).score).toBe(80)
  })

  it('rises by independent origins alone, and is explained', () => {
    const both = score([claim('AAA', { confidence: 50 }), claim('BBB', { confidence: 50 })])
    expect(both.score).toBe(75)
    const relays = ['AAA', 'BBB', 'CCC'].map(nation =>
      claim(nation, { confidence: 50, lineage: 'relayed', source: 'x' }),
    )
    expect(score(relays).score).toBe(50)
    expect(both.steps).toEqual([
      'observed by AAA: 50, the best of 1 claim',
      'observed by BBB: 50, the best of 1 claim',
      'score 75, which independent origins make together',
    ])
    expect(both.claims[0]!.steps.join(' ')).toMatch(/^confidence 50 × 1: 0 days since its author told of it \(domain: /)
  })

  it('does not depend on order or repetition', () => {
    const claims = [
      claim('AAA'),
      claim('BBB', { confidence: 30 }, 9),
      claim('CCC', { lineage: 'relayed', source: 'x' }),
    ]
    const opinions = [
      opinion('BBB', 'agree'),
      opinion('CCC', 'expired', claims[0], 5),
      opinion('CCC', 'agree', claims[0], 5),
    ]
    const sightings = [sighting('AAA', NOW_MS - DAY_MS), sighting('BBB', 7)]
    const whole = score(claims, { opinions, sightings })
    const again = {
      opinions: [...opinions.toReversed(), ...opinions],
      sightings: [...sightings.toReversed(), ...sightings],
    }
    expect(score(claims.toReversed(), again).score).toBe(whole.score)
  })
})

it.each([
  '{ ratings: [{ rating: G1 }] }',
  '{ decay: { domain: { lifetimeDays: 0 } } }',
  '{ ratings: [{ nation: x, rating: A }] }',
  '{ other: 1 }',
])('refuses %s in the policy with the line', text => expect(() => policyOf(text)).toThrow(/line 3/))
