import { EMPTY, u8, utf8 } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import { CONTENT_BYTES_MAX } from '../crypto/padding.ts'
import { encode } from '../wire/codec.ts'
import { IndicatorClaim, type Item, type Reference } from '../wire/gen/tocsin.ts'
import { LABELS_MAX, REFERENCES_MAX, SHORT_TEXT_LENGTH_MAX, TEXT_LENGTH_MAX, VALUE_LENGTH_MAX } from '../wire/limits.ts'
import { canonicalValue } from './canonical.ts'
import { ITEM } from './item-type.ts'
import { encodeMarking, PAP, type Pap, type Tlp } from './marking.ts'
import { cleanLine, cleanText } from './text.ts'
import { indicatorText } from './type.ts'

/** What importers and the command line give: one value and what its source says of it. */
export interface ClaimDraft {
  readonly type: string
  /** In any spelling. */
  readonly value: string
  /** As the source wrote it, defanged perhaps; `value` where left out. */
  readonly original?: string
  readonly marking?: { readonly tlp?: Tlp; readonly pap?: Pap; readonly exercise?: boolean }
  /** 0 to 100. */
  readonly confidence?: number
  readonly validFromMs?: number
  readonly validUntilMs?: number
  readonly firstSeenMs?: number
  readonly lastSeenMs?: number
  readonly name?: string
  readonly description?: string
  readonly labels?: readonly string[]
  readonly references?: readonly DraftReference[]
  /** From whom or what the author has it. */
  readonly source?: string
  /** The object's id there, such as a STIX id. */
  readonly sourceId?: string
  readonly lineage?: 'observed' | 'relayed'
}

export interface DraftReference {
  readonly sourceName: string
  readonly url?: string
  readonly externalId?: string
  readonly description?: string
}

export interface ClaimContext {
  readonly allianceId: AllianceId
  readonly nation: NationId
  /** For drafts that say nothing. */
  readonly defaultTlp: Tlp
  /** How often the same content was asserted and withdrawn before: each makes a new id. */
  readonly assertion: number
}

export const LINEAGE = { UNSAID: 0, OBSERVED: 1, RELAYED: 2 } as const

const CLAIM_ID_BYTES = 16
const CONFIDENCE_MAX = 100
/** Tag and length of an item in its batch. */
const ITEM_FRAME_BYTES_MAX = 8

/**
 * The claim that a draft makes. The id is a hash of nation and content, so the same draft gives the same claim and
 * an import may be repeated; labels are sorted for that reason. Throws ProtocolError `indicator-invalid`,
 * `indicator-type` or `claim-invalid`.
 */
export function buildClaim(draft: ClaimDraft, context: ClaimContext): IndicatorClaim {
  const { type, value } = canonicalValue(draft.type, draft.value)
  const original = cleanText(draft.original ?? draft.value, VALUE_LENGTH_MAX)
  const content: IndicatorClaim = {
    id: EMPTY,
    type,
    value,
    original: original === value || original === indicatorText({ type, value }) ? '' : original,
    marking: encodeMarking({
      tlp: draft.marking?.tlp ?? context.defaultTlp,
      pap: draft.marking?.pap ?? PAP.UNSET,
      exercise: draft.marking?.exercise ?? false,
    }),
    confidencePlus1: draft.confidence === undefined ? 0 : confidenceOf(draft.confidence) + 1,
    ...timesOf(draft),
    name: cleanLine(draft.name ?? '', SHORT_TEXT_LENGTH_MAX),
    description: cleanText(draft.description ?? '', TEXT_LENGTH_MAX),
    labels: labelsOf(draft.labels ?? []),
    references: referencesOf(draft.references ?? []),
    source: cleanLine(draft.source ?? '', SHORT_TEXT_LENGTH_MAX),
    lineage:
      draft.lineage === undefined ? LINEAGE.UNSAID : LINEAGE[draft.lineage === 'observed' ? 'OBSERVED' : 'RELAYED'],
    sourceId: cleanLine(draft.sourceId ?? '', SHORT_TEXT_LENGTH_MAX),
    assertion: context.assertion,
  }
  return identifyClaim(content, context)
}

