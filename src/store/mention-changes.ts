import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef } from '../wire/gen/store.ts'
import type { HeldGroup, HeldItem } from './held-item.ts'
import type { Counting } from './shown.ts'

/**
 * Of an id several mentions may be held, and not everybody sees all. Each has the number of its own last change, so that
 * a mention that is hidden from a reader renews nothing of what that reader was told.
 */

/** Whether a mention counts where it did not, or the other way round. */
export type Renewed = Counting

/** By identity of mentions. Where one that counted is held no more, nobody knows who saw it: then all are renewed. */
export function renewedMentions(
  before: readonly HeldItem[],
  after: readonly HeldItem[],
  counted: Counting,
  counts: Counting,
): Renewed {
  const did = new Set(before.flatMap(item => item.refs.filter(ref => counted(ref, item))))
  const held = new Set(after.flatMap(item => item.refs))
  if ([...did].some(ref => !held.has(ref))) return () => true
  return (ref, item) => did.has(ref) !== counts(ref, item)
}

/**
 * `items` as a new last change leaves them: those that it does not renew keep the number that they
 * had. One that renews none of them is of something else, and so of all.
 */
export function withNumbers({ last }: HeldGroup, items: readonly HeldItem[], isRenewed: Renewed): readonly HeldItem[] {
  const isAny = items.some(item => item.refs.some(ref => isRenewed(ref, item)))
  return items.map(item => {
    const refs = item.refs.map(ref => {
      const before = !isAny || isRenewed(ref, item) ? 0 : ref.changed || last.number
      return before === ref.changed ? ref : { ...ref, changed: before }
    })
    return refs.every((ref, i) => ref === item.refs[i]) ? item : { ...item, refs }
  })
}

/** The number of the last change of a mention. */
export function changeOfMention({ changed }: ItemRef, { last }: Pick<HeldGroup, 'last'>): number {
  return changed === 0 ? last.number : changed
}

/** By which it was told that the id is withdrawn, or is so no more, which concerns everybody; 0: it never was. */
export function withdrawalChange(group: HeldGroup, counts: Counting): number {
  const refs = group.items.filter(isWithdrawal).flatMap(item => item.refs.map(ref => ({ ref, item })))
  const counted = refs.filter(({ ref, item }) => counts(ref, item))
  if (counted.length > 0) return Math.min(...counted.map(({ ref }) => changeOfMention(ref, group)))
  return Math.max(0, ...refs.map(({ ref }) => changeOfMention(ref, group)))
}

/** The last change of which whoever sees what `sees` says is told. */
export function lastChangeFor(group: HeldGroup, sees: Counting, counts: Counting): number {
  let number = withdrawalChange(group, counts)
  for (const item of group.items) {
    for (const ref of item.refs) if (sees(ref, item)) number = Math.max(number, changeOfMention(ref, group))
  }
  return number
}

function isWithdrawal({ face }: HeldItem): boolean {
  return face.kind === ITEM.WITHDRAWAL
}
