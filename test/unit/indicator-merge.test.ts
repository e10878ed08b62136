import { describe, expect, it } from 'vitest'
import { compareBytes, toHex } from '../../src/base/bytes.ts'
import { claimKey } from '../../src/indicator/assertion.ts'
import { isLive, validityAt } from '../../src/indicator/expiry.ts'
import { mergeClaims } from '../../src/indicator/merge.ts'
import { createViewDigest, digestLine } from '../../src/indicator/view-digest.ts'
import { claimFrom } from '../support/indicator-claims.ts'

describe('an indicator', () => {
  it('gathers what the nations say of one value (R-4.3)', () => {
    const first = claimFrom(
      {
        marking: { tlp: 1, pap: 3 },
        confidence: 40,
        labels: ['c2', 'apt'],
        source: 'feed',
        firstSeenMs: 500,
        validUntilMs: 9_000,
      },
      { nation: 'BBB', timeMs: 2_000 },
    )
    const second = claimFrom(
      {
        marking: { tlp: 4 },
        confidence: 90,
        labels: ['apt', 'bot'],
        lastSeenMs: 700,
        validFromMs: 1_500,
        validUntilMs: 8_000,
      },
      { nation: 'AAA', timeMs: 3_000 },
    )
    expect(mergeClaims([first, second])).toMatchObject({
      type: 'domain',
      value: 'evil.example',
      nations: ['AAA', 'BBB'],
      marking: { tlp: 4, pap: 3, exercise: false },
      confidence: 90,
      firstSeenMs: 500,
      lastSeenMs: 700,
      firstClaimedMs: 2_000,
      lastClaimedMs: 3_000,
      validFromMs: 1_500,
      validUntilMs: 9_000,
      labels: ['apt', 'bot', 'c2'],
      sources: ['feed'],
      conflict: false,
    })
  })

  it('keeps the marking of each claim', () => {
    const merged = mergeClaims([
      claimFrom({ marking: { tlp: 5 } }, { nation: 'AAA' }),
      claimFrom({ marking: { tlp: 1 } }, { nation: 'BBB' }),
    ])
    expect(merged?.claims.map(claim => claim.marking.tlp)).toEqual([5, 1])
  })

  it('has no end while one claim has none, and no confidence where none is given', () => {
    const merged = mergeClaims([claimFrom({ validUntilMs: 5_000 }), claimFrom({ labels: ['x'] })])
    expect(merged).toMatchObject({ validUntilMs: 0, confidence: undefined })
  })

  it('never shows a withdrawn claim, and vanishes with its last one (R-4.1)', () => {
    const kept = claimFrom({ labels: ['kept'] })
    const gone = claimFrom({ labels: ['gone'] })
    const withdrawn = new Set([claimKey(gone.nation, gone.claim.id)])
    expect(mergeClaims([kept, gone], withdrawn)?.labels).toEqual(['kept'])
    expect(mergeClaims([gone], withdrawn)).toBeUndefined()
    expect(mergeClaims([])).toBeUndefined()
  })

  it("does not let one nation withdraw another's claim", () => {
    const claim = claimFrom({}, { nation: 'AAA' })
    const withdrawn = new Set([claimKey(claimFrom({}, { nation: 'BBB' }).nation, claim.claim.id)])
    expect(mergeClaims([claim], withdrawn)?.nations).toEqual(['AAA'])
  })

  it('shows of two assertions of one id the one with the lesser hash, and says so (R-4.1)', () => {
    const id = new Uint8Array(16).fill(1)
    const both = ['one', 'two'].map(label => claimFrom({ labels: [label] }, {}, { id }))
    const [lesser, greater] = both.toSorted((a, b) => compareBytes(a.itemHash, b.itemHash))
    for (const order of [both, both.toReversed()]) {
      const merged = mergeClaims(order)
      expect(merged).toMatchObject({ conflict: true, labels: lesser!.claim.labels })
      expect(merged?.claims).toEqual([{ ...lesser, conflict: true }])
      expect(merged?.shadowed).toEqual([greater])
    }
  })

  it('counts an item that was published twice once, with the earlier entry', () => {
    const early = claimFrom({}, { timeMs: 1_000, seq: 9 })
    const late = claimFrom({}, { timeMs: 2_000, seq: 3 })
    const merged = mergeClaims([late, early])
    expect(merged?.claims).toEqual([{ ...early, conflict: false }])
    expect(merged).toMatchObject({ conflict: false, lastClaimedMs: 1_000 })
  })
})

describe('validity', () => {
  const claim = claimFrom({ validFromMs: 1_000, validUntilMs: 2_000 })

  it.each([
    [999, 'pending'],
    [1_000, 'valid'],
    [1_999, 'valid'],
    [2_000, 'expired'],
  ])('at %d is %s', (nowMs, validity) => {
    expect(validityAt(claim, nowMs)).toBe(validity)
  })

  it('begins at once and never ends where nothing is said', () => {
    expect(validityAt(claimFrom({}), 0)).toBe('valid')
    expect(validityAt(claimFrom({}), Number.MAX_SAFE_INTEGER)).toBe('valid')
  })

  it('of an indicator lasts while one claim is valid', () => {
    const other = claimFrom({ validFromMs: 3_000, validUntilMs: 4_000 })
    expect([500, 1_500, 2_500, 3_500, 4_500].map(nowMs => isLive({ claims: [claim, other] }, nowMs))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ])
  })
})

describe('the digest of a view', () => {
  const lines = ['a.example', 'b.example', 'c.example']
    .map(value => claimFrom({ value }))
    .map(claim => digestLine({ ...claim, id: claim.claim.id }))

  function digestOf(given: readonly Uint8Array[]): string {
    const digest = createViewDigest()
    for (const line of given) digest.add(line)
    return toHex(digest.digest())
  }

  it('is pinned', () => {
    expect(digestOf([])).toBe('bd45324735b9c96df65b071622f69af35ac7ddfa0ae3cc8ceb02c55b11f7e3eb')
    expect(digestOf(lines)).toBe('bb1228a2c94a77efdd67d0e4268ec3e7ebb4abd6ffb71b01be65d6b353cfcdca')
  })

  it('counts a repeated line once and differs where a claim differs', () => {
    expect(digestOf([lines[0]!, lines[0]!, lines[1]!, lines[2]!])).toBe(digestOf(lines))
    expect(digestOf(lines.slice(1))).not.toBe(digestOf(lines))
  })

  it('refuses lines that do not ascend', () => {
    expect(() => digestOf(lines.toReversed())).toThrow(expect.objectContaining({ code: 'internal' }))
  })
})
