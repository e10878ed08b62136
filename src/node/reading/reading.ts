import { fromHex } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import { canonicalValue, classify, type TypedValue } from '../../indicator/canonical.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { Sight } from '../../store/sight.ts'
import type { Store, StoredIndicator } from '../../store/store.ts'
import {
  type IndicatorPage,
  type IndicatorView,
  LIST_LIMIT_MAX,
  type ListQuery,
  type LookupResult,
  RELATED_CLAIMS_MAX,
  type Reading,
} from './indicator-reading.ts'

export type Reads = Pick<
  Store,
  'lookupMany' | 'related' | 'recall' | 'listIndicators' | 'listItems' | 'itemsOfId' | 'subjectsById' | 'logs'
>

/** Makes of what is stored what is answered; null where nothing is left of it. */
export type ViewOf = (stored: StoredIndicator, explained?: boolean) => IndicatorView | null

/** Answers to whoever has the sight, or from the whole view without one. */
export function createReading(store: Reads, viewOf: ViewOf, sight?: Sight): Reading {
  function viewsOf(stored: readonly (StoredIndicator | undefined)[]): IndicatorView[] {
    return stored.flatMap(each => (each === undefined ? [] : (viewOf(each) ?? [])))
  }

  async function lookup(values: readonly string[]): Promise<readonly LookupResult[]> {
    const subjects = values.map(query => ({ query, subject: subjectOf(query) }))
    const asked = subjects.flatMap(({ subject }) => (typeof subject === 'string' ? [] : [subject]))
    const [found, near] = await Promise.all([store.lookupMany(asked, sight), store.related(asked, sight)])
    let answered = 0
    return subjects.map(({ query, subject }): LookupResult => {
      if (typeof subject === 'string') return { query, ...NOTHING_FOUND, result: 'invalid', reason: subject }
      const indicators = claimed(viewsOf([found[answered]]))
      const { indicators: others, more } = near[answered++]!
      const related = others.flatMap(({ relation, indicator }) => {
        const view = viewOf(indicator)
        return view === null ? [] : { relation, indicator: brief(view) }
      })
      const result = indicators.length > 0 ? 'found' : related.length > 0 ? 'related' : 'absent'
      return { query, result, reason: '', indicators, related, moreRelated: more }
    })
  }

  async function list(query: ListQuery): Promise<IndicatorPage> {
    const limit = Math.min(Math.max(1, query.limit), LIST_LIMIT_MAX)
    if (query.nation !== undefined && !isNationId(query.nation)) {
      throw new UserError('wire-text', `"${query.nation}" is no nation`, { fix: 'Use an id such as DEU.' })
    }
    const timed = query.sinceMs !== undefined || query.untilMs !== undefined
    if (query.states?.includes('withdrawn') === true && (timed || query.states.length > 1)) {
      throw new UserError('usage-invalid', 'what is withdrawn is listed by itself, and by value', {
        fix: 'Leave out the other states, and the times.',
      })
    }
    const page = await (timed ? listByTime(query, limit) : listByValue(query, limit))
    return { ...page, indicators: page.indicators.filter(view => fits(view, query)) }
  }

  async function listByValue(query: ListQuery, limit: number): Promise<IndicatorPage> {
    const page = await store.listIndicators({ ...filterOf(query), limit }, sight)
    return pageOf(viewsOf(page.items), page.next)
  }

  /** In the order of their claims; an indicator claimed several times shows once a page. */
  async function listByTime(query: ListQuery, limit: number): Promise<IndicatorPage> {
    const filter = { ...filterOf(query), kind: ITEM.INDICATOR, sinceMs: query.sinceMs ?? 0, limit }
    const page = await store.listItems(filter, sight)
    const inTime = page.items.filter(item => query.untilMs === undefined || item.timeMs <= query.untilMs)
    const subjects = new Map(inTime.map(({ type, value }) => [`${type} ${value}`, { type, value }]))
    const found = await store.lookupMany([...subjects.values()], sight)
    const past = inTime.length < page.items.length
    return pageOf(claimed(viewsOf(found)), past ? undefined : page.next)
  }

  async function show(idOrValue: string): Promise<IndicatorView | null> {
    const subject = subjectOf(idOrValue)
    const direct = typeof subject === 'string' ? null : await recall(subject)
    if (direct !== null || !/^[0-9a-f]{8,32}$/i.test(idOrValue)) return direct
    const id = idOrValue.toLowerCase()
    return (await showById(id)) ?? (id.length === CLAIM_ID_DIGITS ? showByClaim(id) : null)
  }

  async function recall(subject: TypedValue): Promise<IndicatorView | null> {
    const [stored] = await store.recall([subject], sight)
    return stored === undefined ? null : viewOf(stored, true)
  }

  async function showById(prefix: string): Promise<IndicatorView | null> {
    let found: IndicatorView | null = null
    for await (const subject of store.subjectsById(prefix)) {
      const view = await recall(subject)
      if (view !== null && found !== null) {
        throw new UserError('indicator-id-ambiguous', `${prefix} begins several ids`, { fix: 'Give more digits.' })
      }
      found ??= view
    }
    return found
  }

  /** Whoever claims it: authors choose the ids of their claims. */
  async function showByClaim(id: string): Promise<IndicatorView | null> {
    for (const nation of new Set([...store.logs()].map(({ head }) => head.nation))) {
      const items = await store.itemsOfId({ nation, id: fromHex(id) })
      const claim = items.find(({ kind }) => kind === ITEM.INDICATOR)
      const view = claim === undefined ? null : await recall(claim)
      if (view?.claims.some(each => each.id === id && each.nation === nation) === true) return view
    }
    return null
  }

  return { lookup, list, show }
}

