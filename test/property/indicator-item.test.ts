import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/base/errors.ts'
import { buildClaim, encodeClaimItem } from '../../src/indicator/claim.ts'
import { parseBatch, parseItem } from '../../src/indicator/item.ts'
import { context } from '../support/indicator-claims.ts'

const text = fc.string({ unit: 'binary', maxLength: 30 })
const timeMs = fc.integer({ min: 1, max: 4_000_000_000_000 })

const draft = fc.record(
  {
    type: fc.constant('domain'),
    value: fc.domain(),
    original: text,
    confidence: fc.integer({ min: 0, max: 100 }),
    validFromMs: timeMs,
    firstSeenMs: timeMs,
    name: text,
    description: text,
    labels: fc.array(text),
    references: fc.array(fc.record({ sourceName: text, url: text, externalId: text })),
    source: text,
    sourceId: text,
    lineage: fc.constantFrom('observed' as const, 'relayed' as const),
  },
  { requiredKeys: ['type', 'value'] },
)

function onlyProtocolErrors(parse: () => unknown): void {
  try {
    parse()
  } catch (cause) {
    expect(cause).toBeInstanceOf(ProtocolError)
    expect((cause as ProtocolError).code).toBe('item-malformed')
  }
}

describe('items', () => {
  it('that we build are items that everybody takes, whatever the texts', () => {
    fc.assert(
      fc.property(draft, given => {
        const claim = buildClaim(given, context())
        expect(parseItem(encodeClaimItem(claim))).toMatchObject({ kind: 'indicator', claim })
      }),
    )
  })

  it('of random bytes are malformed, never our own fault', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.uint8Array({ maxLength: 200 }), (type, body) => {
        onlyProtocolErrors(() => parseItem({ type, body }))
        onlyProtocolErrors(() => parseBatch(body))
      }),
      { numRuns: 2000 },
    )
  })

  it('with one byte changed parse to something or are malformed', () => {
    const claim = buildClaim({ type: 'domain', value: 'evil.example', labels: ['a'], confidence: 3 }, context())
    const { type, body } = encodeClaimItem(claim)
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (index, byte) => {
        const changed = body.slice()
        changed[index] = byte
        onlyProtocolErrors(() => parseItem({ type, body: changed }))
      }),
      { numRuns: 2000 },
    )
  })
})
