import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Claim, claimKey } from '../../src/indicator/assertion.ts'
import { type Indicator, mergeClaims } from '../../src/indicator/merge.ts'
import { claimFrom } from '../support/indicator-claims.ts'

/** Few ids and few contents, so that repeats and conflicts are common. */
const anyClaim: fc.Arbitrary<Claim> = fc
  .record({
    nation: fc.constantFrom('AAA', 'BBB', 'CCC'),
    id: fc.nat(2),
    tlp: fc.constantFrom(1, 3, 5) as fc.Arbitrary<1 | 3 | 5>,
    exercise: fc.boolean(),
    confidence: fc.constantFrom(10, 90),
    labels: fc.subarray(['a', 'b', 'c']),
    validUntilMs: fc.constantFrom(0, 5_000, 9_000),
    timeMs: fc.constantFrom(1_000, 2_000),
    seq: fc.nat(2),
  })
  .map(({ nation, id, tlp, exercise, confidence, labels, validUntilMs, timeMs, seq }) =>
    claimFrom(
      { marking: { tlp, exercise }, confidence, labels, validUntilMs },
      { nation, timeMs, seq },
      { id: new Uint8Array(16).fill(id) },
    ),
  )

const anyClaims = fc.array(anyClaim, { maxLength: 8 })
const held = (indicator: Indicator | undefined): readonly Claim[] =>
  indicator === undefined ? [] : [...indicator.claims, ...indicator.shadowed]

describe('merging claims (R-4.2)', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(anyClaims, fc.func(fc.integer()), (claims, rank) => {
        const shuffled = claims.toSorted((a, b) => rank(a) - rank(b))
        expect(mergeClaims(shuffled)).toEqual(mergeClaims(claims))
        expect(mergeClaims(claims.toReversed())).toEqual(mergeClaims(claims))
      }),
      { numRuns: 100 },
    )
  })

  it('is associative: merging what was merged gives what merging at once gives', () => {
    fc.assert(
      fc.property(anyClaims, anyClaims, anyClaims, (a, b, c) => {
        const atOnce = mergeClaims([...a, ...b, ...c])
        const left = mergeClaims([...held(mergeClaims([...a, ...b])), ...c])
        const right = mergeClaims([...a, ...held(mergeClaims([...b, ...c]))])
        expect(left).toEqual(atOnce)
        expect(right).toEqual(atOnce)
      }),
      { numRuns: 100 },
    )
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(anyClaims, claims => {
        const merged = mergeClaims(claims)
        expect(mergeClaims([...claims, ...claims])).toEqual(merged)
        expect(mergeClaims(held(merged))).toEqual(merged)
      }),
      { numRuns: 100 },
    )
  })

  it('gives the same whether a claim is withdrawn before or after', () => {
    fc.assert(
      fc.property(anyClaims, anyClaims, (early, late) => {
        const withdrawn = new Set(early.slice(0, 2).map(claim => claimKey(claim.nation, claim.claim.id)))
        const before = mergeClaims([...held(mergeClaims(early, withdrawn)), ...late], withdrawn)
        const after = mergeClaims([...early, ...late], withdrawn)
        expect(before).toEqual(after)
        for (const claim of held(after)) expect(withdrawn.has(claimKey(claim.nation, claim.claim.id))).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})
