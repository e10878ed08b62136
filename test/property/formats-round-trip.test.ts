import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { ownUuid, stixIndicatorId } from '../../src/formats/stix-id.ts'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import type { ClaimDraft } from '../../src/indicator/claim.ts'
import { INDICATOR_TYPES, indicatorText } from '../../src/indicator/type.ts'
import { claimOf, draftsOf, exportOf, NATION, PUBLISHED_MS, saysOf, storedByMisp } from '../support/round-trip.ts'

/**
 * What does not survive a way through other formats, and what it becomes. Whatever is not named here comes back to the
 * letter: a loss that nobody has named fails.
 */
interface Loss {
  readonly why: string
  readonly becomes: (claim: Claim) => unknown
}
type Claim = ReturnType<typeof claimOf>
type Losses = Partial<Record<keyof Claim, Loss>>

const RELAYED = 2

const BY_ANY: Losses = {
  original: { why: 'how the first author spelled the value is not exported', becomes: () => '' },
  lineage: { why: 'who reads it in has been told of it', becomes: () => RELAYED },
}

const BY_STIX: Losses = {
  ...BY_ANY,
  source: {
    why: 'where its author names nobody, it is from the author',
    becomes: ({ source, sourceId }) => (source === '' && sourceId === '' ? NATION : source),
  },
  sourceId: {
    why: 'where its author names none, it is the id of the STIX object',
    becomes: ({ id, source, sourceId }) =>
      source === '' && sourceId === '' ? stixIndicatorId(NATION, toHex(id)) : sourceId,
  },
}

const attributeId = ({ id }: Claim) => ownUuid('attribute', NATION, toHex(id))

const BY_MISP: Losses = {
  ...BY_STIX,
  sourceId: {
    why: 'where its author names none, it is the uuid of the attribute',
    becomes: claim => (claim.source === '' && claim.sourceId === '' ? attributeId(claim) : claim.sourceId),
  },
}

const INFO = 'Tocsin Example alliance: export live'

/** Through a MISP that stores the event, and with it what it knows alone. */
const BY_STORED_MISP: Losses = {
  original: BY_ANY.original!,
  lineage: { why: 'MISP does not know who saw and who was told', becomes: () => 0 },
  source: { why: 'MISP names the organisation that made the event', becomes: () => NATION },
  sourceId: { why: 'MISP knows its own ids', becomes: attributeId },
  name: { why: 'only an event has a title', becomes: () => INFO },
  description: { why: 'an attribute has one text', becomes: ({ name, description }) => description || name },
  confidencePlus1: { why: 'MISP has no confidence', becomes: () => 0 },
  validFromMs: {
    why: 'MISP knows when an attribute changed, in seconds',
    becomes: () => Math.floor(PUBLISHED_MS / 1000) * 1000,
  },
  validUntilMs: { why: 'MISP has no end of validity', becomes: () => 0 },
  references: {
    why: 'MISP has references for events only',
    becomes: () => [{ sourceName: 'MISP', url: '', externalId: ownUuid('event', NATION, 'live'), description: INFO }],
  },
  labels: {
    why: 'MISP marks what detection tools find nothing by',
    becomes: ({ type, labels }) => (type === 'cve' ? [...labels, 'misp:to_ids="0"'].sort() : labels),
  },
}

/** From others a name in quotes is read without them, and a defanged one as it was meant. */
const PLAIN_NAME = fc.stringMatching(/^[a-z][a-z0-9_ -]{0,20}[a-z0-9]$/)

/** Types for which MISP has no attribute: `other`, which says no more. */
const UNKNOWN_TO_MISP: ReadonlySet<string> = new Set(['ja4'])

function expectSame(before: ClaimDraft, after: readonly ClaimDraft[], losses: Losses): void {
  expect(after).toHaveLength(1)
  const claim = claimOf(before)
  const expected: Record<string, unknown> = { ...saysOf(before) }
  for (const [field, loss] of Object.entries(losses)) expected[field] = loss.becomes(claim)
  expect(saysOf(after[0]!)).toEqual(expected)
}

const runs = { numRuns: 150 }

