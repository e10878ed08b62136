import { equalBytes } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import { type HashAt, rangeHash } from './proof-source.ts'
import { nodeHash } from './tree-hash.ts'
import { half, isOdd, splitPoint } from './tree-shape.ts'

export interface Inclusion {
  readonly leaf: Hash
  readonly index: number
  readonly size: number
  readonly root: Hash
  /** Siblings from the leaf upwards. */
  readonly path: readonly Hash[]
}

/** The path of leaf `index` in the tree of the first `size` leaves (RFC 6962 §2.1.1). */
export function buildInclusion(hashAt: HashAt, index: number, size: number): Hash[] {
  const path: Hash[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitPoint(to - from)
    if (index < middle) {
      path.push(rangeHash(hashAt, middle, to))
      to = middle
    } else {
      path.push(rangeHash(hashAt, from, middle))
      from = middle
    }
  }
  return path.reverse()
}

/** True only for a path of exactly the right length (RFC 9162 §2.1.3.2). */
export function verifyInclusion({ leaf, index, size, root, path }: Inclusion): boolean {
  const computed = rootFromInclusion(leaf, index, size, path)
  return computed !== undefined && equalBytes(computed, root)
}

/** The root that the path leads to, or undefined where the path has a step too few or too many. */
export function rootFromInclusion(leaf: Hash, index: number, size: number, path: readonly Hash[]): Hash | undefined {
  if (index < 0 || index >= size) return undefined
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (last === 0) return undefined
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 ? hash : undefined
}
