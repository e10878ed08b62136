import { equalBytes } from '../base/bytes.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef } from '../wire/gen/store.ts'
import { withErasedBare } from './bare-withdrawal.ts'
import { CHANGES_PAGE_MAX } from './caps.ts'
import type { ChangePage, ChangeReads, MentionedChange } from './change-queries.ts'
import { decodeChanges, type NumberedChange, WINDOW_US } from './changes.ts'
import type { StoreContext } from './context.ts'
import { type HeldGroup, type HeldItem, type IdGroup, loadGroups } from './held-item.ts'
import { changesKey, itemIdKey } from './keys.ts'
import { changeOfMention, lastChangeFor, withdrawalChange } from './mention-changes.ts'
import { type Counting, shownOf } from './shown.ts'
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
    changes(after, limit, sight) {
      const tell = (numbered: NumberedChange, held: HeldGroup, moment: ViewMoment) =>
        isLastSeen(numbered, held, moment) ? changeOf(numbered, held, moment) : undefined
      return readChanges(after, Math.min(limit, CHANGES_PAGE_MAX), context, tell, sight)
    },
    mentions: (after, limit) => readChanges(after, Math.min(limit, CHANGES_PAGE_MAX), context, mentionedChange),
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

/** Undefined: nothing of it is told. */
type Tell<Change> = (numbered: NumberedChange, held: HeldGroup, moment: ViewMoment) => Change | undefined

async function readChanges<Change>(
  after: number,
  limit: number,
  context: StoreContext,
  tell: Tell<Change>,
  sight?: Sight,
): Promise<ChangePage<Change>> {
  await using moment = viewMoment(context, sight)
  const { nextChange } = context.memory
  const changes: Change[] = []
  let next = after
  let scanned = 0
  for await (const numbered of numberedAfter(after, nextChange, moment)) {
    const groups = await loadGroups(context.db, numbered.map(keyOf), moment)
    for (const [i, each] of numbered.entries()) {
      const change = tell(each, groups[i]!, moment)
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

/** Whether it is the last of an id for anybody. Of an id of which nothing is held any more, each says the same. */
export function isLast({ number }: NumberedChange, { items, last }: HeldGroup): boolean {
  return (
    items.length === 0 ||
    last.number === number ||
    items.some(({ refs }) => refs.some(({ changed }) => changed === number))
  )
}

function isLastSeen({ number }: NumberedChange, held: HeldGroup, { sight, counting }: ViewMoment): boolean {
  if (held.items.length === 0) return true
  if (sight === undefined) return number === held.last.number
  return number === lastChangeFor(held, sees(sight), counting)
}

/** Whether it counts or not. */
function sees(sight: Sight): Counting {
  return ({ audience }, { face, nation, item }) => !face.void && sight.sees({ nation, item, audience })
}

/** The change as it was for those whose last it is, and for whom it is. */
function mentionedChange(
  numbered: NumberedChange,
  held: HeldGroup,
  moment: ViewMoment,
): MentionedChange<StoredItem> | undefined {
  const { number } = numbered
  if (!isLast(numbered, held)) return undefined
  const numberOf = (ref: ItemRef) => changeOfMention(ref, held)
  const forAll = withdrawalChange(held, moment.counting)
  if (number < forAll) return undefined
  const counting: Counting = (ref, item) => numberOf(ref) <= number && moment.counting(ref, item)
  const then = { ...moment, counting }
  const change = changeOf(numbered, held, then)
  const refs = held.items.flatMap(item => item.refs)
  const audiences = refs.filter(ref => numberOf(ref) === number).map(({ audience }) => audience)
  const told = number === forAll || audiences.length === 0 ? undefined : audiences
  return (
    change && {
      ...change,
      rivals: rivalsOf(change, held, then),
      told,
      isStill: before => isLast({ ...numbered, number: before }, held),
    }
  )
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

function rivalsOf({ items: [first] }: StoredChange, held: HeldGroup, moment: ViewMoment): readonly StoredItem[] {
  if (first?.conflict !== true) return []
  return held.items
    .filter(({ face, hash }) => face.kind === first.kind && !equalBytes(hash, first.hash))
    .flatMap(item => shownOf([item], moment.counting).map(shown => storedItem(shown, held, moment)))
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
  return asserted.some(item => item.refs.some(ref => sees(sight)(ref, item)))
}
