import { EMPTY } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { IndicatorRecord, ShownRecord } from '../wire/gen/store.ts'
import { prefixRange, type Reads, type Writes } from './database.ts'
import {
  type Generation,
  indicatorKey,
  latin1,
  nationAndId,
  spilledKey,
  spilledPrefix,
  timeKey,
  tracePrefix,
} from './keys.ts'
import type { Counts } from './memory.ts'
import { compareShown, type Shown, type ShownChange, shownRecord, type Trace, type ViewChange } from './shown.ts'
import { type RecordChange, writeRelations } from './view-relations.ts'

/**
 * The view keeps, for each item that shows, a line in order of time, and for each indicator one record with all that
 * shows about it. Where that is more than a few, the record only counts, and each has a record of its own: so one
 * indicator with a hundred thousand claims costs no more a claim than another. Which of the two forms it has follows
 * from the number alone: the bytes of the view do not depend on the order of arrival.
 */
const INLINE_MAX = 8

export type ViewCounts = Pick<Counts, 'indicators' | 'claims' | 'shown'>

/** Where a view is written: on disk, and in `writes` and `counts` of the commit. */
export interface ViewTarget {
  readonly db: Reads
  readonly generation: Generation
  readonly counts: ViewCounts
  readonly writes: Writes
}

/** No two of `changes` may be about the same id. */
export async function writeView(changes: readonly ViewChange[], target: ViewTarget): Promise<void> {
  const subjects = new Map<string, SubjectChange>()
  for (const { shown, removed, added } of changes) {
    // One may stand at a time where another stood.
    for (const trace of removed) writeTrace(trace, undefined, subjects, target)
    for (const change of shown) writeShown(change, subjects, target)
    for (const trace of added) writeTrace(trace, EMPTY, subjects, target)
  }
  const touched = [...subjects.values()]
  const records = await target.db.getMany(touched.map(({ subject }) => indicatorKey(target.generation, subject)))
  const begunOrEnded: RecordChange[] = []
  for (const [i, change] of touched.entries()) {
    const exists = await writeIndicator(change, decodeIndicator(records[i]), target)
    if (exists !== (records[i] !== undefined)) begunOrEnded.push({ subject: change.subject, exists })
  }
  await writeRelations(begunOrEnded, target)
}

function writeShown(change: ShownChange, subjects: Map<string, SubjectChange>, target: ViewTarget): void {
  writeTime(change, target)
  const { before, after } = change
  if (before !== undefined && before.subject.length > 0) subjectChange(subjects, before.subject).removed.push(before)
  if (after !== undefined && after.subject.length > 0) subjectChange(subjects, after.subject).added.push(after)
}

function writeTrace(
  { kind, nation, id, at }: Trace,
  value: Uint8Array | undefined,
  subjects: Map<string, SubjectChange>,
  { generation, writes }: ViewTarget,
): void {
  if ('timeMs' in at) {
    writes.push([timeKey(generation, at.timeMs, kind, nation, id), value])
    return
  }
  writes.push([Buffer.concat([tracePrefix(generation, at.subject, kind), nationAndId(nation, id)]), value])
  subjectChange(subjects, at.subject).traces += value === undefined ? -1 : 1
}

function writeTime({ before, after }: ShownChange, { generation, counts, writes }: ViewTarget): void {
  if (before !== undefined) {
    counts.shown--
    writes.push([timeKey(generation, before.timeMs, before.kind, before.nation, before.id), undefined])
  }
  if (after !== undefined) {
    counts.shown++
    const value = after.subject.length > 0 ? EMPTY : encode(ShownRecord, shownRecord(after))
    writes.push([timeKey(generation, after.timeMs, after.kind, after.nation, after.id), value])
  }
}

interface SubjectChange {
  readonly subject: Uint8Array
  readonly removed: Shown[]
  readonly added: Shown[]
  /** By how many their number grows. */
  traces: number
}

function subjectChange(subjects: Map<string, SubjectChange>, subject: Uint8Array): SubjectChange {
  const key = latin1(subject)
  const change = subjects.get(key) ?? { subject, removed: [], added: [], traces: 0 }
  subjects.set(key, change)
  return change
}

/** Whether there is a record of it now. */
async function writeIndicator(change: SubjectChange, before: IndicatorRecord, target: ViewTarget): Promise<boolean> {
  const claims = before.claims + balance(change, shown => shown.kind === ITEM.INDICATOR)
  const remarks = before.remarks + balance(change, shown => shown.kind !== ITEM.INDICATOR)
  const traces = before.traces + change.traces
  target.counts.claims += claims - before.claims
  target.counts.indicators += Number(claims > 0) - Number(before.claims > 0)

  const wasSpilled = isSpilled(before)
  const spills = claims + remarks > INLINE_MAX
  let inline: ShownRecord[] = []
  if (!wasSpilled || !spills) {
    const held = wasSpilled ? await readSpilled(change.subject, target) : before.inline
    inline = changed(held, change)
  }
  if (spills) writeSpilled(change, wasSpilled ? undefined : inline, target)
  else if (wasSpilled) await removeSpilled(change.subject, target)

  const key = indicatorKey(target.generation, change.subject)
  const record = { claims, remarks, inline: spills ? [] : inline, traces }
  const exists = claims + remarks + traces > 0
  target.writes.push([key, exists ? encode(IndicatorRecord, record) : undefined])
  return exists
}

function balance({ removed, added }: SubjectChange, counts: (shown: Shown) => boolean): number {
  return added.filter(counts).length - removed.filter(counts).length
}

function changed(held: readonly ShownRecord[], { removed, added }: SubjectChange): ShownRecord[] {
  const kept = held.filter(record => !removed.some(shown => compareShown(shown, record) === 0))
  return [...kept, ...added.map(shownRecord)].sort(compareShown)
}

/** `all` where the indicator spills with this change, undefined where it had spilled before. */
function writeSpilled(
  { subject, removed, added }: SubjectChange,
  all: ShownRecord[] | undefined,
  target: ViewTarget,
): void {
  const { generation, writes } = target
  const key = ({ kind, nation, id }: ShownRecord) => spilledKey(generation, subject, kind, nation as NationId, id)
  if (all === undefined) for (const shown of removed) writes.push([key(shownRecord(shown)), undefined])
  for (const record of all ?? added.map(shownRecord)) writes.push([key(record), encode(ShownRecord, record)])
}

async function readSpilled(subject: Uint8Array, { db, generation }: ViewTarget): Promise<ShownRecord[]> {
  const records: ShownRecord[] = []
  for await (const chunk of db.scan(prefixRange(spilledPrefix(generation, subject)))) {
    for (const [, value] of chunk) records.push(decodeLoose(ShownRecord, value, false))
  }
  return records
}

async function removeSpilled(subject: Uint8Array, { db, generation, writes }: ViewTarget): Promise<void> {
  for await (const chunk of db.scan(prefixRange(spilledPrefix(generation, subject)))) {
    for (const [key] of chunk) writes.push([key, undefined])
  }
}

export function decodeIndicator(bytes: Uint8Array | undefined): IndicatorRecord {
  return bytes === undefined ? IndicatorRecord.empty() : decodeLoose(IndicatorRecord, bytes, false)
}

export function isSpilled({ claims, remarks }: IndicatorRecord): boolean {
  return claims + remarks > INLINE_MAX
}
