import type { ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../../formats/exported.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { type BreakerVerdict, mayGo, nationsKey } from '../../policy/export-breaker.ts'
import type { Store } from '../../store/store.ts'
import { createExportTally, type Leaving, type TallyCounts } from '../orders/export-tally.ts'
import { type Listed, listingLine } from './export-listing.ts'
import { type Candidate, compareSubjects } from './export-reading.ts'

/** One pass over the view and over what an export held before, in memory of a page. */
export interface PassInputs {
  readonly format: Pick<ExportFormat, 'removals' | 'withdrawn'>
  readonly writer: ExportWriter
  readonly candidates: AsyncIterable<Candidate>
  /** What it held before. */
  readonly before: AsyncIterable<Listed>
  /** What a person has let go of what was held. */
  readonly approved: AsyncIterable<Listed>
  readonly verdict: BreakerVerdict
  readonly muted: ReadonlySet<string>
  /** Muted no more: what was in the export before, and was theirs, is not new in it. */
  readonly pardoned: ReadonlySet<string>
  readonly store: Pick<Store, 'recall'>
  readonly nowMs: number
  /** For how long it is said that something left. */
  readonly removalsMs: number
  /** What stays as it was is not said again. */
  readonly changesOnly: boolean
  /** Tells of all that is withdrawn, and not only of what the export has said before. */
  readonly tellsWithdrawn: boolean
  readonly output: PassOutput
}

export interface PassOutput {
  emit(pieces: Iterable<ExportPiece>): Promise<void> | void
  /** What it holds now. */
  list(line: string): Promise<void> | void
  /** What waits for a person. */
  hold(line: string): Promise<void> | void
}

const RECALL = 500

export async function runPass(inputs: PassInputs): Promise<TallyCounts> {
  await using before = walk(inputs.before)
  await using approved = walk(inputs.approved)
  return await passOver(inputs, before, approved)
}

async function passOver(inputs: PassInputs, before: Walk, approved: Walk): Promise<TallyCounts> {
  const { format, writer, verdict, nowMs, changesOnly, output } = inputs
  const tally = createExportTally()
  const remembers = format.removals || format.withdrawn
  /** They left, and it is not known yet why. */
  let unexplained: Listed[] = []

  /** Of nations that are muted, or were until a moment ago, it is remembered what was in. */
  function rests({ nations }: Listed): boolean {
    return nations.split(' ').every(nation => inputs.muted.has(nation) || inputs.pardoned.has(nation))
  }

  /** What leaves without being counted has been seen by a person. */
  async function leave(listed: Listed, cause?: Leaving): Promise<void> {
    const wasIn = listed.leftMs === 0
    const leftMs = wasIn ? nowMs : listed.leftMs
    if (wasIn && (await approved.find(listed)) === undefined) await count({ ...listed, leftMs }, cause)
    const isSaid = remembers && nowMs - leftMs < inputs.removalsMs
    if (isSaid && writer.remove !== undefined && (wasIn || !changesOnly)) await emit(writer.remove(listed))
    if (isSaid || rests(listed)) await output.list(listingLine({ ...listed, leftMs }))
  }

  async function count(listed: Listed, cause: Leaving | undefined): Promise<void> {
    if (verdict.holdsAll) await output.hold(listingLine(listed))
    if (rests(listed)) tally.removed('muted', listed)
    else if (cause !== undefined) tally.removed(cause, listed)
    else if (unexplained.push(listed) >= RECALL) await explain()
  }

  async function explain(): Promise<void> {
    const found = await inputs.store.recall(unexplained.map(({ type, value }) => ({ type, value })))
    for (const [i, listed] of unexplained.entries()) {
      const stored = found[i]
      tally.removed(stored === undefined ? 'gone' : stored.claims.length === 0 ? 'withdrawn' : 'filter', listed)
    }
    unexplained = []
  }

  /** An export says of what is withdrawn that it is where it has said it before. */
  async function takeBack(view: ExportedIndicator, was: Listed): Promise<void> {
    const wasIn = was.leftMs === 0
    const leftMs = wasIn ? nowMs : was.leftMs
    if (wasIn && (await approved.find(was)) === undefined) await count({ ...was, leftMs }, 'withdrawn')
    if (nowMs - leftMs >= inputs.removalsMs) return
    await emit(writtenBy(writer, view))
    await output.list(listingLine({ ...was, leftMs }))
  }

  function isPardoned({ nations }: Listed): boolean {
    return nations.split(' ').every(nation => inputs.pardoned.has(nation))
  }

  async function take(view: ExportedIndicator, was: Listed | undefined): Promise<void> {
    const listed = { type: view.type, value: view.value, nations: nationsKey(view.nations), leftMs: 0 }
    const stays = was?.leftMs === 0
    const isKnown = stays || (was !== undefined && isPardoned(was))
    const isCounted = !isKnown && (await approved.find(view)) === undefined
    if (isCounted && (verdict.holdsAll || !mayGo(verdict, listed.nations))) {
      tally.added(listed, true)
      await output.hold(listingLine(listed))
      if (was !== undefined) await leave(was)
      return
    }
    const written = writtenBy(writer, view)
    if ('left' in written) {
      tally.left(written.left, view, 'format')
      if (was !== undefined) await leave(was, 'filter')
      return
    }
    if (isCounted) tally.added(listed, false)
    tally.taken()
    if (!stays || !changesOnly) await emit(written)
    await output.list(listingLine(listed))
  }

  async function emit(written: Written): Promise<void> {
    if ('pieces' in written) await output.emit(written.pieces)
  }

  await output.emit(writer.begin())
  for await (const { view, left, changesMs } of inputs.candidates) {
    for (let gone = await before.below(view); gone !== undefined; gone = await before.below(view)) await leave(gone)
    const was = await before.take(view)
    tally.changesAt(changesMs)
    if (left === undefined) {
      if (view.state !== 'withdrawn') await take(view, was)
      else if (was !== undefined) await takeBack(view, was)
      else if (inputs.tellsWithdrawn) await emit(writtenBy(writer, view))
      continue
    }
    tally.left(left.reason, view, left.kind)
    if (was !== undefined) await leave(was, view.state === 'expired' ? 'expired' : 'filter')
  }
  for (let gone = await before.below(); gone !== undefined; gone = await before.below()) await leave(gone)
  await explain()
  await output.emit(writer.end())
  return tally.counts()
}

/** No single indicator, whoever made it, keeps the others from being exported. */
function writtenBy(writer: ExportWriter, view: ExportedIndicator): Written {
  try {
    return writer.add(view)
  } catch (error) {
    if (error instanceof Error) return { left: UNWRITABLE }
    throw error
  }
}

const UNWRITABLE = 'the format fails on it'

type Walk = ReturnType<typeof walk>

/** Steps through a listing beside what is ascending as well. */
function walk(listing: AsyncIterable<Listed>) {
  const lines = listing[Symbol.asyncIterator]()
  let ahead: Listed | undefined
  let ended = false

  async function peek(): Promise<Listed | undefined> {
    if (ahead !== undefined || ended) return ahead
    const next = await lines.next()
    ended = next.done === true
    ahead = next.done === true ? undefined : next.value
    return ahead
  }

  return {
    /** The next that lies before the subject, or the next of all; taken out. */
    async below(subject?: TypedValue): Promise<Listed | undefined> {
      const next = await peek()
      if (next === undefined || (subject !== undefined && compareSubjects(next, subject) >= 0)) return undefined
      ahead = undefined
      return next
    },
    /** The one of this subject, taken out; nothing lies before it any more. */
    async take(subject: TypedValue): Promise<Listed | undefined> {
      const next = await peek()
      if (next === undefined || compareSubjects(next, subject) !== 0) return undefined
      ahead = undefined
      return next
    },
    /** The one of this subject, which may be asked for again. */
    async find(subject: TypedValue): Promise<Listed | undefined> {
      for (let next = await peek(); next !== undefined; next = await peek()) {
        const order = compareSubjects(next, subject)
        if (order === 0) return next
        if (order > 0) return undefined
        ahead = undefined
      }
      return undefined
    },
    async [Symbol.asyncDispose]() {
      await lines.return?.()
    },
  }
}
