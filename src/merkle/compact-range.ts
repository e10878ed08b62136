import { concat, readU64be, u64be } from '../base/bytes.ts'
import { StoreError } from '../base/errors.ts'
import { type Hash, parseHash } from '../base/ids.ts'
import type { HashAt } from './proof-source.ts'
import { EMPTY_ROOT, nodeHash } from './tree-hash.ts'
import { half, isOdd, largestPowerOfTwoUpTo, levelFor, peakCount } from './tree-shape.ts'

/** All that appending to a tree needs: its size and the roots of its complete subtrees, the widest first. */
export interface CompactRange {
  readonly size: number
  readonly peaks: readonly Hash[]
}

export const EMPTY_RANGE: CompactRange = { size: 0, peaks: [] }

const HASH_BYTES = 32
const SIZE_BYTES = 8

/** O(log n) worst, one hash on average. `onNode` is told every subtree that became complete, leaves left out. */
export function appendLeaf(
  range: CompactRange,
  leaf: Hash,
  onNode?: (level: number, index: number, hash: Hash) => void,
): CompactRange {
  const peaks = range.peaks.slice()
  let hash = leaf
  let index = range.size
  for (let level = 1; isOdd(index); level++) {
    hash = nodeHash(peaks.pop()!, hash)
    index = half(index)
    onNode?.(level, index, hash)
  }
  peaks.push(hash)
  return { size: range.size + 1, peaks }
}

export function rangeRoot({ peaks }: CompactRange): Hash {
  if (peaks.length === 0) return EMPTY_ROOT
  return peaks.reduceRight((right, left) => nodeHash(left, right))
}

/** The compact range of the first `size` leaves of a stored tree. */
export function compactRangeAt(hashAt: HashAt, size: number): CompactRange {
  const peaks: Hash[] = []
  for (let from = 0; from < size; ) {
    const width = largestPowerOfTwoUpTo(size - from)
    peaks.push(hashAt(levelFor(width), from / width))
    from += width
  }
  return { size, peaks }
}

/** `u64 size || peaks`. */
export function encodeCompactRange(range: CompactRange): Uint8Array {
  return concat(u64be(range.size), ...range.peaks)
}

/** Reads what `encodeCompactRange` wrote; throws StoreError on anything else. */
export function decodeCompactRange(bytes: Uint8Array): CompactRange {
  const size = bytes.length < SIZE_BYTES ? -1 : readU64be(bytes)
  if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== SIZE_BYTES + peakCount(size) * HASH_BYTES) {
    throw new StoreError('internal', `a stored compact range of ${bytes.length} bytes does not fit its size`)
  }
  const peaks: Hash[] = []
  for (let at = SIZE_BYTES; at < bytes.length; at += HASH_BYTES) peaks.push(parseHash(bytes.slice(at, at + HASH_BYTES)))
  return { size, peaks }
}
