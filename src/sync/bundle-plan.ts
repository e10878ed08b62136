import { BUNDLE_ENTRIES_MAX } from '../wire/limits.ts'

/** One bundle: the entries `[from, from + count)`. */
export interface BundleRange {
  readonly from: number
  readonly count: number
}

/**
 * The next bundle of a range, shaped so that one subtree proof covers it: a whole power-of-two subtree of at
 * most 256 leaves, aligned to its own size, or the ragged end of the proven tree. Beyond the proven tree, where every
 * signature is checked anyway, it only keeps to the multiples of 256.
 *
 * `entriesMax` bounds it further where 256 entries would be too many bytes.
 */
export function nextBundle(from: number, to: number, provenSize: number, entriesMax = BUNDLE_ENTRIES_MAX): BundleRange {
  if (from >= provenSize) {
    const boundary = from - (from % BUNDLE_ENTRIES_MAX) + BUNDLE_ENTRIES_MAX
    return { from, count: Math.min(to, boundary, from + entriesMax) - from }
  }
  let width = largestAligned(from)
  while (width > entriesMax || (from + width > to && !(from + width > provenSize && to >= provenSize))) width /= 2
  return { from, count: Math.min(from + width, provenSize) - from }
}

function largestAligned(from: number): number {
  let width = BUNDLE_ENTRIES_MAX
  while (from % width !== 0) width /= 2
  return width
}
