import { EMPTY, equalBytes } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { ItemRef } from '../wire/gen/store.ts'
import type { HeldItem, LastChange } from './held-item.ts'
import type { Stands, Takes } from './shown.ts'

const NOTHING = Uint8Array.of(0)
const SIMPLE = EMPTY
const TOLD_BYTES = 8
const REF_BYTES = 20

/**
 * Everything of what is held under one id that somebody may get to see, with every mention that stands, in few bytes: who
 * sees which of them is known where it is asked. Nearly always one item is mentioned once, which then shows or does not.
 */
export function toldOf(items: readonly HeldItem[], stands: Stands, takes: Takes): Uint8Array {
  const [first] = items
  if (first !== undefined && items.length === 1 && first.refs.length === 1) {
    return countedRefs(first, stands, takes).length === 0 ? NOTHING : SIMPLE
  }
  const counted = items
    .map(item => ({ item, refs: countedRefs(item, stands, takes) }))
    .filter(({ refs }) => refs.length > 0)
  if (counted.length === 0) return NOTHING
  return sha256(Buffer.concat(counted.flatMap(({ item, refs }) => [item.hash, refsBytes(refs)]))).slice(0, TOLD_BYTES)
}

function countedRefs(item: HeldItem, stands: Stands, takes: Takes): readonly ItemRef[] {
  const { face, refs } = item
  const counts = !face.void && (face.kind === ITEM.WITHDRAWAL || takes(item))
  return counts ? refs.filter(ref => stands(ref, item)) : []
}

/** Whether whoever was told of the last change has to be told of what there is now. */
export function isNews(last: LastChange, told: Uint8Array): boolean {
  return !equalBytes(told, last.number === 0 ? NOTHING : last.told)
}

function refsBytes(refs: readonly ItemRef[]): Buffer {
  const bytes = Buffer.alloc(4 + refs.length * REF_BYTES)
  let at = bytes.writeUInt32BE(refs.length, 0)
  for (const { log, seq, index, branch } of refs) {
    at = bytes.writeUInt32BE(log, at)
    at = bytes.writeDoubleBE(seq, at)
    at = bytes.writeUInt32BE(index, at)
    at = bytes.writeUInt32BE(branch, at)
  }
  return bytes
}
