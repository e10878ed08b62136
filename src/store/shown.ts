import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef, ShownRecord } from '../wire/gen/store.ts'
import type { HeldItem } from './held-item.ts'
import { latin1 } from './keys.ts'

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

/**
 * Where else an item has to be looked for: a time or a subject at which it stands and does not show. Whoever sees less
 * of it than the view, or what the view leaves out, finds it there.
 */
export interface Trace {
  readonly kind: number
  readonly nation: NationId
  readonly id: Uint8Array
  readonly at: { readonly timeMs: number } | { readonly subject: Uint8Array }
}

/** All that the view holds of one (nation, id). */
export interface GroupView {
  readonly shown: readonly Shown[]
  readonly traces: readonly Trace[]
}

/** What a commit changes of it. */
export interface ViewChange {
  readonly shown: readonly ShownChange[]
  readonly removed: readonly Trace[]
  readonly added: readonly Trace[]
}

/** One line of the view that a commit changes: what was, what is. */
export interface ShownChange {
  readonly before: Shown | undefined
  readonly after: Shown | undefined
}

/** Whether this mention of an item stands. */
export type Stands = (ref: ItemRef, item: HeldItem) => boolean
/** Whether this mention of an item counts for the view that is asked for. */
export type Counting = (ref: ItemRef, item: HeldItem) => boolean
/** Whether the nation takes what it says (acceptance). */
export type Takes = (item: HeldItem) => boolean

export const NOTHING: GroupView = { shown: [], traces: [] }

/** The view of what stands and is taken. A withdrawal counts in any case. */
export function groupView(items: readonly HeldItem[], stands: Stands, takes: Takes): GroupView {
  const shown = shownOf(items, (ref, item) => stands(ref, item) && isTaken(item, takes))
  return { shown, traces: tracesOf(items, stands, shown) }
}

function isTaken(item: HeldItem, takes: Takes): boolean {
  return item.face.kind === ITEM.WITHDRAWAL || takes(item)
}

/**
 * for the mentions that count of what is held under one (nation, id): a withdrawal hides whatever else has that
 * id; of different assertions of one kind the one with the lesser hash shows. At most one a kind, ascending by kind.
 */
export function shownOf(items: readonly HeldItem[], counting: Counting): Shown[] {
  const winners: Shown[] = []
  let withdrawn = false
  for (const item of items) {
    const timeMs = item.face.void ? undefined : earliest(item, counting)
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

function earliest(item: HeldItem, counting: Counting): number | undefined {
  let timeMs: number | undefined
  for (const ref of item.refs) {
    if (counting(ref, item) && (timeMs === undefined || ref.timeMs < timeMs)) timeMs = ref.timeMs
  }
  return timeMs
}

function shownItem({ face, nation, hash }: HeldItem, timeMs: number, conflict: boolean): Shown {
  const { kind, id, subject } = face
  return { kind, nation, id, hash, timeMs, conflict, subject }
}

/** What is withdrawn, and that holds for everybody, is found by what it was about, and at no time. */
function tracesOf(items: readonly HeldItem[], stands: Stands, shown: readonly Shown[]): readonly Trace[] {
  if (items.length === 1 && items[0]!.refs.length === 1 && shown.length === 1) return []
  const withdrawn = shown.some(({ kind }) => kind === ITEM.WITHDRAWAL)
  const traces = new Map<string, Trace>()
  for (const item of items) {
    const { face, nation, refs } = item
    const { kind, id, subject } = face
    const standing = face.void ? [] : refs.filter(ref => stands(ref, item))
    const line = shown.find(each => each.kind === kind)
    for (const { timeMs } of withdrawn ? [] : standing) {
      if (timeMs !== line?.timeMs) traces.set(`${kind} ${timeMs}`, { kind, nation, id, at: { timeMs } })
    }
    const elsewhere = subject.length > 0 && (line === undefined || !equalBytes(line.subject, subject))
    if (elsewhere && standing.length > 0) {
      traces.set(`${kind} ${latin1(subject)} about`, { kind, nation, id, at: { subject } })
    }
  }
  return [...traces.values()]
}

export function viewChange(before: GroupView, after: GroupView): ViewChange {
  return {
    shown: shownChanges(before.shown, after.shown),
    removed: before.traces.filter(trace => !after.traces.some(other => isSameTrace(trace, other))),
    added: after.traces.filter(trace => !before.traces.some(other => isSameTrace(trace, other))),
  }
}

function isSameTrace(a: Trace, b: Trace): boolean {
  if (a.kind !== b.kind) return false
  if ('timeMs' in a.at) return 'timeMs' in b.at && a.at.timeMs === b.at.timeMs
  return 'subject' in b.at && equalBytes(a.at.subject, b.at.subject)
}

/** The lines that differ between two answers of `shownOf`. */
function shownChanges(before: readonly Shown[], after: readonly Shown[]): ShownChange[] {
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
