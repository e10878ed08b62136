import type { ProofResult } from '../audit/proof-result.ts'
import type { AuditResult } from '../audit/result.ts'
import type { EntryRow } from './entry-row.ts'
import type { TimeBars } from './time-bars.ts'

/** What the page asks of its worker. */
export type Request =
  | { readonly kind: 'check'; readonly file: Blob; readonly trust: string }
  /** Of run `run` the rows from `from` on, as many as stand in one part of the file at most. */
  | { readonly kind: 'rows'; readonly run: number; readonly from: number; readonly id: number }
  | { readonly kind: 'find'; readonly run: number; readonly seq: number; readonly id: number }

/** What the worker answers. */
export type Answer =
  | ({ readonly kind: 'progress' } & Progress)
  | { readonly kind: 'checked'; readonly checked: CheckedFile }
  /** The file could not be checked at all. */
  | { readonly kind: 'refused'; readonly sentence: string; readonly fix: string }
  | { readonly kind: 'rows'; readonly id: number; readonly from: number; readonly rows: readonly EntryRow[] }
  | { readonly kind: 'found'; readonly id: number; readonly row: number | undefined }

export interface Progress {
  readonly bytes: number
  readonly bytesTotal: number
  readonly entries: number
}

export interface Speed {
  /** Whose Ed25519 checked the entries. */
  readonly by: 'browser' | 'portable'
  readonly signatures: number
  readonly seconds: number
}

export type CheckedFile = CheckedExport | { readonly format: 'proof'; readonly result: ProofResult }

export interface CheckedExport {
  readonly format: 'audit'
  readonly result: AuditResult
  readonly speed: Speed
  /** One for each of `result.logs`. */
  readonly runs: readonly { readonly entries: number; readonly bars: TimeBars | undefined }[]
}
