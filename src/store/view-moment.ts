import type { NationId } from '../base/ids.ts'
import { parseHash } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose } from '../wire/codec.ts'
import { type IndicatorRecord, ShownRecord } from '../wire/gen/store.ts'
import { CLAIMS_PER_INDICATOR_MAX } from './caps.ts'
import { type StoreContext, takesBy } from './context.ts'
import { prefixRange, type Snapshot } from './database.ts'
import { type HeldItem, type IdGroup, loadGroups } from './held-item.ts'
import { typedValueOf } from './item-face.ts'
import { type Generation, itemIdKey, spilledPrefix } from './keys.ts'
import { refStands } from './memory.ts'
import { type Counting, type Shown, shownOf } from './shown.ts'
import type { Sight } from './sight.ts'
import type { EntryPosition, ItemId, StoredIndicator, StoredItem } from './store.ts'
import { isSpilled } from './view-writes.ts'

/** What one question reads from: the view and the items of one moment. */
export interface ViewMoment extends AsyncDisposable {
  readonly context: StoreContext
  readonly snapshot: Snapshot
  readonly generation: Generation
  readonly sight: Sight | undefined
  readonly counting: Counting
}

export function viewMoment(context: StoreContext, sight?: Sight): ViewMoment {
  const { db, memory } = context
  const snapshot = db.snapshot()
  return {
    context,
    snapshot,
    generation: memory.view.generation,
    sight,
    counting: countingBy(context, sight),
    [Symbol.asyncDispose]: () => snapshot.close(),
  }
}

function countingBy({ memory, acceptance }: StoreContext, sight: Sight | undefined): Counting {
  const takes = takesBy(acceptance)
  return (ref, held) => {
    if (!refStands(ref, memory)) return false
    if (held.face.kind === ITEM.WITHDRAWAL) return true
    if (sight === undefined) return takes(held)
    // What is hidden is most often quick to tell, and may be nearly everything.
    const mention = { nation: held.nation, item: held.item, audience: ref.audience }
    return sight.sees(mention) && takes(held) !== (sight.aside === true)
  }
}

/** Which item shows: the key part of a ShownRecord. */
export interface ShownName extends ItemId {
  readonly kind: number
}

/** The items that `names` point at, in their order; undefined where a newer limit hides one before the view is rebuilt. */
export async function readItems(names: readonly ShownName[], moment: ViewMoment): Promise<(StoredItem | undefined)[]> {
  const { context, snapshot, counting } = moment
  const groups = await loadGroups(
    context.db,
    names.map(({ nation, id }) => itemIdKey(nation, id)),
    { snapshot },
  )
  return names.map(({ kind }, i) => {
    const shown = shownOf(groups[i]!.items, counting).find(item => item.kind === kind)
    return shown && storedItem(shown, groups[i]!, moment)
  })
}

export function itemsOfGroup(group: IdGroup, moment: ViewMoment): StoredItem[] {
  return shownOf(group.items, moment.counting).map(shown => storedItem(shown, group, moment))
}

function storedItem(shown: Shown, group: IdGroup, moment: ViewMoment): StoredItem {
  const held = group.items.find(({ face, hash }) => face.kind === shown.kind && Buffer.compare(hash, shown.hash) === 0)!
  const { kind, nation, id, timeMs, conflict } = shown
  const { type, value } = typedValueOf(held.face.subject)
  const entries = entriesOf(held, moment)
  return { kind, nation, id, hash: parseHash(held.hash), item: held.item, type, value, timeMs, conflict, entries }
}

function entriesOf(held: HeldItem, { context, counting }: ViewMoment): EntryPosition[] {
  return held.refs
    .filter(ref => counting(ref, held))
    .map(({ log, seq }) => ({ logId: context.memory.logAt(log)!.head.logId, seq }))
}

/** An indicator as the view has it, its items not read yet. */
export interface ListedIndicator {
  readonly subject: Uint8Array
  readonly record: IndicatorRecord
}

/** Reads the items of all of them at once; undefined where nothing of one shows. */
export async function readIndicators(
  listed: readonly ListedIndicator[],
  moment: ViewMoment,
): Promise<(StoredIndicator | undefined)[]> {
  const names = await Promise.all(listed.map(indicator => namesOf(indicator, moment)))
  const items = await readItems(names.flat(), moment)
  let read = 0
  return listed.map((indicator, i) => {
    const own = items.slice(read, read + names[i]!.length)
    read += own.length
    return storedIndicator(indicator, own)
  })
}

function storedIndicator(
  { subject, record }: ListedIndicator,
  found: readonly (StoredItem | undefined)[],
): StoredIndicator | undefined {
  const items = found.filter(item => item !== undefined)
  if (items.length === 0) return undefined
  const claims = items.filter(({ kind }) => kind === ITEM.INDICATOR)
  const remarks = items.filter(({ kind }) => kind !== ITEM.INDICATOR)
  return { ...typedValueOf(subject), claims, remarks, claimCount: record.claims, remarkCount: record.remarks }
}

async function namesOf({ subject, record }: ListedIndicator, moment: ViewMoment): Promise<ShownName[]> {
  return isSpilled(record) ? spilledNames(subject, moment) : record.inline.map(nameOf)
}

async function spilledNames(subject: Uint8Array, { context, generation, snapshot }: ViewMoment): Promise<ShownName[]> {
  const all = prefixRange(spilledPrefix(generation, subject))
  const claims = prefixRange(spilledPrefix(generation, subject, ITEM.INDICATOR))
  const ranges = [claims, { from: claims.to, to: all.to }]
  const rows = await Promise.all(ranges.map(range => context.db.range(range, CLAIMS_PER_INDICATOR_MAX, { snapshot })))
  return rows.flat().map(([, value]) => nameOf(decodeLoose(ShownRecord, value, false)))
}

function nameOf({ kind, nation, id }: ShownRecord): ShownName {
  return { kind, nation: nation as NationId, id }
}
