import type { Finding, FindingVerdict } from '../audit/finding.ts'
import type { LogIdHex } from '../base/ids.ts'
import { shortId } from '../registry/phrase.ts'

/** A finding as the list shows it. */
export interface FindingRow {
  readonly verdict: FindingVerdict
  readonly code: string
  readonly sentence: string
  /** Whose, and where: `DEU · log 0123456789abcdef… · entry 12`. */
  readonly where: string
  readonly place: { readonly log: LogIdHex; readonly seq: number } | undefined
}

const WEIGHT: Readonly<Record<FindingVerdict, number>> = { false: 0, missing: 1, note: 2 }

/** What is false first; within a verdict as they were found. */
export function buildFindingRows(findings: readonly Finding[]): readonly FindingRow[] {
  return findings
    .map(({ verdict, code, sentence, nation, log, seq, count, size, version }) => ({
      verdict,
      code,
      sentence,
      where: [
        ...(nation === undefined ? [] : [nation]),
        ...(version === undefined ? [] : [`document ${version}`]),
        ...(log === undefined ? [] : [`log ${shortId(log)}`]),
        ...(seq === undefined ? [] : [entriesFrom(seq, count)]),
        ...(size === undefined ? [] : [`tree of ${size}`]),
      ].join(' · '),
      place: log === undefined ? undefined : { log, seq: seq ?? Math.max(0, (size ?? 1) - 1) },
    }))
    .toSorted((a, b) => WEIGHT[a.verdict] - WEIGHT[b.verdict])
}

function entriesFrom(seq: number, count = 1): string {
  return count > 1 ? `entries ${seq} to ${seq + count - 1}` : `entry ${seq}`
}
