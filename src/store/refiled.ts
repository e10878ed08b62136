import { type ChangeCounter, type Numbering, writeChanges } from './changes.ts'
import type { Writes } from './database.ts'
import { type HeldGroup, type HeldItem, writeGroup } from './held-item.ts'
import { itemKeyParts } from './keys.ts'
import { type Renewed, withNumbers } from './mention-changes.ts'
import { isNews } from './told.ts'

/** What is to be held under one id, and what shows of it. */
export interface Refiled {
  readonly group: HeldGroup
  readonly items: readonly HeldItem[]
  /** As `toldOf` has it. */
  readonly told: Uint8Array
  /** Undefined: every mention may be. */
  readonly isRenewed?: () => Renewed
}

export interface ChangeCounts extends ChangeCounter {
  readonly counts: { superseded: number }
}

/** Files each, and a change for those of which something else shows to somebody. */
export function writeRefiled(
  refiled: readonly Refiled[],
  counter: ChangeCounts,
  numbering: Numbering,
  writes: Writes,
): void {
  const news = refiled.filter(({ group, told }) => isNews(group.last, told))
  const ids = news.map(({ group }) => itemKeyParts(group.idKey))
  const numbers = writeChanges(ids, counter, numbering, writes)
  const numberOf = new Map(news.map((each, i) => [each, numbers[i]!]))
  for (const each of refiled) {
    const { group, items, told, isRenewed } = each
    const number = numberOf.get(each)
    if (number === undefined) {
      writeGroup(group, items, group.last, writes)
      continue
    }
    const isFirst = group.last.number === 0 || isRenewed === undefined
    writeGroup(group, withNumbers(group, items, isFirst ? () => true : isRenewed()), { number, told }, writes)
    if (group.last.number > 0) counter.counts.superseded++
  }
}
