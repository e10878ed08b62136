import { compareBytes, EMPTY, fromHex, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { LIST_PAGE_MAX } from './caps.ts'
import { prefixRange, type Range } from './database.ts'
import { scanGroups } from './held-item.ts'
import { subjectOf } from './item-face.ts'
import {
  indicatorKey,
  nameKey,
  nationAndId,
  prefixEnd,
  SPACE,
  spilledPrefix,
  timeKeyKind,
  timeKeyParts,
  timePrefix,
  VIEW,
  VIEW_KEY_PREFIX_BYTES,
  viewPrefix,
} from './keys.ts'
import { readSeen } from './seen.ts'
import type { StoredIndicator, StoredItem } from './store.ts'
import { itemsOfGroup, type ListedIndicator, readItems, type ViewMoment } from './view-moment.ts'
import type { IndicatorFilter, ItemFilter, Page } from './view-queries.ts'
import { decodeIndicator, isSpilled } from './view-writes.ts'
import { readIndicators } from './whole.ts'

/** Records looked at for one page: a filter that fits little gives short pages rather than long waits. */
const SCANNED_PER_PAGE_MAX = 50_000

const SEEN_CHUNK = 128

type List = 'i' | 't' | 'n'

/** Ascending by type and value. */
export async function listIndicators(filter: IndicatorFilter, moment: ViewMoment): Promise<Page<StoredIndicator>> {
  const { context, generation, snapshot } = moment
  const limit = pageSize(filter.limit)
  const type = filter.type === undefined ? Buffer.alloc(0) : Buffer.from(`${filter.type}\0`, 'utf8')
  const range = after(prefixRange(indicatorKey(generation, type)), filter.after, 'i', rest =>
    indicatorKey(generation, rest),
  )
  const items: StoredIndicator[] = []
  let scanned = 0
  for await (const chunk of context.db.scan(range, { snapshot, chunk: chunkFor(limit, moment) })) {
    const listed = chunk.map(([key, value]) => ({
      subject: key.subarray(VIEW_KEY_PREFIX_BYTES),
      record: decodeIndicator(value),
    }))
    const found = await readFitting(listed, filter, moment)
    for (const indicator of found) {
      if (indicator === undefined || !isListed(indicator, filter)) continue
      items.push(indicator)
      if (items.length === limit)
        return { items, next: cursorAfter('i', indicatorKey(generation, subjectOf(indicator))) }
    }
    scanned += chunk.length
    if (isLong(scanned, moment)) return { items, next: cursorAfter('i', chunk.at(-1)![0]) }
  }
  return { items }
}

async function readFitting(
  listed: readonly ListedIndicator[],
  { nation, withdrawn }: IndicatorFilter,
  moment: ViewMoment,
): Promise<readonly (StoredIndicator | undefined)[]> {
  const traced = withdrawn === true ? listed.filter(({ record }) => record.traces > 0) : listed
  if (moment.sight !== undefined) return readSeen(traced, moment, withdrawn === true ? undefined : nation)
  if (withdrawn === true) {
    return readIndicators(
      traced.filter(({ record }) => record.claims === 0),
      moment,
    )
  }
  const fitting = await Promise.all(listed.map(indicator => hasClaimOf(nation, indicator, moment)))
  return readIndicators(
    listed.filter((_, i) => fitting[i]),
    moment,
  )
}

function isListed({ claims, withdrawn }: StoredIndicator, filter: IndicatorFilter): boolean {
  if (filter.withdrawn !== true) return claims.length > 0
  return claims.length === 0 && withdrawn.some(({ claim }) => (filter.nation ?? claim.nation) === claim.nation)
}

/** Nearly all of it may be hidden from whoever has a sight: they do not read it line by line. */
function chunkFor(limit: number, { sight }: ViewMoment): number {
  return sight === undefined ? limit : Math.max(limit, SEEN_CHUNK)
}

/** A short page would tell whoever has a sight of what it leaves out. */
function isLong(scanned: number, { sight }: ViewMoment): boolean {
  return sight === undefined && scanned >= SCANNED_PER_PAGE_MAX
}

async function hasClaimOf(
  nation: NationId | undefined,
  { subject, record }: ListedIndicator,
  { context, generation, snapshot }: ViewMoment,
): Promise<boolean> {
  if (record.claims === 0 || nation === undefined) return record.claims > 0
  if (!isSpilled(record)) return record.inline.some(shown => shown.kind === ITEM.INDICATOR && shown.nation === nation)
  const prefix = Buffer.concat([spilledPrefix(generation, subject, ITEM.INDICATOR), nationAndId(nation, EMPTY)])
  return (await context.db.range(prefixRange(prefix), 1, { snapshot })).length > 0
}

/** By nation and id where only a nation is asked for, else by time. */
export function listItems(filter: ItemFilter, moment: ViewMoment): Promise<Page<StoredItem>> {
  return filter.nation !== undefined && filter.sinceMs === undefined
    ? listByNation(filter, filter.nation, moment)
    : listByTime(filter, moment)
}

/** The items of one id stay together: a page may exceed its limit by those of the last id. */
async function listByNation(filter: ItemFilter, nation: NationId, moment: ViewMoment): Promise<Page<StoredItem>> {
  const { context, snapshot } = moment
  const limit = pageSize(filter.limit)
  const whole = prefixRange(nameKey(SPACE.items, `${nation}\0`))
  const range = after(whole, filter.after, 'n', id => Buffer.concat([whole.from, id]))
  const items: StoredItem[] = []
  let scanned = 0
  for await (const group of scanGroups(context.db, range, { snapshot })) {
    items.push(...itemsOfGroup(group, moment).filter(item => fits(item, filter)))
    const full = items.length >= limit || isLong(++scanned, moment)
    if (full) return { items, next: cursor('n', prefixEnd(group.idKey).subarray(whole.from.length)) }
  }
  return { items }
}

async function listByTime(filter: ItemFilter, moment: ViewMoment): Promise<Page<StoredItem>> {
  const { context, generation, snapshot } = moment
  const limit = pageSize(filter.limit)
  const whole = prefixRange(viewPrefix(generation, VIEW.time))
  const since = { from: timePrefix(generation, filter.sinceMs ?? 0), to: whole.to }
  const range = after(since, filter.after, 't', rest => Buffer.concat([whole.from, rest]))
  const items: StoredItem[] = []
  let scanned = 0
  for await (const chunk of context.db.scan(range, { snapshot, chunk: chunkFor(limit, moment) })) {
    const wanted = chunk
      .filter(([key]) => isOfKind(key, filter.kind))
      .map(([key]) => ({ ...timeKeyParts(key), key }))
      .filter(({ nation }) => (filter.nation ?? nation) === nation)
    const found = await readItems(wanted, moment)
    for (const [i, item] of found.entries()) {
      if (item === undefined || item.timeMs !== wanted[i]!.timeMs || !fits(item, filter)) continue
      items.push(item)
      if (items.length === limit) return { items, next: cursorAfter('t', wanted[i]!.key) }
    }
    scanned += chunk.length
    if (isLong(scanned, moment)) return { items, next: cursorAfter('t', chunk.at(-1)![0]) }
  }
  return { items }
}

/** Of a few that are looked for among millions most keys are read no further. */
function isOfKind(timeKey: Uint8Array, kind: number | undefined): boolean {
  return kind === undefined || timeKeyKind(timeKey) === kind
}

function fits({ kind, type }: StoredItem, filter: ItemFilter): boolean {
  return (filter.kind ?? kind) === kind && (filter.type ?? type) === type
}

function pageSize(limit: number): number {
  return Math.min(Math.max(Math.floor(limit), 1), LIST_PAGE_MAX)
}

/** Which list it is of, and where the next page begins, without what changes when the view is rebuilt. */
function cursor(list: List, start: Uint8Array): string {
  return list + toHex(start)
}

function cursorAfter(list: List, key: Uint8Array): string {
  return cursor(list, Buffer.concat([key.subarray(VIEW_KEY_PREFIX_BYTES), Buffer.alloc(1)]))
}

function after(range: Range, next: string | undefined, list: List, keyOf: (start: Uint8Array) => Uint8Array): Range {
  if (next === undefined) return range
  const key =
    next.length <= CURSOR_LENGTH_MAX && next.startsWith(list) && HEX.test(next.slice(1))
      ? keyOf(fromHex(next.slice(1)))
      : undefined
  if (key === undefined || compareBytes(key, range.from) < 0 || compareBytes(key, range.to) >= 0) {
    throw new UserError('store-cursor', 'this page mark does not belong to this list', {
      fix: 'Start again without it, or keep the filters of the page that it came with.',
    })
  }
  return { from: key, to: range.to }
}

/** Two characters a byte, and the longest value in UTF-8. */
const CURSOR_LENGTH_MAX = 64 * 1024
const HEX = /^(?:[0-9a-f]{2})*$/
