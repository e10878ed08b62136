import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { Sight } from '../../store/sight.ts'
import type { Store, StoredChange, StoredItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import {
  CHANGES_LIMIT_MAX,
  type ChangeEvent,
  type ChangeEvents,
  type ChangeFilter,
  type ChangeKind,
  type ChangeQuery,
  type ChangeReading,
} from './change-reading.ts'
import { type Cursors, PLAIN_CURSORS } from './cursor-seal.ts'
import type { IndicatorView } from './indicator-reading.ts'
import type { ViewOf } from './reading.ts'

const KINDS: ReadonlyMap<number, ChangeKind> = new Map([
  [ITEM.INDICATOR, 'indicator'],
  [ITEM.SIGHTING, 'sighting'],
  [ITEM.OPINION, 'opinion'],
])

export type ChangeSource = Pick<Store, 'changes' | 'nextChange' | 'onChange' | 'recall'>

/** The journal of changes as whoever has the sight reads it, or the whole of it without one. */
export function createChangeReading(
  store: ChangeSource,
  viewOf: ViewOf,
  sight?: Sight,
  cursors: Cursors = PLAIN_CURSORS,
): ChangeReading {
  async function changes({ after, limit, ...filter }: ChangeQuery): Promise<ChangeEvents> {
    const size = Math.min(Math.max(1, limit), CHANGES_LIMIT_MAX)
    const page = await store.changes(await placeOf(after), size, sight)
    const told = lastOfEach(page.changes.flatMap(change => factOf(change) ?? []).filter(fact => isAsked(fact, filter)))
    const views = await viewsOf(told)
    const events = told
      .map(fact => ({ fact, indicator: views.get(keyOf(fact)) ?? null }))
      .filter(({ fact, indicator }) => isTold(fact, indicator, filter))
      .map(({ fact: { number, ...fact }, indicator }) => eventOf(number, fact, indicator))
    return { events: await Promise.all(events), next: await cursors.textOf(page.next), end: page.end }
  }

  async function eventOf(
    number: number,
    fact: Omit<Fact, 'number'>,
    indicator: IndicatorView | null,
  ): Promise<ChangeEvent> {
    return { cursor: await cursors.textOf(number), ...fact, indicator }
  }

  async function placeOf(cursor: string): Promise<number> {
    const number = await cursors.numberOf(cursor)
    if (number !== undefined) return number
    throw new UserError('stream-cursor', `"${cursor.slice(0, 64)}" is no place in the stream of this node`, {
      fix: 'Give the cursor of the last event that came, "now", or "all".',
    })
  }

  async function viewsOf(facts: readonly Fact[]): Promise<ReadonlyMap<string, IndicatorView | null>> {
    const subjects = new Map(facts.filter(({ type }) => type !== '').map(fact => [keyOf(fact), fact]))
    const found = await store.recall([...subjects.values()], sight)
    return new Map([...subjects.keys()].map((key, i) => [key, found[i] === undefined ? null : viewOf(found[i])]))
  }

  return {
    changesNow: () => cursors.textOf(store.nextChange() - 1),
    changes,
    onChange: listener => store.onChange(listener),
  }
}

/** A change without what the indicator is now. */
type Fact = Omit<ChangeEvent, 'cursor' | 'indicator'> & { readonly number: number }

/** Undefined for what is about no indicator. */
function factOf(change: StoredChange): Fact | undefined {
  const { number, state, items } = change
  const [item] = items.filter(({ kind }) => KINDS.has(kind))
  if (item === undefined && (items.length > 0 || state === 'shows')) return undefined
  return {
    number,
    event: state === 'shows' ? KINDS.get(item!.kind)! : state,
    changedMs: Math.floor(number / 1000),
    nation: change.nation,
    id: toHex(change.id),
    type: item?.type ?? '',
    value: item?.value ?? '',
    reason: reasonOf(change.withdrawal),
  }
}

function reasonOf(withdrawal: StoredItem | undefined): string {
  const parsed = withdrawal && parseItem(decodeLoose(Item, withdrawal.item, false))
  return parsed?.kind === 'withdrawal' ? parsed.withdrawal.reason : ''
}

/** What is said of one indicator is told with its last change in the page: all of it comes with the indicator as it is. */
function lastOfEach(facts: readonly Fact[]): readonly Fact[] {
  const last = new Map(facts.map(fact => [`${fact.event} ${keyOf(fact)}`, fact]))
  return facts.filter(fact => isEnding(fact) || last.get(`${fact.event} ${keyOf(fact)}`) === fact)
}

function isEnding({ event }: Pick<ChangeEvent, 'event'>): boolean {
  return event === 'withdrawn' || event === 'gone'
}

function isAsked({ event, type, nation }: Fact, { events, types, nations }: ChangeFilter): boolean {
  return (
    events?.includes(event) !== false &&
    (types === undefined || (type === '' && isEnding({ event })) || types.includes(type)) &&
    nations?.includes(nation) !== false
  )
}

/** Of remarks on what nobody claims, as far as the reader sees, nothing is answered anywhere. */
function isTold(fact: Fact, indicator: IndicatorView | null, { scoreMin = 0 }: ChangeFilter): boolean {
  return isEnding(fact) || (indicator !== null && indicator.score >= scoreMin)
}

function keyOf({ type, value }: Pick<ChangeEvent, 'type' | 'value'>): string {
  return `${type}\0${value}`
}
