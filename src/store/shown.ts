import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef, ShownRecord } from '../wire/gen/store.ts'
import type { HeldItem } from './held-item.ts'

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
  const winners: Shown[] = []
  let withdrawn = false
  for (const item of items) {
    const timeMs = item.face.void ? undefined : earliest(item.refs, stands)
    if (timeMs === undefined) continue
    const { kind } = item.face
    if (kind === ITEM.WITHDRAWAL) withdrawn = true
    const at = winners.findIndex(shown => shown.kind === kind)
    const rival = winners[at]
    if (rival === undefined) {
      winners.push(shownItem(item, timeMs, false))
      continue
    }
    // Withdrawals that differ say the same; assertions that differ are what alerts of.
    const conflict = kind !== ITEM.WITHDRAWAL
    const wins = compareBytes(item.hash, rival.hash) < 0
    winners[at] = wins ? shownItem(item, timeMs, conflict) : { ...rival, conflict }
  }
  const shown = withdrawn ? winners.filter(({ kind }) => kind === ITEM.WITHDRAWAL) : winners
  return shown.sort((a, b) => a.kind - b.kind)
}

function earliest(refs: readonly ItemRef[], stands: Stands): number | undefined {
  let timeMs: number | undefined
  for (const ref of refs) {
    if (stands(ref) && (timeMs === undefined || ref.timeMs < timeMs)) timeMs = ref.timeMs
  }
  return timeMs
}

function shownItem({ face, nation, hash }: HeldItem, timeMs: number, conflict: boolean): Shown {
  const { kind, id, subject } = face
  return { kind, nation, id, hash, timeMs, conflict, subject }
}

/** The lines that differ between two answers of `shownOf`. */
export function shownChanges(before: readonly Shown[], after: readonly Shown[]): ShownChange[] {
  const changes: ShownChange[] = after.map(shown => ({
    before: before.find(({ kind }) => kind === shown.kind),
    after: shown,
  }))
  for (const shown of before) {
    if (!after.some(({ kind }) => kind === shown.kind)) changes.push({ before: shown, after: undefined })
  }
  return changes.filter(change => !same(change))
}

function same({ before, after }: ShownChange): boolean {
  if (before === undefined || after === undefined) return before === after
  return (
    before.timeMs === after.timeMs &&
    before.conflict === after.conflict &&
    equalBytes(before.hash, after.hash) &&
    equalBytes(before.subject, after.subject)
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
