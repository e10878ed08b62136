import type { ErrorCode } from '../base/codes.ts'
import type { Advice } from '../indicator/advice.ts'
import type { ClaimDraft } from '../indicator/claim.ts'

/**
 * What every importer gives. Nothing of the input is lost in silence: each value is one row of one of these kinds, and
 * an input row that holds no value is one refused row. Blank lines and comments are no rows.
 */
export type ImportRow = ClaimRow | ContextRow | RefusedRow

export interface ClaimRow {
  readonly kind: 'claim'
  /** `line 12`, `line 12 column sha1`, `objects[3]`. */
  readonly place: string
  readonly draft: ClaimDraft
  readonly warnings: readonly Advice[]
  /** The id of who made it: of a STIX identity, of an organisation of MISP. */
  readonly createdBy?: string
}

/** One STIX object that is no indicator, kept as it is. */
export interface ContextRow {
  readonly kind: 'context'
  readonly place: string
  readonly stixId: string
  /** RFC 8785 JSON of the object, at most `CONTEXT_BYTES_MAX` bytes of UTF-8. */
  readonly json: string
  readonly marking?: DraftMarking
  readonly warnings: readonly Advice[]
  readonly createdBy?: string
}

export interface RefusedRow {
  readonly kind: 'refused'
  readonly place: string
  readonly code: ErrorCode
  readonly reason: string
  /** What was refused, cut to `REFUSED_TEXT_LENGTH_MAX` characters. */
  readonly text: string
  /** The object's id at its source, where that takes it back. */
  readonly revokes?: string
}

export type DraftMarking = NonNullable<ClaimDraft['marking']>

/** With its frame it fits into a message. */
export const CONTEXT_BYTES_MAX = 60 * 1024
export const REFUSED_TEXT_LENGTH_MAX = 512

export function refusedRow(place: string, code: ErrorCode, reason: string, text: string): RefusedRow {
  return { kind: 'refused', place, code, reason, text: text.slice(0, REFUSED_TEXT_LENGTH_MAX).toWellFormed() }
}

/** `values` is the sum of the others; the node counts claims and context again as new or duplicate. */
export interface Tally {
  readonly values: number
  readonly claims: number
  readonly context: number
  readonly refused: number
}

export const EMPTY_TALLY: Tally = { values: 0, claims: 0, context: 0, refused: 0 }

export function applyRow(tally: Tally, row: ImportRow): Tally {
  return {
    values: tally.values + 1,
    claims: tally.claims + (row.kind === 'claim' ? 1 : 0),
    context: tally.context + (row.kind === 'context' ? 1 : 0),
    refused: tally.refused + (row.kind === 'refused' ? 1 : 0),
  }
}
