import type { LogIdHex } from '../base/ids.ts'
import { isOfTombstone, type VerifiedPurgeReceipt } from '../chain/purge-receipt.ts'
import type { Directory } from '../registry/directory.ts'
import type { AuditedLog, AuditedRun } from './audited-run.ts'
import type { BodyGap, FoundTombstone } from './content-run.ts'
import { entriesName, type FindingBook, logName, sentence } from './finding.ts'
import type { HeaderPart } from './part.ts'
import type { ErasureFacts } from './result.ts'

const DAY_MS = 86_400_000

/** What was erased, and which bodies that accounts for. */
export interface Erasures {
  /** TOMBSTONEs that stand in this log and have effect. */
  of(log: LogIdHex): readonly ErasureFacts[]
  /** Missing bodies of a log that a TOMBSTONE accounts for. */
  bodiesErased(log: LogIdHex): number
}

export interface ErasureContext {
  readonly header: HeaderPart
  readonly directory: Directory
  readonly purges: readonly VerifiedPurgeReceipt[]
  readonly book: FindingBook
}

type Logs = ReadonlyMap<LogIdHex, AuditedLog>

export function judgeErasures(logs: Logs, { header, directory, purges, book }: ErasureContext): Erasures {
  const facts = new Map<LogIdHex, ErasureFacts[]>()
  const erased = new Map<LogIdHex, Set<number>>()
  for (const of of logs.values()) {
    for (const tombstone of of.main?.content.tombstones ?? []) {
      if (tombstone.seq >= of.standing.limit) continue
      const reason = whyVoid(tombstone, of, logs)
      if (reason !== undefined) {
        book.add(voidTombstone(of, tombstone, reason))
        continue
      }
      const { log, seq } = tombstone.target
      erased.set(log, (erased.get(log) ?? new Set()).add(seq))
      const purged = purgesOf(of, tombstone, purges, directory)
      facts.set(of.logHex, [...(facts.get(of.logHex) ?? []), { ...tombstone, purged }])
    }
  }
  const retentionMs = directory.policy.bodyRetentionDays * DAY_MS
  const counts = new Map<LogIdHex, number>()
  for (const of of logs.values()) {
    if (of.main === undefined) continue
    const gone = erased.get(of.logHex) ?? new Set<number>()
    counts.set(of.logHex, countErased(of.main, gone))
    if (header.withBodies) judgeBodies(of, of.main, gone, header.madeMs - retentionMs, book)
  }
  return { of: log => facts.get(log) ?? [], bodiesErased: log => counts.get(log) ?? 0 }
}

/** Why it erases nothing. */
function whyVoid({ target }: FoundTombstone, { log }: AuditedLog, logs: Logs): string | undefined {
  const of = logs.get(target.log)
  if (of !== undefined && of.log.nation !== log.nation) return `it names an entry of ${of.log.nation}`
  if (of?.main?.content.notBatches.has(target.seq) === true) return 'it names an entry that is no BATCH'
  return undefined
}

function voidTombstone({ log, logHex }: AuditedLog, { seq }: FoundTombstone, reason: string) {
  const text = `The TOMBSTONE at entry ${seq} of ${logName(logHex, log.nation)} erases nothing: ${reason}.`
  return {
    code: 'audit-tombstone-void',
    verdict: 'note',
    nation: log.nation,
    log: logHex,
    seq,
    sentence: text,
  } as const
}

function purgesOf(
  { log }: AuditedLog,
  { seq }: FoundTombstone,
  purges: readonly VerifiedPurgeReceipt[],
  directory: Directory,
): ErasureFacts['purged'] {
  return purges
    .filter(receipt => isOfTombstone(receipt, { logId: log.logId, seq }))
    .flatMap(({ witnessPk, timeSeconds }) => {
      const nation = directory.nationOfWitness(witnessPk)
      return nation === undefined ? [] : [{ nation, timeMs: timeSeconds * 1000 }]
    })
}

function countErased({ content }: AuditedRun, gone: ReadonlySet<number>): number {
  let count = 0
  for (const seq of gone) if (content.bodyGaps.some(({ from, to }) => seq >= from && seq < to)) count++
  return count
}

/** A body that was asked for is here, was erased, or is older than bodies are kept. */
function judgeBodies(
  { log, logHex, standing }: AuditedLog,
  { content }: AuditedRun,
  gone: ReadonlySet<number>,
  keptSinceMs: number,
  { add }: FindingBook,
): void {
  for (const gap of content.bodyGaps.flatMap(each => without(each, gone))) {
    const to = Math.min(gap.to, standing.limit)
    if (gap.from >= to || gap.timeMs < keptSinceMs) continue
    const count = to - gap.from
    const text = `${entriesName(gap.from, count)} of ${logName(logHex, log.nation)}: the body is missing, and nothing erased it.`
    const place = { nation: log.nation, log: logHex, seq: gap.from, ...(count === 1 ? {} : { count }) }
    add({ code: 'audit-body-missing', verdict: 'missing', ...place, sentence: sentence(text) })
  }
}

function without({ from, to, timeMs }: BodyGap, gone: ReadonlySet<number>): BodyGap[] {
  const gaps: BodyGap[] = []
  let start = from
  for (const seq of [...gone].filter(each => each >= from && each < to).sort((a, b) => a - b)) {
    if (seq > start) gaps.push({ from: start, to: seq, timeMs })
    start = seq + 1
  }
  if (start < to) gaps.push({ from: start, to, timeMs })
  return gaps
}
