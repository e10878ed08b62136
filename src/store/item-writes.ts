import { concat, EMPTY, equalBytes } from '../base/bytes.ts'
import { ITEM } from '../indicator/item-type.ts'
import { standsIn, withBareWithdrawals, withErasedBare } from './bare-withdrawal.ts'
import { type StoreContext, takesBy } from './context.ts'
import type { Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { misuse } from './failures.ts'
import { type HeldItem, loadGroups, withItem } from './held-item.ts'
import { readFace } from './item-face.ts'
import { itemIdKey, latin1, placeKey, SPACE } from './keys.ts'
import { branchOf } from './log-state.ts'
import { isOnBranch } from './memory.ts'
import { renewedMentions } from './mention-changes.ts'
import { type Refiled, writeRefiled } from './refiled.ts'
import {
  type Counting,
  groupView,
  type Shown,
  type ShownChange,
  type Stands,
  type Takes,
  type ViewChange,
  viewChange,
} from './shown.ts'
import type { CommitResult, ItemId, OpenedItem, VoidItem } from './store.ts'
import { toldOf } from './told.ts'
import type { Touched } from './tombstone-writes.ts'
import { writeView } from './view-writes.ts'

export type ItemsOutcome = Pick<CommitResult, 'itemsNew' | 'itemsKnown' | 'conflicts' | 'voided'>

/** Files opened items, takes what is destroyed, and changes the view by the difference that they make. */
export async function writeItems(
  items: readonly OpenedItem[],
  touched: Touched,
  { acceptance, numbering }: Pick<StoreContext, 'acceptance' | 'numbering'>,
  draft: Draft,
  db: Reads,
  writes: Writes,
): Promise<ItemsOutcome> {
  const voided: VoidItem[] = []
  const arriving = items.map(opened => heldItem(opened, draft, voided))
  writeOpened(arriving, writes)
  const arrivals = byId(arriving, touched.idKeys)
  const groups = await loadGroups(
    db,
    arrivals.map(({ idKey }) => idKey),
  )
  const before = standsIn(draft, draft.tombstones.before)
  const after = standsIn(draft)
  const takes = takesBy(acceptance)

  const changes: ViewChange[] = []
  const refiled: Refiled[] = []
  let itemsNew = 0
  for (const [i, { items, isTouched }] of arrivals.entries()) {
    const group = groups[i]!
    const left = withoutPurged(group.items, touched)
    const merged = items.reduce<readonly HeldItem[]>(withItem, left)
    if (merged === group.items && !isTouched) continue
    itemsNew += merged.length - left.length
    draft.counts.items += merged.length - group.items.length
    const was = withErasedBare(group.items, draft, draft.tombstones.before)
    const is = withErasedBare(merged, draft)
    changes.push(viewChange(groupView(was, before, takes), groupView(is, after, takes)))
    const isRenewed = () => renewedMentions(group.items, merged, countingBy(before, takes), countingBy(after, takes))
    refiled.push({ group, items: merged, told: toldOf(is, after, takes), isRenewed })
  }
  writeRefiled(refiled, draft, numbering, writes)
  // A view of other rules waits for its rebuilding: what it should change from is not what it holds.
  if (equalBytes(draft.view.acceptance, acceptance.hash)) {
    draft.viewWritten ||= changes.some(isChange)
    await writeView(changes, { db, writes, generation: draft.view.generation, counts: draft.counts })
  }
  const conflicts = changes.flatMap(({ shown }) => shown.filter(isNewConflict).map(idOf))
  return { itemsNew, itemsKnown: items.length - itemsNew, conflicts, voided }
}

function countingBy(stands: Stands, takes: Takes): Counting {
  return (ref, item) => !item.face.void && (item.face.kind === ITEM.WITHDRAWAL || takes(item)) && stands(ref, item)
}

/** What a later erasure finds them by: an entry is opened whole, or not. */
function writeOpened(items: readonly HeldItem[], writes: Writes): void {
  for (const ofEntry of Map.groupBy(items, ({ refs: [ref] }) => `${ref!.log}/${ref!.seq}`).values()) {
    const { log, seq } = ofEntry[0]!.refs[0]!
    const ids = new Map(ofEntry.map(({ face }) => [latin1(face.id), face.id]))
    writes.push([placeKey(SPACE.opened, log, seq), concat(...ids.values())])
  }
}

function withoutPurged(items: readonly HeldItem[], { purged }: Touched): readonly HeldItem[] {
  if (purged.length === 0) return items
  const isPurged = (ref: HeldItem['refs'][number]) =>
    purged.some(({ log, seq }) => ref.log === log.number && ref.seq === seq && isOnBranch(ref, log))
  return withBareWithdrawals(items, isPurged).flatMap(item => {
    // that it is withdrawn is kept for ever.
    if (item.face.kind === ITEM.WITHDRAWAL) return item
    const refs = item.refs.filter(ref => !isPurged(ref))
    if (refs.length === item.refs.length) return item
    return refs.length === 0 ? [] : { ...item, refs }
  })
}

interface Arrivals {
  readonly idKey: Uint8Array
  readonly items: HeldItem[]
  /** What shows of it may be something else though nothing arrived. */
  readonly isTouched: boolean
}

function byId(items: readonly HeldItem[], touched: readonly Uint8Array[]): Arrivals[] {
  const groups = new Map<string, Arrivals>(touched.map(idKey => [latin1(idKey), { idKey, items: [], isTouched: true }]))
  for (const item of items) {
    const idKey = itemIdKey(item.nation, item.face.id)
    const key = latin1(idKey)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { idKey, items: [item], isTouched: false })
    else group.items.push(item)
  }
  return [...groups.values()]
}

function heldItem(opened: OpenedItem, draft: Draft, voided: VoidItem[]): HeldItem {
  const { logId, seq, index, timeMs, hash, item, audience = EMPTY } = opened
  const log = draft.log(logId)
  if (log === undefined || seq >= log.head.size) throw misuse('an item of an entry that is not held', { seq, index })
  const ref = { log: log.number, seq, index, branch: branchOf(log), timeMs, audience, changed: 0 }
  const { face, fault } = readFace(item, hash)
  if (fault !== undefined) voided.push({ logId, seq, index, ...fault })
  return { nation: log.head.nation, face, hash, item, refs: [ref] }
}

function isChange({ shown, removed, added }: ViewChange): boolean {
  return shown.length + removed.length + added.length > 0
}

function isNewConflict({ before, after }: ShownChange): boolean {
  return after?.conflict === true && before?.conflict !== true
}

function idOf({ after }: ShownChange): ItemId {
  const { nation, id } = after as Shown
  return { nation, id }
}
