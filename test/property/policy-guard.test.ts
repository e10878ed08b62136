import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { NationId } from '../../src/base/ids.ts'
import { parseItem } from '../../src/indicator/item.ts'
import { createGuard, type Guard, type GuardJudgement } from '../../src/policy/guard.ts'
import type { GuardRule } from '../../src/policy/guard-policy.ts'
import { claimOf, EVERYBODY, judge, leavingClaim } from '../support/guard-policy.ts'

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 1 })

const rule: fc.Arbitrary<GuardRule> = fc.record({
  name: fc.constant('r'),
  number: fc.constant(1),
  line: fc.constant(1),
  when: fc.record({
    type: optional(some('domain', 'ipv4', 'url')),
    tlp: optional(some(1, 2, 3, 4, 5) as fc.Arbitrary<(1 | 2 | 3 | 4 | 5)[]>),
    labels: optional(some('x', 'apt:*')),
    domain: optional(some('evil.example', 'example')),
    within: optional(some('198.51.100.0/24', '0.0.0.0/0', '::/0', '198.51.100.7')),
    overlaps: optional(some('198.51.100.128/25', '198.0.0.0/8')),
    value: optional(some('c2.evil.example', '198.51.100.7')),
    source: optional(some('US', 'u*')),
    reader: optional(some('BBB', 'DDD')),
  }),
  redact: fc.subarray(['description', 'labels', 'source'] as const),
  precision: fc.record({ ipv4: optional(fc.integer({ min: 8, max: 31 })), host: optional(fc.constant(true as const)) }),
  raise: fc.record({ tlp: optional(fc.constantFrom(1, 3, 5) as fc.Arbitrary<1 | 3 | 5>) }),
  limitPerHour: optional(fc.integer({ min: 1, max: 3 })),
  action: optional(fc.constantFrom('allow', 'deny', 'hold')),
})

const item = fc
  .record({
    subject: fc.constantFrom(
      ['domain', 'c2.evil.example'],
      ['ipv4', '198.51.100.7'],
      ['cidr', '198.51.0.0/16'],
      ['url', 'http://a.example/x'],
    ),
    labels: fc.subarray(['x', 'apt:1', 'y']),
    description: fc.constantFrom('', 'text'),
    source: fc.constantFrom('', 'us'),
    tlp: fc.constantFrom(1, 2, 3, 4, 5),
  })
  .map(({ subject: [type, value], tlp, ...rest }) =>
    claimOf({ value: value!, marking: { tlp: tlp as 1 | 2 | 3 | 4 | 5 }, ...rest }, type),
  )

const guardOf = (rules: readonly GuardRule[]): Guard => createGuard({ rules, holdMs: 1 })

/** 0 does not leave, 1 by two persons, 2 by one. */
const laxity = ({ kind }: GuardJudgement) => ['deny', 'hold', 'allow'].indexOf(kind)

test('decides the same on the same, whenever it is asked', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), item, (rules, each) => {
      expect(judge(guardOf(rules), each)).toEqual(judge(guardOf(rules), each))
    }),
  )
})

test('decides by the rule that reading them one by one would find', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), item, (rules, each) => {
      const numbered = rules.map((one, index) => ({ ...one, number: index + 1 }))
      const guard = guardOf(numbered)
      const { decision } = judge(guard, each)
      expect(decision.rule?.number).toBe(guard.explain(each, EVERYBODY, () => 0).find(({ decided }) => decided)?.number)
    }),
  )
})

test('is never laxer with a rule before the others that denies, holds, or only changes', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), rule, item, (rules, first, each) => {
      const before = judge(guardOf(rules), each)
      const denying = judge(guardOf([{ ...first, action: 'deny' }, ...rules]), each)
      const changing = judge(guardOf([{ ...first, action: undefined }, ...rules]), each)
      expect(laxity(denying)).toBeLessThanOrEqual(laxity(before))
      expect(laxity(changing)).toBeLessThanOrEqual(laxity(before))
    }),
  )
})

test('lets nothing leave that says more than was submitted, or binds its readers less', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), item, (rules, each) => {
      const judgement = judge(guardOf([...rules, { ...NOTHING, action: 'allow' }]), each)
      if (judgement.kind === 'deny') return
      const claim = leavingClaim(judgement)
      const parsed = parseItem(each)
      if (parsed.kind !== 'indicator') throw new Error(parsed.kind)
      const submitted = parsed.claim
      expect(claim.marking!.tlp).toBeGreaterThanOrEqual(submitted.marking!.tlp)
      for (const field of ['description', 'source', 'original'] as const) {
        expect(['', submitted[field]]).toContain(claim[field])
      }
      expect(submitted.labels).toEqual(expect.arrayContaining([...claim.labels]))
    }),
  )
})

test('makes of what has left already what it is', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), item, (rules, each) => {
      const changing = rules.map(one => ({ ...one, when: {}, action: undefined, limitPerHour: undefined }))
      const guard = guardOf([...changing, { ...NOTHING, action: 'allow' }])
      const judgement = judge(guard, each)
      if (judgement.kind !== 'allow') return
      const again = judge(guard, judgement.item.item)
      if (again.kind !== 'allow') throw new Error(again.kind)
      expect(toHex(again.item.item.body)).toBe(toHex(judgement.item.item.body))
    }),
  )
})

test('opens nothing to readers that a rule shuts out', () => {
  const guard = guardOf([
    { ...NOTHING, when: { reader: ['DDD'] }, action: 'deny' },
    { ...NOTHING, action: 'allow' },
  ])
  const readers = fc.subarray(['BBB', 'CCC', 'DDD'] as NationId[])
  fc.assert(
    fc.property(readers, item, (nations, each) => {
      const { kind } = judge(guard, each, { ...EVERYBODY, readers: nations })
      expect(kind).toBe(nations.includes('DDD' as NationId) ? 'deny' : 'allow')
    }),
  )
})

const NOTHING: GuardRule = { name: 'last', number: 9, line: 9, when: {}, redact: [], precision: {}, raise: {} }
