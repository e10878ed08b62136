import { EMPTY } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { parseHash } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { IndicatorRecord, ShownRecord } from '../wire/gen/store.ts'
import { standsIn, withErasedBare } from './bare-withdrawal.ts'
import { type StoreContext, takesBy } from './context.ts'
import { prefixRange, type Snapshot } from './database.ts'
import { type HeldItem, type IdGroup, loadGroups } from './held-item.ts'
import { typedValueOf } from './item-face.ts'
import { type Generation, itemIdKey, nationAndId, nationAndIdAt } from './keys.ts'
import { type Counting, type Shown, shownOf } from './shown.ts'
import type { Sight } from './sight.ts'
import type { CarryingEntry, ItemId, StoredItem } from './store.ts'

/** What one question reads from: the view and the items of one moment. */
export interface ViewMoment extends AsyncDisposable {
  readonly context: StoreContext
  readonly snapshot: Snapshot
  readonly generation: Generation
  readonly sight: Sight | undefined
  readonly counting: Counting
  /** The same, but of withdrawals those alone that are seen: why something was withdrawn is not for everybody. */
  readonly seeing: Counting
}

export function viewMoment(context: StoreContext, sight?: Sight): ViewMoment {
  const { db, memory } = context
  const snapshot = db.snapshot()
  return {
    context,
    snapshot,
    generation: memory.view.generation,
    sight,
    ...countingBy(context, sight),
    [Symbol.asyncDispose]: () => snapshot.close(),
  }
}

function countingBy(
  { memory, acceptance }: StoreContext,
  sight: Sight | undefined,
): Pick<ViewMoment, 'counting' | 'seeing'> {
  const takes = takesBy(acceptance)
  const stands = standsIn(memory)
  const sees: Counting = ({ audience }, { nation, item }) => sight?.sees({ nation, item, audience }) !== false
  return {
    counting(ref, held) {
      if (!stands(ref, held)) return false
      if (held.face.kind === ITEM.WITHDRAWAL) return true
      // What is hidden is most often quick to tell, and may be nearly everything.
      return sees(ref, held) && takes(held) !== (sight?.aside === true)
    },
    seeing: (ref, held) => stands(ref, held) && sees(ref, held),
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
    const group = erasedBare(groups[i]!, moment)
    const shown = shownOf(group.items, counting).find(item => item.kind === kind)
    return shown && storedItem(shown, group, moment)
  })
}

export function itemsOfGroup(held: IdGroup, moment: ViewMoment): StoredItem[] {
  const group = erasedBare(held, moment)
  return shownOf(group.items, moment.counting).map(shown => storedItem(shown, group, moment))
}

function erasedBare({ idKey, items }: IdGroup, { context }: ViewMoment): IdGroup {
  return { idKey, items: withErasedBare(items, context.memory) }
}

export function storedItem(shown: Shown, group: IdGroup, moment: ViewMoment): StoredItem {
  const held = group.items.find(({ face, hash }) => face.kind === shown.kind && Buffer.compare(hash, shown.hash) === 0)!
  const { kind, nation, id, timeMs, conflict } = shown
  const { type, value } = typedValueOf(held.face.subject)
  const entries = entriesOf(held, moment)
  return { kind, nation, id, hash: parseHash(held.hash), item: held.item, type, value, timeMs, conflict, entries }
}

function entriesOf(held: HeldItem, { context, counting }: ViewMoment): CarryingEntry[] {
  return held.refs
    .filter(ref => counting(ref, held))
    .map(({ log, seq, audience }) => ({ logId: context.memory.logAt(log)!.head.logId, seq, audience }))
}

/** An indicator as the view has it, its items not read yet. */
export interface ListedIndicator {
  readonly subject: Uint8Array
  readonly record: IndicatorRecord
}

/** Names read at once of an indicator with many claims. */
const NAMES_CHUNK = 256

/** Names of the records whose keys begin with `prefix`, which says their kind. */
export async function* namesBehind(
  prefix: Uint8Array,
  kind: number,
  { context, snapshot }: ViewMoment,
  nation: NationId | undefined,
): AsyncGenerator<readonly ShownName[]> {
  const range = prefixRange(nation === undefined ? prefix : Buffer.concat([prefix, nationAndId(nation, EMPTY)]))
  for await (const chunk of context.db.scan(range, { snapshot, chunk: NAMES_CHUNK })) {
    yield chunk.map(([key]) => ({ kind, ...nationAndIdAt(key, prefix.length) }))
  }
}

/** Records name the kind, the nation and the id of what they tell of. */
export function nameOf({ kind, nation, id }: Pick<ShownRecord, 'kind' | 'nation' | 'id'>): ShownName {
  return { kind, nation: nation as NationId, id }
}
