import { sha256 } from '../base/hash.ts'
import { ITEM } from '../indicator/item-type.ts'
import { encode } from '../wire/codec.ts'
import type { ItemRef } from '../wire/gen/store.ts'
import { Item, Withdrawal } from '../wire/gen/tocsin.ts'
import { type HeldItem, withItem } from './held-item.ts'
import { type MemoryReads, refHolds, refStands } from './memory.ts'
import type { Stands } from './shown.ts'

/**
 * That an id is withdrawn holds for ever, and what an erased entry says is hidden and then destroyed:
 * so a withdrawal that is erased stays as one without its reason. It is the same before and after the destruction.
 */

/** hides what was erased, but for withdrawals. */
export function standsIn(memory: MemoryReads, tombstones = memory.tombstones): Stands {
  return (ref, { face }) => (face.kind === ITEM.WITHDRAWAL ? refHolds(ref, memory) : refStands(ref, memory, tombstones))
}

/** What is held under one id, its erased withdrawals bare. */
export function withErasedBare(
  items: readonly HeldItem[],
  memory: MemoryReads,
  tombstones = memory.tombstones,
): readonly HeldItem[] {
  if (!items.some(isWithdrawal)) return items
  return withBareWithdrawals(items, ref => refHolds(ref, memory) && !refStands(ref, memory, tombstones))
}

/** The mentions of withdrawals that `bared` tells of, without their reasons; everything else as it was. */
export function withBareWithdrawals(items: readonly HeldItem[], bared: (ref: ItemRef) => boolean): readonly HeldItem[] {
  let result = items
  for (const item of items) {
    const refs = isWithdrawal(item) ? item.refs.filter(bared) : []
    if (refs.length === 0) continue
    result = withItem(withoutRefs(result, item, refs), bareWithdrawal(item, refs))
  }
  return result
}

function isWithdrawal({ face }: HeldItem): boolean {
  return face.kind === ITEM.WITHDRAWAL && !face.void
}

function withoutRefs(items: readonly HeldItem[], item: HeldItem, gone: readonly ItemRef[]): readonly HeldItem[] {
  return items.flatMap(other => {
    if (other !== item) return other
    const refs = item.refs.filter(ref => !gone.includes(ref))
    return refs.length === 0 ? [] : { ...item, refs }
  })
}

function bareWithdrawal({ nation, face }: HeldItem, refs: readonly ItemRef[]): HeldItem {
  const body = encode(Withdrawal, { claimId: face.id, reason: '' })
  const item = encode(Item, { type: ITEM.WITHDRAWAL, body })
  return { nation, face, hash: sha256(item), item, refs }
}