/** The claim with the id that follows from its content: as it would be had its draft said no more than that. */
export function identifyClaim(
  claim: IndicatorClaim,
  context: Pick<ClaimContext, 'allianceId' | 'nation'>,
): IndicatorClaim {
  return { ...claim, id: claimId(claim, context) }
}

/** `SHA256("tocsin/claim/v1\0" || alliance_id || u8 length || nation || claim with empty id)`, first 16 bytes. */
function claimId(claim: IndicatorClaim, context: Pick<ClaimContext, 'allianceId' | 'nation'>): Uint8Array {
  const nation = utf8(context.nation)
  const content = encode(IndicatorClaim, { ...claim, id: EMPTY })
  return labelledHash('tocsin/claim/v1', context.allianceId, u8(nation.length), nation, content).slice(
    0,
    CLAIM_ID_BYTES,
  )
}

/** Throws UserError `content-too-large` for a claim that fits into no message. */
export function encodeClaimItem(claim: IndicatorClaim): Item {
  const body = encode(IndicatorClaim, claim)
  if (body.length + ITEM_FRAME_BYTES_MAX > CONTENT_BYTES_MAX) {
    throw new UserError('content-too-large', `the claim on ${claim.type} takes ${body.length} bytes`, {
      fix: 'Shorten its description or give fewer references.',
    })
  }
  return { type: ITEM.INDICATOR, body }
}

function confidenceOf(confidence: number): number {
  if (!(confidence >= 0 && confidence <= CONFIDENCE_MAX)) {
    throw new ProtocolError('claim-invalid', `confidence ${confidence}; it goes from 0 to ${CONFIDENCE_MAX}`)
  }
  return Math.round(confidence)
}

type ClaimTimes = Pick<IndicatorClaim, 'validFromMs' | 'validUntilMs' | 'firstSeenMs' | 'lastSeenMs'>

function timesOf(draft: ClaimDraft): ClaimTimes {
  const times = {
    validFromMs: timeOf(draft.validFromMs, 'valid from'),
    validUntilMs: timeOf(draft.validUntilMs, 'valid until'),
    firstSeenMs: timeOf(draft.firstSeenMs, 'first seen'),
    lastSeenMs: timeOf(draft.lastSeenMs, 'last seen'),
  }
  if (isBoth(times.validFromMs, times.validUntilMs) && times.validUntilMs <= times.validFromMs) {
    throw new ProtocolError('claim-invalid', 'valid until is not after valid from')
  }
  if (isBoth(times.firstSeenMs, times.lastSeenMs) && times.lastSeenMs < times.firstSeenMs) {
    throw new ProtocolError('claim-invalid', 'last seen is before first seen')
  }
  return times
}

function timeOf(timeMs: number | undefined, what: string): number {
  if (timeMs === undefined) return 0
  const whole = Math.floor(timeMs)
  if (!Number.isSafeInteger(whole) || whole < 0) {
    throw new ProtocolError('claim-invalid', `${what} is ${timeMs}, which is no time after 1970`)
  }
  return whole
}

/** Zero stands for a time that is not said. */
function isBoth(earlierMs: number, laterMs: number): boolean {
  return earlierMs !== 0 && laterMs !== 0
}

function labelsOf(labels: readonly string[]): readonly string[] {
  const clean = labels.map(label => cleanLine(label, SHORT_TEXT_LENGTH_MAX)).filter(label => label !== '')
  return [...new Set(clean)].sort().slice(0, LABELS_MAX)
}

function referencesOf(references: readonly DraftReference[]): readonly Reference[] {
  return references.slice(0, REFERENCES_MAX).map(reference => ({
    sourceName: cleanLine(reference.sourceName, SHORT_TEXT_LENGTH_MAX),
    url: cleanLine(reference.url ?? '', VALUE_LENGTH_MAX),
    externalId: cleanLine(reference.externalId ?? '', SHORT_TEXT_LENGTH_MAX),
    description: cleanText(reference.description ?? '', TEXT_LENGTH_MAX),
  }))
}
