import { ITEM } from '../indicator/item-type.ts'
import { withErasedBare } from './bare-withdrawal.ts'
import { CHANGES_PAGE_MAX } from './caps.ts'
import type { ChangePage, ChangeReads } from './change-queries.ts'
import { decodeChanges, type NumberedChange, WINDOW_US } from './changes.ts'
import type { StoreContext } from './context.ts'
import { type HeldGroup, type HeldItem, type IdGroup, loadGroups } from './held-item.ts'
import { changesKey, itemIdKey } from './keys.ts'
import { shownOf } from './shown.ts'
import type { Sight } from './sight.ts'
import type { ItemId, StoredChange, StoredItem } from './store.ts'
import { storedItem, type ViewMoment, viewMoment } from './view-moment.ts'

/** Changes looked at for one page, superseded ones and those that are not seen included. */
const SCANNED_MAX = 4096
const RECORDS_CHUNK = 4

export function createChangeReads(context: StoreContext): Omit<ChangeReads<StoredItem>, 'compactChanges'> {
  return {
    nextChange: () => context.memory.nextChange,
    superseded: () => context.memory.counts.superseded,
    changes: (after, limit, sight) => readChanges(after, Math.min(limit, CHANGES_PAGE_MAX), context, sight),
    async changedAt(ids) {
      const groups = await loadGroups(context.db, ids.map(keyOf))
      return groups.map(({ last }) => (last.number === 0 ? undefined : last.number))
    },
    onChange(listener) {
      context.changed.add(listener)
      return () => void context.changed.delete(listener)
    },
  }
}

async function readChanges(
  after: number,
  limit: number,
  context: StoreContext,
  sight: Sight | undefined,
): Promise<ChangePage<StoredItem>> {
  await using moment = viewMoment(context, sight)
  const { nextChange } = context.memory
  const changes: StoredChange[] = []
  let next = after
  let scanned = 0
  for await (const numbered of numberedAfter(after, nextChange, moment)) {
    const groups = await loadGroups(context.db, numbered.map(keyOf), moment)
    for (const [i, each] of numbered.entries()) {
      const change = isLast(each, groups[i]!) ? changeOf(each, groups[i]!, moment) : undefined
      if (change !== undefined) changes.push(change)
      next = each.number
      if (++scanned >= SCANNED_MAX || changes.length >= limit) return { changes, next, end: false }
    }
  }
  return { changes, next, end: true }
}

async function* numberedAfter(
  after: number,
  below: number,
  { context, snapshot }: ViewMoment,
): AsyncGenerator<NumberedChange[]> {
  // What is on disk and was not acknowledged is read by what is in memory, which does not know of it.
  const range = { from: changesKey(Math.max(0, after - WINDOW_US + 1)), to: changesKey(below) }
  for await (const rows of context.db.scan(range, { snapshot, chunk: RECORDS_CHUNK })) {
    for (const row of rows) {
      const numbered = decodeChanges(row).filter(({ number }) => number > after)
      if (numbered.length > 0) yield numbered
    }
  }
}

function keyOf({ nation, id }: ItemId): Uint8Array {
  return itemIdKey(nation, id)
}

/** Of an id of which nothing is held any more, each says the same. */
export function isLast({ number }: NumberedChange, { items, last }: HeldGroup): boolean {
  return items.length === 0 || last.number === number
}

/** Undefined where whoever asks sees nothing of it, and cannot have seen anything before. */
function changeOf(numbered: NumberedChange, held: HeldGroup, moment: ViewMoment): StoredChange | undefined {
  const group = { idKey: held.idKey, items: withErasedBare(held.items, moment.context.memory) }
  const asserted = group.items.filter(item => !isWithdrawal(item))
  const shown = shownOf(asserted, moment.counting)
  const items = shown.map(each => storedItem(each, group, moment))
  const isWithdrawn = shownOf(group.items.filter(isWithdrawal), moment.counting).length > 0
  if (isWithdrawn && (items.length > 0 || moment.sight === undefined)) {
    return { ...numbered, state: 'withdrawn', items, withdrawal: withdrawalOf(group, moment) }
  }
  const withdrawal = undefined
  if (items.length > 0) return { ...numbered, state: 'shows', items, withdrawal }
  return mayHaveSeen(asserted, moment) ? { ...numbered, state: 'gone', items, withdrawal } : undefined
}

function withdrawalOf(group: IdGroup, moment: ViewMoment): StoredItem | undefined {
  const [seen] = shownOf(group.items.filter(isWithdrawal), moment.seeing)
  return seen && storedItem(seen, group, moment)
}

function isWithdrawal({ face }: HeldItem): boolean {
  return face.kind === ITEM.WITHDRAWAL
}

/** While it stood and was taken. Of what was destroyed since nobody knows, and so nobody but the whole view is told. */
function mayHaveSeen(asserted: readonly HeldItem[], { sight }: ViewMoment): boolean {
  if (sight === undefined) return true
  return asserted.some(
    ({ face, nation, item, refs }) => !face.void && refs.some(({ audience }) => sight.sees({ nation, item, audience })),
  )
}
