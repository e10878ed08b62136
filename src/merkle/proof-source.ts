import type { Hash } from '../base/ids.ts'
import { nodeHash } from './tree-hash.ts'
import { levelFor, splitPoint } from './tree-shape.ts'

/**
 * Hash of the complete subtree of 2^level leaves that starts at leaf `index * 2^level`; level 0 is the leaves. Asked
 * only for subtrees that lie wholly in the tree; throws what the owner of the tree throws where one is missing.
 */
export type HashAt = (level: number, index: number) => Hash

/** A store keeps the levels 0, 8, 16, … : the leaves, one hash per 256 leaves, one per 65,536. */
export const TILE_LEVELS = 8

/** Reads every level from a source that keeps only those divisible by eight. */
export function hashAtFromTiles(stored: HashAt): HashAt {
  const hashAt: HashAt = (level, index) =>
    level % TILE_LEVELS === 0
      ? stored(level, index)
      : nodeHash(hashAt(level - 1, index * 2), hashAt(level - 1, index * 2 + 1))
  return hashAt
}

/** Reads from a list of leaves in memory. */
export function hashAtFromLeaves(leaves: readonly Hash[]): HashAt {
  const hashAt: HashAt = (level, index) => {
    if (level > 0) return nodeHash(hashAt(level - 1, index * 2), hashAt(level - 1, index * 2 + 1))
    const leaf = leaves[index]
    if (leaf === undefined) throw new RangeError(`leaf ${index} of ${leaves.length}`)
    return leaf
  }
  return hashAt
}

/** Hash of the leaves `[from, to)`, which must be one node of the tree: aligned, and complete or at its right edge. */
export function rangeHash(hashAt: HashAt, from: number, to: number): Hash {
  const count = to - from
  const width = 2 ** levelFor(count)
  if (count === width) return hashAt(levelFor(count), from / width)
  const middle = from + splitPoint(count)
  return nodeHash(rangeHash(hashAt, from, middle), rangeHash(hashAt, middle, to))
}
