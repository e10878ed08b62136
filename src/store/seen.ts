import { EMPTY } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { CLAIMS_PER_INDICATOR_MAX } from './caps.ts'
import { prefixRange } from './database.ts'
import { typedValueOf } from './item-face.ts'
import { nationAndId, nationAndIdAt, spilledPrefix, tracePrefix } from './keys.ts'
import { compareShown } from './shown.ts'
import type { StoredIndicator, StoredItem } from './store.ts'
import { type ListedIndicator, readItems, type ShownName, type ViewMoment } from './view-moment.ts'
import { isSpilled } from './view-writes.ts'

/** Names read at once of an indicator with many claims. */
const NAMES_CHUNK = 256

/** What whoever has the sight of `moment` sees of each indicator; undefined where that is no claim, or none of `nation`. */
export async function readSeen(
  listed: readonly ListedIndicator[],
  moment: ViewMoment,
  nation?: NationId,
): Promise<(StoredIndicator | undefined)[]> {
  // What is kept aside left a trace.
  const kept = moment.sight?.aside === true ? listed.filter(({ record }) => record.traces > 0) : listed
  const simple = kept.filter(isSimple)
  const names = simple.map(({ record }) => record.inline.filter(isClaim).map(nameOf))
  const read = await readItems(names.flat(), moment)
  const seen = new Map<ListedIndicator, readonly StoredItem[]>()
  let at = 0
  for (const [i, indicator] of simple.entries()) {
    const end = at + names[i]!.length
    seen.set(indicator, claimsOn(indicator, read.slice(at, end)))
    at = end
  }
  for (const indicator of kept) {
    if (!isSimple(indicator))
      seen.set(indicator, await seenClaims(indicator, moment, undefined, CLAIMS_PER_INDICATOR_MAX))
  }
  return Promise.all(listed.map(indicator => storedIndicator(indicator, seen.get(indicator) ?? [], moment, nation)))
}

/** All that is to be known of its claims stands in its record. */
function isSimple({ record }: ListedIndicator): boolean {
  return !isSpilled(record) && record.traces === 0
}

async function storedIndicator(
  indicator: ListedIndicator,
  claims: readonly StoredItem[],
  moment: ViewMoment,
  nation: NationId | undefined,
): Promise<StoredIndicator | undefined> {
  if (claims.length === 0) return undefined
  const isOfNation = nation === undefined || claims.some(claim => claim.nation === nation)
  // It may have one among those that are too many to give.
  if (!isOfNation && claims.length < CLAIMS_PER_INDICATOR_MAX) return undefined
  if (!isOfNation && (await seenClaims(indicator, moment, nation, 1)).length === 0) return undefined
  return { ...typedValueOf(indicator.subject), claims, remarks: [], claimCount: claims.length, remarkCount: 0 }
}

/** The first `most` that are seen, however many are not. */
async function seenClaims(
  indicator: ListedIndicator,
  moment: ViewMoment,
  nation: NationId | undefined,
  most: number,
): Promise<readonly StoredItem[]> {
  const { record } = indicator
  const names = isSpilled(record)
    ? spilledNames(indicator, moment, nation)
    : [record.inline.filter(shown => isClaim(shown) && (nation ?? shown.nation) === shown.nation).map(nameOf)]
  const shown = await firstSeen(indicator, names, moment, most)
  const traced =
    record.traces === 0 ? [] : await firstSeen(indicator, tracedNames(indicator, moment, nation), moment, most)
  const others = traced.filter(claim => !shown.some(other => compareShown(claim, other) === 0))
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
    seen.push(...claimsOn(indicator, await readItems(names, moment)))
    if (seen.length >= most) return seen.slice(0, most)
  }
  return seen
}

/** An id may have come to be about something else for whoever sees other assertions of it. */
function claimsOn({ subject }: ListedIndicator, found: readonly (StoredItem | undefined)[]): readonly StoredItem[] {
  const { type, value } = typedValueOf(subject)
  return found.filter(item => item !== undefined).filter(item => item.type === type && item.value === value)
}

function spilledNames({ subject }: ListedIndicator, moment: ViewMoment, nation: NationId | undefined) {
  return namesBehind(spilledPrefix(moment.generation, subject, ITEM.INDICATOR), moment, nation)
}

function tracedNames({ subject }: ListedIndicator, moment: ViewMoment, nation: NationId | undefined) {
  return namesBehind(tracePrefix(moment.generation, subject, ITEM.INDICATOR), moment, nation)
}

async function* namesBehind(
  prefix: Uint8Array,
  { context, snapshot }: ViewMoment,
  nation: NationId | undefined,
): AsyncGenerator<readonly ShownName[]> {
  const range = prefixRange(nation === undefined ? prefix : Buffer.concat([prefix, nationAndId(nation, EMPTY)]))
  for await (const chunk of context.db.scan(range, { snapshot, chunk: NAMES_CHUNK })) {
    yield chunk.map(([key]) => ({ kind: ITEM.INDICATOR, ...nationAndIdAt(key, prefix.length) }))
  }
}

function isClaim({ kind }: { readonly kind: number }): boolean {
  return kind === ITEM.INDICATOR
}

function nameOf({ nation, id }: { readonly nation: string; readonly id: Uint8Array }): ShownName {
  return { kind: ITEM.INDICATOR, nation: nation as NationId, id }
}
