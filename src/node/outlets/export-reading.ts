import { compareBytes, utf8 } from '../../base/bytes.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import type { FindGroup } from '../../policy/clearance.ts'
import type { OwnPlaces } from '../../policy/own-places.ts'
import type { Sight } from '../../store/sight.ts'
import type { Store, StoredIndicator } from '../../store/store.ts'
import type { Page } from '../../store/view-queries.ts'
import type { ExportFilter } from '../config/export-filter.ts'
import type { IndicatorView } from '../reading/indicator-reading.ts'
import { claimView, indicatorView, type Scoring } from '../reading/views.ts'
import { exportSight } from './export-sight.ts'

/** What decides on every export alike. */
export interface ExportGround {
  readonly store: Pick<Store, 'listIndicators' | 'recall'>
  readonly scoring: Scoring
  readonly findGroup: FindGroup
  readonly own: OwnPlaces
  /** Why it must never be exported, as a clause: it is on a list of what does no harm. */
  readonly blocked: (indicator: TypedValue) => string | undefined
}

/** What is asked of the view. */
export interface ExportQuestion {
  readonly filter: ExportFilter
  /** Of the format; undefined: all. */
  readonly types: ReadonlySet<string> | undefined
  /** Those of which every claim is withdrawn, too. */
  readonly withdrawn: boolean
  readonly exercise: boolean
}

/** One indicator that the reader of the export may know of. */
export interface Candidate {
  readonly view: IndicatorView
  /** Why it does not leave; undefined where it does. */
  readonly left: { readonly reason: string; readonly kind: 'filter' | 'own' | 'blocked' } | undefined
  /** When time alone will have it leave, or not, or 0. */
  readonly changesMs: number
}

/** Ascending by type and value, in memory of one page. Throws what the signal says once it is aborted. */
export async function* readCandidates(
  ground: ExportGround,
  question: ExportQuestion,
  signal?: AbortSignal,
): AsyncGenerator<Candidate> {
  const { filter, types, withdrawn, exercise } = question
  const sight = exportSight(filter, ground.findGroup, exercise)
  const wanted =
    filter.types === undefined ? types && [...types] : filter.types.filter(type => types?.has(type) !== false)
  const each = wanted === undefined ? [undefined] : [...new Set(wanted)].sort()
  for (const type of each) {
    const live = readAll(ground, sight, type, false)
    const gone = withdrawn ? readAll(ground, sight, type, true) : []
    for await (const stored of inOrder(live, gone)) {
      signal?.throwIfAborted()
      const view = viewOf(stored, ground.scoring, exercise)
      if (view !== null) yield candidate(view, ground, filter)
    }
  }
}

/** What is worked on without a pause, in which nothing else in the daemon goes on: some milliseconds. */
const PAGE = 200

/** The next page is read while one is worked on. */
async function* readAll(
  { store }: ExportGround,
  sight: Sight,
  type: string | undefined,
  withdrawn: boolean,
): AsyncGenerator<StoredIndicator> {
  const filter = { limit: PAGE, withdrawn, ...(type !== undefined && { type }) }
  let next: Promise<Page<StoredIndicator>> | undefined = store.listIndicators(filter, sight)
  while (next !== undefined) {
    const page: Page<StoredIndicator> = await next
    next = page.next === undefined ? undefined : store.listIndicators({ ...filter, after: page.next }, sight)
    // Whoever takes no more never asks for it.
    next?.catch(() => {})
    yield* page.items
  }
}

/** Two that are ascending as one that is. */
async function* inOrder<T extends TypedValue>(
  a: AsyncIterable<T>,
  b: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<T> {
  const others = Symbol.asyncIterator in b ? b[Symbol.asyncIterator]() : b[Symbol.iterator]()
  let other = await others.next()
  for await (const each of a) {
    while (other.done !== true && compareSubjects(other.value, each) < 0) {
      yield other.value
      other = await others.next()
    }
    // Withdrawn as a whole a moment ago, between two pages.
    if (other.done !== true && compareSubjects(other.value, each) === 0) other = await others.next()
    yield each
  }
  for (; other.done !== true; other = await others.next()) yield other.value
}

/** As the view is ordered: by the bytes of type and value. */
export function compareSubjects(a: TypedValue, b: TypedValue): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1
  if (a.value === b.value) return 0
  return compareBytes(utf8(a.value), utf8(b.value))
}