/** Many look-ups have the same to tell of: each tells of it in short. */
function brief(view: IndicatorView): IndicatorView {
  const { claims, sightings, opinions, withdrawn } = view
  return {
    ...view,
    claims: claims.slice(0, RELATED_CLAIMS_MAX),
    sightings: sightings.slice(0, RELATED_CLAIMS_MAX),
    opinions: opinions.slice(0, RELATED_CLAIMS_MAX),
    withdrawn: withdrawn.slice(0, RELATED_CLAIMS_MAX),
  }
}

const NOTHING_FOUND = { indicators: [], related: [], moreRelated: false } as const

/** What a lookup is about, or why it is about nothing. */
function subjectOf(query: string): { readonly type: string; readonly value: string } | string {
  const text = query.trim()
  try {
    const classified = classify(text)
    if (classified.kind === 'value') return { type: classified.type, value: classified.value }
    if (classified.kind === 'host-port') return classified.host
    if (text.startsWith('[')) return canonicalValue('stix-pattern', text)
    return classified.reason
  } catch (error) {
    if (error instanceof ProtocolError) return error.message
    throw error
  }
}

/** Somebody may have seen what nobody claims any more. */
function claimed(views: readonly IndicatorView[]): readonly IndicatorView[] {
  return views.filter(({ claims }) => claims.length > 0)
}

const CLAIM_ID_DIGITS = 32

function fits({ score, state, warnings }: IndicatorView, { scoreMin = 0, states, warned }: ListQuery): boolean {
  return score >= scoreMin && states?.includes(state) !== false && (warned !== true || warnings.length > 0)
}

function filterOf({ type, nation, cursor, states }: ListQuery) {
  return {
    ...(type === undefined ? {} : { type }),
    ...(nation !== undefined && isNationId(nation) ? { nation } : {}),
    ...(cursor === undefined ? {} : { after: cursor }),
    ...(states?.includes('withdrawn') === true && { withdrawn: true }),
  }
}

function pageOf(indicators: readonly IndicatorView[], next: string | undefined): IndicatorPage {
  return next === undefined ? { indicators } : { indicators, next }
}
