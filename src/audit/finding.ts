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

export interface FindingBook {
  add(finding: Finding): void
  /** As they were found; beyond the cap those that weigh less are counted and not kept. */
  readonly findings: readonly Finding[]
  readonly leftOut: number
  readonly verdict: AuditVerdict
}

/** More are counted, and not listed: whoever made the file may have put any number of faults into it. */
const FINDINGS_MAX = 10_000

export function createFindingBook(): FindingBook {
  const findings: Finding[] = []
  const seen: Record<FindingVerdict, number> = { false: 0, missing: 0, note: 0 }
  return {
    add(finding) {
      seen[finding.verdict]++
      if (findings.length < FINDINGS_MAX) findings.push(finding)
    },
    findings,
    get leftOut() {
      return seen.false + seen.missing + seen.note - findings.length
    },
    get verdict() {
      return seen.false > 0 ? 'false' : seen.missing > 0 ? 'missing' : 'proved'
    },
  }
}