function viewOf(stored: StoredIndicator, scoring: Scoring, exercise: boolean): IndicatorView | null {
  const view = indicatorView(stored, (item, claim) => claimView(item, () => 'ACTIVE', claim), scoring)
  if (!exercise || view === null || !view.claims.some(claim => claim.exercise)) return view
  return { ...view, labels: [...new Set([...view.labels, EXERCISE_LABEL])].sort() }
}

const EXERCISE_LABEL = 'exercise'

function candidate(view: IndicatorView, ground: ExportGround, filter: ExportFilter): Candidate {
  const nowMs = ground.scoring.nowMs()
  const changesMs = view.state === 'withdrawn' ? 0 : changesAt(view, filter, nowMs)
  const reason = view.state === 'withdrawn' ? undefined : unfit(view, filter, nowMs)
  if (reason !== undefined) return { view, left: { reason, kind: 'filter' }, changesMs }
  const own = ground.own.check(view)
  if (own !== undefined) return { view, left: { reason: own, kind: 'own' }, changesMs }
  const blocked = ground.blocked(view)
  return { view, left: blocked === undefined ? undefined : { reason: blocked, kind: 'blocked' }, changesMs }
}

/** Why the filter leaves it out, the same words for the same kind of reason. */
function unfit(view: IndicatorView, filter: ExportFilter, nowMs: number): string | undefined {
  const { scoreMin, labels, withoutLabels, originsMin, nationsMin, claimedWithin, firstSeenWithin } = filter
  if (view.state === 'expired' || view.state === 'pending') return `it is ${view.state}`
  if (view.state === 'disputed' && !filter.disputed) return 'it is disputed'
  if (view.score < scoreMin) return `its score is below ${scoreMin}`
  if (view.nations.length < nationsMin) return `fewer than ${nationsMin} nations say it`
  if (view.origins < originsMin) return `it has fewer than ${originsMin} independent origins`
  if (labels !== undefined && !labels.some(label => view.labels.includes(label))) return 'it has none of the labels'
  if (withoutLabels.some(label => view.labels.includes(label))) return 'it has a label that is left out'
  if (claimedWithin !== undefined && claimedMs(view) + claimedWithin <= nowMs) return 'nobody has claimed it lately'
  if (firstSeenWithin !== undefined && firstMs(view) + firstSeenWithin <= nowMs) return 'it was seen first long ago'
  return undefined
}

function claimedMs({ claims }: IndicatorView): number {
  return Math.max(...claims.map(claim => claim.publishedMs))
}

function firstMs({ firstSeenMs, claims }: IndicatorView): number {
  return firstSeenMs || Math.min(...claims.map(claim => claim.publishedMs))
}

/** When it becomes valid or ceases to be, or becomes too old. */
function changesAt(view: IndicatorView, filter: ExportFilter, nowMs: number): number {
  const { claimedWithin, firstSeenWithin } = filter
  const times = [
    view.state === 'pending' ? beginsMs(view, nowMs) : endsMs(view, nowMs),
    claimedWithin === undefined ? 0 : claimedMs(view) + claimedWithin,
    firstSeenWithin === undefined ? 0 : firstMs(view) + firstSeenWithin,
  ]
  return earliest(times.filter(time => time > nowMs))
}

function beginsMs({ claims }: IndicatorView, nowMs: number): number {
  return earliest(claims.map(claim => claim.validFromMs).filter(time => time > nowMs))
}

/** 0 where a valid claim has no end. */
function endsMs({ claims }: IndicatorView, nowMs: number): number {
  const valid = claims.filter(claim => claim.validFromMs <= nowMs)
  if (valid.some(claim => claim.validUntilMs === 0)) return 0
  return Math.max(0, ...valid.map(claim => claim.validUntilMs))
}

function earliest(times: readonly number[]): number {
  return times.length === 0 ? 0 : Math.min(...times)
}
