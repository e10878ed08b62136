import { ProtocolError, UserError } from '../base/errors.ts'
import { isNationId } from '../base/ids.ts'
import { canonicalValue, classify } from '../indicator/canonical.ts'
import { ITEM } from '../indicator/item-type.ts'
import { LIST_PAGE_MAX } from '../store/caps.ts'
import type { Sight } from '../store/sight.ts'
import type { Store, StoredIndicator } from '../store/store.ts'
import {
  type IndicatorPage,
  type IndicatorView,
  LIST_LIMIT_MAX,
  type ListQuery,
  type LookupResult,
  type Reading,
} from './indicator-reading.ts'

/** Makes of what is stored what is answered; null where nothing is left of it. */
export type ViewOf = (stored: StoredIndicator) => IndicatorView | null

/** Answers to whoever has the sight, or from the whole view without one. */
export function createReading(
  store: Pick<Store, 'lookupMany' | 'listIndicators' | 'listItems'>,
  viewOf: ViewOf,
  sight?: Sight,
): Reading {
  function viewsOf(stored: readonly (StoredIndicator | undefined)[]): IndicatorView[] {
    return stored.flatMap(each => (each === undefined ? [] : (viewOf(each) ?? [])))
  }

  async function lookup(values: readonly string[]): Promise<readonly LookupResult[]> {
    const subjects = values.map(query => ({ query, subject: subjectOf(query) }))
    const asked = subjects.flatMap(({ subject }) => (typeof subject === 'string' ? [] : [subject]))
    const found = await store.lookupMany(asked, sight)
    const answers = found[Symbol.iterator]()
    return subjects.map(({ query, subject }): LookupResult => {
      if (typeof subject === 'string') return { query, result: 'invalid', reason: subject, indicators: [] }
      const indicators = viewsOf([answers.next().value])
      return { query, result: indicators.length > 0 ? 'found' : 'absent', reason: '', indicators }
    })
  }

  async function list(query: ListQuery): Promise<IndicatorPage> {
    const limit = Math.min(Math.max(1, query.limit), LIST_LIMIT_MAX)
    if (query.nation !== undefined && !isNationId(query.nation)) {
      throw new UserError('wire-text', `"${query.nation}" is no nation`, { fix: 'Use an id such as DEU.' })
    }
    return query.sinceMs === undefined && query.untilMs === undefined
      ? listByValue(query, limit)
      : listByTime(query, limit)
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
    return pageOf(viewsOf(found), past ? undefined : page.next)
  }

  async function show(idOrValue: string): Promise<IndicatorView | null> {
    const [direct] = await lookup([idOrValue])
    if (direct?.indicators[0] !== undefined) return direct.indicators[0]
    return /^[0-9a-f]{8,32}$/i.test(idOrValue) ? showById(idOrValue.toLowerCase()) : null
  }

  /** Ids are derived, not indexed: reads the view until the id is found. */
  async function showById(prefix: string): Promise<IndicatorView | null> {
    let found: IndicatorView | null = null
    for (let after: string | undefined; ; ) {
      const filter = { limit: LIST_PAGE_MAX, ...(after === undefined ? {} : { after }) }
      const page = await store.listIndicators(filter, sight)
      for (const view of viewsOf(page.items)) {
        if (!view.id.startsWith(prefix)) continue
        if (found !== null)
          throw new UserError('indicator-id-ambiguous', `${prefix} begins several ids`, { fix: 'Give more digits.' })
        found = view
      }
      if (page.next === undefined) return found
      after = page.next
    }
  }

  return { lookup, list, show }
}

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

function filterOf({ type, nation, cursor }: ListQuery) {
  return {
    ...(type === undefined ? {} : { type }),
    ...(nation !== undefined && isNationId(nation) ? { nation } : {}),
    ...(cursor === undefined ? {} : { after: cursor }),
  }
}

function pageOf(indicators: readonly IndicatorView[], next: string | undefined): IndicatorPage {
  return next === undefined ? { indicators } : { indicators, next }
}
