import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { parseAllianceId, parseNationId } from '../../src/base/ids.ts'
import { buildClaim, type ClaimDraft, encodeClaimItem } from '../../src/indicator/claim.ts'
import { indicatorId, indicatorIdText, parseIndicatorIdText } from '../../src/indicator/indicator-id.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { context } from '../support/indicator-claims.ts'

const draft: ClaimDraft = { type: 'domain', value: 'EVIL.example', labels: ['c2', 'apt'], confidence: 80 }
const idOf = (over: Partial<ClaimDraft> = {}, where = context()) => toHex(buildClaim({ ...draft, ...over }, where).id)

describe('the id of a claim', () => {
  it('is the same for the same content, so an import may be repeated', () => {
    expect(idOf()).toBe(idOf())
    expect(idOf({ labels: ['apt', 'c2', 'apt', ' c2 '] })).toBe(idOf())
  })

  it('is pinned', () => {
    const where = context({ allianceId: parseAllianceId(new Uint8Array(32)) })
    expect(idOf({}, where)).toBe('8a90a1c7e2208305865d75ff202be9b7')
  })

  it.each([
    ['value', { value: 'other.example' }],
    ['original spelling', { original: 'evil[.]example' }],
    ['marking', { marking: { tlp: 5 } }],
    ['exercise flag', { marking: { exercise: true } }],
    ['confidence', { confidence: 81 }],
    ['labels', { labels: ['c2'] }],
    ['source', { source: 'a feed' }],
    ['validity', { validUntilMs: 5 }],
  ] as const)('differs with the %s', (_, over) => {
    expect(idOf(over)).not.toBe(idOf())
  })

  it('differs with the nation, the alliance, and after a withdrawal', () => {
    const ids = [
      idOf(),
      idOf({}, context({ nation: parseNationId('BBB') })),
      idOf({}, context({ allianceId: parseAllianceId(new Uint8Array(32)) })),
      idOf({}, context({ assertion: 1 })),
      idOf({}, context({ assertion: 2 })),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('a claim', () => {
  it('carries the canonical value, and the original where it differs', () => {
    expect(buildClaim(draft, context())).toMatchObject({ value: 'evil.example', original: 'EVIL.example' })
    expect(buildClaim({ ...draft, value: ' evil.example ' }, context()).original).toBe('')
    expect(buildClaim({ ...draft, original: 'evil[.]example' }, context()).original).toBe('evil[.]example')
  })

  it('takes the default TLP where the draft says none, and its own where it does', () => {
    expect(buildClaim(draft, context({ defaultTlp: 3 })).marking).toEqual({ tlp: 3, pap: 0, exercise: 0 })
    expect(buildClaim({ ...draft, marking: { tlp: 1, pap: 4, exercise: true } }, context()).marking).toEqual({
      tlp: 1,
      pap: 4,
      exercise: 1,
    })
  })

  it('tells a confidence of 0 from none', () => {
    expect(buildClaim({ ...draft, confidence: 0 }, context()).confidencePlus1).toBe(1)
    expect(buildClaim({ type: 'domain', value: 'evil.example' }, context()).confidencePlus1).toBe(0)
    expect(buildClaim({ ...draft, confidence: 100 }, context()).confidencePlus1).toBe(101)
  })

  it('cleans and caps its texts without cutting a character in half', () => {
    const claim = buildClaim(
      {
        ...draft,
        name: ` a\0b\nc\ud800 `,
        description: `line\r\n\tindented\x07${'x'.repeat(20_000)}`,
        source: `${'y'.repeat(511)}😀`,
        labels: ['', ' ', 'z'.repeat(600), ...Array.from({ length: 80 }, (_, index) => `l${index}`)],
      },
      context(),
    )
    expect(claim.name).toBe('a b c\ufffd')
    expect(claim.description.startsWith('line\r\n\tindentedxxx')).toBe(true)
    expect(claim.description).toHaveLength(16_384)
    expect(claim.source).toBe('y'.repeat(511))
    expect(claim.labels).toHaveLength(64)
  })

  it.each([
    [{ confidence: 101 }, 'confidence 101'],
    [{ confidence: -1 }, 'confidence -1'],
    [{ confidence: Number.NaN }, 'confidence NaN'],
    [{ validFromMs: -1 }, 'no time after 1970'],
    [{ validUntilMs: Number.POSITIVE_INFINITY }, 'no time after 1970'],
    [{ validFromMs: 5, validUntilMs: 5 }, 'valid until is not after valid from'],
    [{ firstSeenMs: 6, lastSeenMs: 5 }, 'last seen is before first seen'],
  ])('refuses %j', (over, reason) => {
    expect(() => buildClaim({ ...draft, ...over }, context())).toThrow(
      expect.objectContaining({ code: 'claim-invalid', message: expect.stringContaining(reason) }),
    )
  })

  it('becomes an item of type 1, if it fits into a message', () => {
    expect(encodeClaimItem(buildClaim(draft, context())).type).toBe(ITEM.INDICATOR)
    const references = Array.from({ length: 64 }, () => ({ sourceName: 's', description: 'd'.repeat(1000) }))
    expect(() => encodeClaimItem(buildClaim({ ...draft, references }, context()))).toThrow(
      expect.objectContaining({ code: 'content-too-large' }),
    )
  })
})

describe('the id of an indicator', () => {
  it('is pinned, and reads back from its text', () => {
    const id = indicatorId({ type: 'domain', value: 'evil.example' })
    expect(indicatorIdText(id)).toBe('f4c8483df7329ee0c600ccff041c68ea')
    expect(parseIndicatorIdText(indicatorIdText(id).toUpperCase())).toEqual(id)
  })

  it('tells types apart and refuses a text that is none', () => {
    expect(indicatorId({ type: 'md5', value: 'a' })).not.toEqual(indicatorId({ type: 'md', value: '5a' }))
    expect(() => parseIndicatorIdText('abc')).toThrow('is no indicator id')
  })
})
