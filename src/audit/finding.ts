import type { ErrorCode } from '../base/codes.ts'
import type { LogIdHex, NationId } from '../base/ids.ts'

/**
 * What a finding does to the verdict: `false`: something in the file, or something that somebody signed, is not true;
 * `missing`: it cannot be decided with what is here; `note`: for people to know, nothing is wrong.
 */
export type FindingVerdict = 'false' | 'missing' | 'note'

/** One thing that an auditor found, and where it lies. */
export interface Finding {
  readonly code: ErrorCode
  readonly verdict: FindingVerdict
  /** Whose log, document or cosignature it is. */
  readonly nation?: NationId
  readonly log?: LogIdHex
  /** The entry; of several the first. */
  readonly seq?: number
  /** How many entries from `seq` on. */
  readonly count?: number
  /** The tree: the number of its entries. */
  readonly size?: number
  /** The document: its version. */
  readonly version?: number
  /** For people: a plain sentence that stands alone. */
  readonly sentence: string
}

export type AuditVerdict = 'proved' | 'false' | 'missing'

/** What an audit collects, in the order found. */
export interface FindingBook {
  add(finding: Finding): void
  /** The gravest first. */
  readonly findings: readonly Finding[]
  readonly leftOut: number
  readonly verdict: AuditVerdict
}

/** Of each verdict; more are counted, and not listed: whoever made the file may have put any number of faults into it. */
const FINDINGS_MAX = 5000
const GRAVEST_FIRST = ['false', 'missing', 'note'] as const satisfies readonly FindingVerdict[]

export function createFindingBook(): FindingBook {
  const kept: Record<FindingVerdict, Finding[]> = { false: [], missing: [], note: [] }
  let leftOut = 0
  return {
    add(finding) {
      const list = kept[finding.verdict]
      if (list.length < FINDINGS_MAX) list.push(finding)
      else leftOut++
    },
    get findings() {
      return GRAVEST_FIRST.flatMap(verdict => kept[verdict])
    },
    get leftOut() {
      return leftOut
    },
    get verdict() {
      return kept.false.length > 0 ? 'false' : kept.missing.length > 0 ? 'missing' : 'proved'
    },
  }
}

/** `log 0123456789abcdef of AAA`. */
export function logName(log: LogIdHex, nation: NationId | undefined): string {
  return `log ${log.slice(0, 16)}${nation === undefined ? '' : ` of ${nation}`}`
}

/** `entry 7` or `entries 7 to 9`. */
export function entriesName(seq: number, count: number): string {
  return count === 1 ? `entry ${seq}` : `entries ${seq} to ${seq + count - 1}`
}

/** With its first letter large. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