describe('a claim', () => {
  it('survives STIX', async () => {
    await fc.assert(
      fc.asyncProperty(draft(), async before => {
        expectSame(before, await draftsOf(exportOf('stix', [before])), BY_STIX)
      }),
      runs,
    )
  })

  it('survives MISP', async () => {
    await fc.assert(
      fc.asyncProperty(draft(), async before => {
        expectSame(before, await draftsOf(exportOf('misp', [before])), BY_MISP)
      }),
      runs,
    )
  })

  it('survives STIX and then MISP and then STIX', async () => {
    await fc.assert(
      fc.asyncProperty(draft(), async before => {
        const [first] = await draftsOf(exportOf('stix', [before]))
        const [second] = await draftsOf(exportOf('misp', [first!]))
        expectSame(before, await draftsOf(exportOf('stix', [second!])), BY_STIX)
      }),
      runs,
    )
  })

  it('loses in a MISP that stores it what MISP has no word for, and nothing else', async () => {
    const known = draft(PLAIN_NAME).filter(({ type, value }) => !UNKNOWN_TO_MISP.has(type) && isMispWord(type, value))
    await fc.assert(
      fc.asyncProperty(known, async before => {
        expectSame(before, await draftsOf(storedByMisp(exportOf('misp', [before]))), BY_STORED_MISP)
      }),
      runs,
    )
  })

  it('does not change any more on a second way', async () => {
    await fc.assert(
      fc.asyncProperty(draft(), async before => {
        const once = await draftsOf(exportOf('stix', [before]))
        const twice = await draftsOf(exportOf('stix', once))
        expect(twice.map(saysOf)).toEqual(once.map(saysOf))
      }),
      { numRuns: 50 },
    )
  })
})

/** MISP has words for Bitcoin and Monero alone. */
function isMispWord(type: string, value: string): boolean {
  return type !== 'crypto-address' || /^[13]/.test(value)
}

function draft(names = fc.string({ unit: 'grapheme', minLength: 1 })): fc.Arbitrary<ClaimDraft> {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map(said => said.trim())
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{2,12}$/)
  const moment = fc.integer({ min: 1, max: Date.UTC(2100, 0, 1) })
  const label = fc.oneof(word, text, fc.constantFrom('port:443', 'misp:type="hostname"', 'kill-chain:a="b"', 'unknown'))
  const reference = fc
    .record({
      sourceName: word,
      url: fc.constantFrom('', 'https://cert.example/a?b=c#d'),
      externalId: text,
      description: text,
    })
    .filter(({ url, externalId, description }) => url + externalId + description !== '')
  const interval = fc.tuple(moment, moment).filter(([from, until]) => from < until)
  return fc
    .record({
      typed: typedValue(names),
      marking: fc.record({
        tlp: fc.constantFrom(1, 2, 3, 4, 5),
        pap: fc.constantFrom(0, 1, 2, 3, 4),
        exercise: fc.boolean(),
      }),
      confidence: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
      valid: fc.option(interval, { nil: undefined }),
      seen: fc.option(interval, { nil: undefined }),
      name: text,
      description: text,
      labels: fc.array(label, { maxLength: 4 }),
      references: fc.array(reference, { maxLength: 3 }),
      source: text,
      sourceId: text,
    })
    .map(({ typed, confidence, valid, seen, ...others }) => ({
      ...typed,
      ...others,
      ...(confidence !== undefined && { confidence }),
      ...(valid && { validFromMs: valid[0], validUntilMs: valid[1] }),
      ...(seen && { firstSeenMs: seen[0], lastSeenMs: seen[1] }),
    })) as fc.Arbitrary<ClaimDraft>
}

/** The example of each type, and names with whatever is in them. */
function typedValue(names: fc.Arbitrary<string>): fc.Arbitrary<{ type: string; value: string }> {
  const examples = [...INDICATOR_TYPES].map(([type, { example }]) => canonicalValue(type, example))
  const named = fc.tuple(fc.constantFrom('filename', 'mutex', 'user-agent'), names).map(([type, value]) => {
    try {
      return canonicalValue(type, value)
    } catch {
      return canonicalValue(type, 'plain')
    }
  })
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...examples) }, named).map(typed => ({
    type: typed.type,
    value: indicatorText(typed),
  }))
}
