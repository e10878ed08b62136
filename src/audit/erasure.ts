import { type LogId, type LogIdHex, logIdHex } from '../base/ids.ts'
import type { VerifiedPurgeReceipt } from '../chain/purge-receipt.ts'
import type { Directory } from '../registry/directory.ts'
import { countOf } from '../registry/phrase.ts'
import type { AuditedLog } from './audited-run.ts'
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
/** By the place of their TOMBSTONE. */
type Purges = ReadonlyMap<string, readonly VerifiedPurgeReceipt[]>

function placeKey(logId: LogId, seq: number): string {
  return `${logIdHex(logId)}/${seq}`
}

export function judgeErasures(logs: Logs, { header, directory, purges, book }: ErasureContext): Erasures {
  const byTombstone = Map.groupBy(purges, ({ tombstone }) => placeKey(tombstone.logId, tombstone.seq))
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
      const purged = purgesOf(of, tombstone, byTombstone, directory)
      facts.set(of.logHex, facts.get(of.logHex) ?? [])
      facts.get(of.logHex)!.push({ ...tombstone, purged })
    }
  }
  const retentionMs = directory.policy.bodyRetentionDays * DAY_MS
  const counts = new Map<LogIdHex, number>()
  for (const of of logs.values()) {
    if (of.main === undefined) continue
    const { bodyGaps } = of.main.content
    const gone = [...(erased.get(of.logHex) ?? [])].sort((a, b) => a - b)
    const missing = bodyGaps.flatMap(gap => without(gap, gone))
    counts.set(of.logHex, amountOf(bodyGaps) - amountOf(missing))
    if (header.withBodies) judgeBodies(of, missing, header.madeMs - retentionMs, book)
  }
  return { of: log => facts.get(log) ?? [], bodiesErased: log => counts.get(log) ?? 0 }
}

/** Why it erases nothing. */
function whyVoid({ target }: FoundTombstone, { log }: AuditedLog, logs: Logs): string | undefined {
  const of = logs.get(target.log)
  if (of === undefined) return 'it names an entry of a log that is not in the file, whosever that is'
  if (of.log.nation !== log.nation) return `it names an entry of ${of.log.nation}`
  if (of.main?.content.notBatches.has(target.seq) === true) return 'it names an entry that is no BATCH'
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
  { seq, target }: FoundTombstone,
  purges: Purges,
  directory: Directory,
): ErasureFacts['purged'] {
  return (purges.get(placeKey(log.logId, seq)) ?? [])
    .filter(receipt => receipt.target.seq === target.seq && logIdHex(receipt.target.logId) === target.log)
    .flatMap(({ witnessPk, timeSeconds }) => {
      const [nation] = directory.nationsOfWitness(witnessPk)
      return nation === undefined ? [] : [{ nation, timeMs: timeSeconds * 1000 }]
    })
}

/** A body that was asked for is here, was erased, or is older than bodies are kept. */
function judgeBodies(
  { log, logHex, standing }: AuditedLog,
  missing: readonly BodyGap[],
  keptSinceMs: number,
  { add }: FindingBook,
): void {
  const name = logName(logHex, log.nation)
  const place = ({ from, to }: BodyGap) => ({
    nation: log.nation,
    log: logHex,
    seq: from,
    ...(to - from === 1 ? {} : { count: to - from }),
  })
  const standingGaps = missing
    .map(gap => ({ ...gap, to: Math.min(gap.to, standing.limit) }))
    .filter(({ from, to }) => from < to)
  for (const gap of standingGaps.filter(({ timeMs }) => timeMs >= keptSinceMs)) {
    const text = `${entriesName(gap.from, gap.to - gap.from)} of ${name}: the body is missing, and nothing erased it.`
    add({ code: 'audit-body-missing', verdict: 'missing', ...place(gap), sentence: sentence(text) })
  }
  const old = standingGaps.filter(({ timeMs }) => timeMs < keptSinceMs)
  if (old.length === 0) return
  const text = `Of ${countOf(amountOf(old), 'entry', 'entries')} of ${name} the body is not here: by the time at which the file says that it was made, bodies so old are kept no more.`
  const { seq, nation } = place(old[0]!)
  add({ code: 'audit-part-left-out', verdict: 'note', nation, log: logHex, seq, sentence: text })
}

function amountOf(gaps: readonly BodyGap[]): number {
  return gaps.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** `gone`: ascending. */
function without({ from, to, timeMs }: BodyGap, gone: readonly number[]): BodyGap[] {
  const gaps: BodyGap[] = []
  let start = from
  for (let i = firstFrom(gone, from); i < gone.length && gone[i]! < to; i++) {
    if (gone[i]! > start) gaps.push({ from: start, to: gone[i]!, timeMs })
    start = gone[i]! + 1
  }
  if (start < to) gaps.push({ from: start, to, timeMs })
  return gaps
}

/** Index of the first that is `least` or more. */
function firstFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! >= least) high = middle
    else low = middle + 1
  }
  return low
}
