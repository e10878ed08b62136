import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { CLAIMS_PER_INDICATOR_MAX } from './caps.ts'
import { typedValueOf } from './item-face.ts'
import { spilledPrefix, tracePrefix } from './keys.ts'
import { compareShown } from './shown.ts'
import type { StoredIndicator, StoredItem } from './store.ts'
import { type ListedIndicator, nameOf, namesBehind, readItems, type ShownName, type ViewMoment } from './view-moment.ts'
import { isSpilled } from './view-writes.ts'
import { readWithdrawn } from './withdrawn.ts'

/** What is said of an indicator beside claims on it. */
const REMARKS = [ITEM.SIGHTING, ITEM.OPINION] as const

/**
 * What whoever has the sight of `moment` sees of each indicator; undefined where that is no claim, or none of `nation`.
 * Where no nation is asked for, one whose claims are all withdrawn is told of by these.
 */
export async function readSeen(
  listed: readonly ListedIndicator[],
  moment: ViewMoment,
  nation?: NationId,
): Promise<(StoredIndicator | undefined)[]> {
  // What is kept aside left a trace.
  const kept = moment.sight?.aside === true ? listed.filter(({ record }) => record.traces > 0) : listed
  const simple = kept.filter(isSimple)
  const names = simple.map(({ record }) => record.inline.map(nameOf))
  const read = await readItems(names.flat(), moment)
  const seen = new Map<ListedIndicator, readonly StoredItem[]>()
  let at = 0
  for (const [i, indicator] of simple.entries()) {
    const end = at + names[i]!.length
    seen.set(indicator, itemsOn(indicator, read.slice(at, end)))
    at = end
  }
  for (const indicator of kept) {
    if (!isSimple(indicator)) seen.set(indicator, await seenItems(indicator, moment))
  }
  return Promise.all(listed.map(indicator => storedIndicator(indicator, seen.get(indicator) ?? [], moment, nation)))
}

/** All that is to be known of it stands in its record. */
function isSimple({ record }: ListedIndicator): boolean {
  return !isSpilled(record) && record.traces === 0
}

async function storedIndicator(
  indicator: ListedIndicator,
  items: readonly StoredItem[],
  moment: ViewMoment,
  nation: NationId | undefined,
): Promise<StoredIndicator | undefined> {
  const claims = items.filter(isClaim)
  const withdrawn = await readWithdrawn(indicator, moment)
  if (claims.length + withdrawn.length === 0) return undefined
  const isOfNation = nation === undefined || claims.some(claim => claim.nation === nation)
  // It may have one among those that are too many to give.
  if (!isOfNation && claims.length < CLAIMS_PER_INDICATOR_MAX) return undefined
  if (!isOfNation && (await seenOfKind(indicator, ITEM.INDICATOR, moment, 1, nation)).length === 0) return undefined
  const remarks = claims.length === 0 ? [] : items.filter(item => !isClaim(item))
  const counts = { claimCount: claims.length, remarkCount: remarks.length }
  return { ...typedValueOf(indicator.subject), claims, remarks, withdrawn, ...counts }
}

async function seenItems(indicator: ListedIndicator, moment: ViewMoment): Promise<readonly StoredItem[]> {
  const { remarks, traces } = indicator.record
  const kinds = remarks + traces === 0 ? [ITEM.INDICATOR] : [ITEM.INDICATOR, ...REMARKS]
  const found = await Promise.all(
    kinds.map(kind => seenOfKind(indicator, kind, moment, CLAIMS_PER_INDICATOR_MAX, undefined)),
  )
  return found.flat()
}

/** The first `most` that are seen, however many are not. */
async function seenOfKind(
  indicator: ListedIndicator,
  kind: number,
  moment: ViewMoment,
  most: number,
  nation: NationId | undefined,
): Promise<readonly StoredItem[]> {
  const { record, subject } = indicator
  const prefixed = (prefix: Uint8Array) => namesBehind(prefix, kind, moment, nation)
  const names = isSpilled(record)
    ? prefixed(spilledPrefix(moment.generation, subject, kind))
    : [record.inline.filter(shown => shown.kind === kind && (nation ?? shown.nation) === shown.nation).map(nameOf)]
  const shown = await firstSeen(indicator, names, moment, most)
  const traces = record.traces === 0 ? [] : prefixed(tracePrefix(moment.generation, subject, kind))
  const traced = await firstSeen(indicator, traces, moment, most)
  const others = traced.filter(item => !shown.some(other => compareShown(item, other) === 0))
  return [...shown, ...others].sort(compareShown).slice(0, most)
}

async function firstSeen(
  indicator: ListedIndicator,
  chunks: AsyncIterable<readonly ShownName[]> | Iterable<readonly ShownName[]>,
  moment: ViewMoment,
  most: number,
): Promise<readonly StoredItem[]> {
  const seen: StoredItem[] = []
  for await (const names of chunks) {
    seen.push(...itemsOn(indicator, await readItems(names, moment)))
    if (seen.length >= most) return seen.slice(0, most)
  }
  return seen
}

/** An id may have come to be about something else for whoever sees other assertions of it. */
function itemsOn({ subject }: ListedIndicator, found: readonly (StoredItem | undefined)[]): readonly StoredItem[] {
  const { type, value } = typedValueOf(subject)
  return found.filter(item => item !== undefined).filter(item => item.type === type && item.value === value)
}

function isClaim({ kind }: { readonly kind: number }): boolean {
  return kind === ITEM.INDICATOR
}
