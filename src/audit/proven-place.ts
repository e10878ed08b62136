import { equalBytes } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { appendLeaf, type CompactRange, rangeRoot } from '../merkle/compact-range.ts'
import { verifyInclusion } from '../merkle/inclusion.ts'
import { half, isOdd } from '../merkle/tree-shape.ts'
import type { InclusionPart } from './part.ts'

/** An entry as the last one of the log up to it. */
export interface ProvenPlace {
  readonly seq: number
  readonly leaf: Hash
  /** The leaves before it. */
  readonly before: CompactRange
}

/** The tree that ends with the entry. */
export function treeUpTo({ leaf, before }: ProvenPlace): TreeHead {
  const range = appendLeaf(before, leaf)
  return { size: range.size, root: rangeRoot(range) }
}

/**
 * Whether a tree goes on from the one that ends with the entry: the path of a leaf holds on its left, from the leaf
 * upwards, the complete subtrees of all that comes before it. So one path shows both that the entry is in the tree and
 * that the two trees are of one branch.
 */
export function isIncluded({ seq, leaf, before }: ProvenPlace, root: Hash, { size, path }: InclusionPart): boolean {
  if (!verifyInclusion({ leaf, index: seq, size, root, path })) return false
  const left = leftSiblings(seq, size, path).toReversed()
  return left.length === before.peaks.length && left.every((hash, i) => equalBytes(hash, before.peaks[i]!))
}

/** Of a path that has the right length. */
function leftSiblings(index: number, size: number, path: readonly Hash[]): Hash[] {
  const left: Hash[] = []
  let node = index
  let last = size - 1
  for (const sibling of path) {
    if (isOdd(node) || node === last) {
      left.push(sibling)
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    }
    node = half(node)
    last = half(last)
  }
  return left
}
