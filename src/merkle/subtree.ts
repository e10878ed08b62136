import type { Hash } from '../base/ids.ts'
import { buildInclusion, verifyInclusion } from './inclusion.ts'
import type { HashAt } from './proof-source.ts'
import { rangeHash } from './proof-source.ts'
import { rootOf } from './tree-hash.ts'
import { levelFor } from './tree-shape.ts'

/**
 * Proof that the leaves `[from, from + count)` are one node of a tree: aligned to the width of that node, and either
 * all of it or what there is of it at the right edge. Above that node the tree has the shape of a smaller tree whose
 * leaves are such nodes, so its path is an inclusion path there.
 */
export interface LeafRange {
  readonly from: number
  readonly leaves: readonly Hash[]
  readonly size: number
  readonly root: Hash
  readonly path: readonly Hash[]
}

interface NodePlace {
  readonly level: number
  readonly index: number
  /** How many nodes of this level the tree has, the ragged last one included. */
  readonly nodes: number
}

/** Where the node of this range stands, or undefined where no single node covers it. */
export function nodePlaceOf(from: number, count: number, size: number): NodePlace | undefined {
  if (count < 1 || from < 0 || from + count > size) return undefined
  const level = levelFor(count)
  const width = 2 ** level
  if (from % width !== 0 || (count !== width && from + count !== size)) return undefined
  return { level, index: from / width, nodes: Math.ceil(size / width) }
}

/** Throws RangeError where no single node covers the range: the caller chooses it. */
export function buildSubtreePath(hashAt: HashAt, from: number, count: number, size: number): Hash[] {
  const place = nodePlaceOf(from, count, size)
  if (place === undefined) throw new RangeError(`no subtree covers ${count} leaves from ${from} of ${size}`)
  const width = 2 ** place.level
  const above: HashAt = (level, index) => {
    const start = index * width * 2 ** level
    return rangeHash(hashAt, start, Math.min(start + width * 2 ** level, size))
  }
  return buildInclusion(above, place.index, place.nodes)
}

/** True only where one node covers the range and the path from it to the root is exact. */
export function verifyLeafRange({ from, leaves, size, root, path }: LeafRange): boolean {
  const place = nodePlaceOf(from, leaves.length, size)
  if (place === undefined) return false
  return verifyInclusion({ leaf: rootOf(leaves), index: place.index, size: place.nodes, root, path })
}
