import { compareBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef, ShownRecord } from '../wire/gen/store.ts'
import type { HeldItem } from './held-item.ts'
import { subjectOf } from './item-face.ts'

/** What the view holds of one item that shows. */
export interface Shown {
  readonly kind: number
  readonly nation: NationId
  readonly id: Uint8Array
  readonly hash: Uint8Array
  /** Earliest time_ms of the standing entries that carry it. */
  readonly timeMs: number
  readonly conflict: boolean
  /** Empty where it is about no indicator. */
  readonly subject: Uint8Array
}

/** One line of the view that a commit changes: what was, what is. */
export interface ShownChange {
  readonly before: Shown | undefined
  readonly after: Shown | undefined
}

export type Stands = (ref: ItemRef) => boolean

/**
 * for all items held under one (nation, id): a standing withdrawal hides whatever else has that id; of different
 * assertions of one kind the one with the lesser hash shows. At most one a kind, ascending by kind.
 */
export function shownOf(items: readonly HeldItem[], stands: Stands): Shown[] {
  const standing = items.flatMap(item => {
    const timeMs = item.face.void ? undefined : earliest(item.refs, stands)
    return timeMs === undefined ? [] : [{ item, timeMs }]
  })
  const withdrawn = standing.some(({ item }) => item.face.kind === ITEM.WITHDRAWAL)
  const winners = new Map<number, Shown>()
  for (const { item, timeMs } of standing) {
    const { kind } = item.face
    if (withdrawn && kind !== ITEM.WITHDRAWAL) continue
    const rival = winners.get(kind)
    // Withdrawals that differ say the same; assertions that differ are what alerts of.
    const conflict = rival !== undefined && kind !== ITEM.WITHDRAWAL
    if (rival === undefined || compareBytes(item.hash, rival.hash) < 0)
      winners.set(kind, shownItem(item, timeMs, conflict))
    else if (conflict) winners.set(kind, { ...rival, conflict })
  }
  return [...winners.values()].sort((a, b) => a.kind - b.kind)
}

function earliest(refs: readonly ItemRef[], stands: Stands): number | undefined {
  let timeMs: number | undefined
  for (const ref of refs) {
    if (stands(ref) && (timeMs === undefined || ref.timeMs < timeMs)) timeMs = ref.timeMs
  }
  return timeMs
}

function shownItem({ face, nation, hash }: HeldItem, timeMs: number, conflict: boolean): Shown {
  return { kind: face.kind, nation, id: face.id, hash, timeMs, conflict, subject: subjectOf(face.type, face.value) }
}

/** The lines that differ between two answers of `shownOf`. */
export function shownChanges(before: readonly Shown[], after: readonly Shown[]): ShownChange[] {
  const changes: ShownChange[] = []
  for (const kind of new Set([...before, ...after].map(shown => shown.kind))) {
    const change = {
      before: before.find(shown => shown.kind === kind),
      after: after.find(shown => shown.kind === kind),
    }
    if (!same(change)) changes.push(change)
  }
  return changes
}

function same({ before, after }: ShownChange): boolean {
  if (before === undefined || after === undefined) return before === after
  return (
    before.timeMs === after.timeMs && before.conflict === after.conflict && compareBytes(before.hash, after.hash) === 0
  )
}

export function shownRecord({ kind, nation, id, hash, timeMs, conflict }: Shown): ShownRecord {
  return { kind, nation, id, hash, timeMs, conflict: conflict ? 1 : 0 }
}

/** Ascending by kind, nation and id, as the keys of spilled records sort. */
export function compareShown(
  a: Pick<ShownRecord, 'kind' | 'nation' | 'id'>,
  b: Pick<ShownRecord, 'kind' | 'nation' | 'id'>,
): number {
  if (a.kind !== b.kind) return a.kind - b.kind
  if (a.nation !== b.nation) return a.nation < b.nation ? -1 : 1
  return compareBytes(a.id, b.id)
}
