import type { ErrorCode } from '../../base/codes.ts'
import { StoreError } from '../../base/errors.ts'
import type { ImportRow, RefusedRow } from '../../formats/import-row.ts'
import { hitText, type WarningHit } from '../../policy/warninglists.ts'

/** How often something was said, and where first. */
export interface Remark {
  readonly code: ErrorCode
  readonly count: number
  /** `line 12` */
  readonly place: string
  /** What was said there. */
  readonly message: string
}

/** `rows` is the sum of the five after it. */
export interface ImportCounts {
  readonly rows: number
  readonly new: number
  readonly duplicate: number
  /** Stored, and signed once a peer has answered. */
  readonly queued: number
  /** Stored, and signed once a second person has approved them. */
  readonly held: number
  readonly refused: number
  /** How many of the rows that went in are objects of context rather than indicators. */
  readonly context: number
}

export interface ImportTally {
  /** `hits`: the warninglists that it is on all the same. */
  count(
    row: Exclude<ImportRow, RefusedRow>,
    outcome: 'new' | 'duplicate' | 'queued' | 'held',
    hits?: readonly WarningHit[],
  ): void
  refuse(row: RefusedRow): void
  counts(): ImportCounts
  /** By code, and by warninglist; there are no more of them than of these. */
  warnings(): readonly Remark[]
  refusals(): readonly Remark[]
}

export function createImportTally(): ImportTally {
  const counts = { rows: 0, new: 0, duplicate: 0, queued: 0, held: 0, refused: 0, context: 0 }
  const warnings = new Map<string, Remark>()
  const refusals = new Map<string, Remark>()
  return {
    count(row, outcome, hits = []) {
      counts.rows++
      counts[outcome]++
      if (row.kind === 'context') counts.context++
      for (const { code, message } of row.warnings) remark(warnings, { code, place: row.place, message })
      if (row.kind === 'context') return
      for (const hit of hits) {
        const said = { code: 'warninglist-warned', place: row.place, message: hitText(row.draft.value, hit) } as const
        remark(warnings, said, `${said.code} ${hit.list}`)
      }
    },
    refuse({ code, place, reason }) {
      counts.rows++
      counts.refused++
      remark(refusals, { code, place, message: reason })
    },
    counts: () => ({ ...counts }),
    warnings: () => [...warnings.values()],
    refusals: () => [...refusals.values()],
  }
}

/** Nothing may get lost between the file and the node. `rowsRead` is how many rows the file gave. */
export function assertComplete(
  { rows, duplicate, queued, held, refused, ...counts }: ImportCounts,
  rowsRead: number,
): void {
  if (rows === rowsRead && rows === counts.new + duplicate + queued + held + refused) return
  throw new StoreError('internal', `${rowsRead} rows were read, and the outcome of ${rows} is known`, {
    fix: 'Run the import again: what went in is recognised. And please report it.',
  })
}

function remark(remarks: Map<string, Remark>, said: Omit<Remark, 'count'>, kind: string = said.code): void {
  const before = remarks.get(kind)
  remarks.set(kind, before === undefined ? { ...said, count: 1 } : { ...before, count: before.count + 1 })
}
