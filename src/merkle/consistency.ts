import { equalBytes } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import { type HashAt, rangeHash } from './proof-source.ts'
import { EMPTY_ROOT, nodeHash } from './tree-hash.ts'
import { half, isOdd, isPowerOfTwo, splitPoint } from './tree-shape.ts'

export interface Consistency {
  readonly fromSize: number
  readonly fromRoot: Hash
  readonly toSize: number
  readonly toRoot: Hash
  readonly path: readonly Hash[]
}

/** Proof that the first `fromSize` of `toSize` leaves are the earlier tree (RFC 6962 §2.1.2). */
export function buildConsistency(hashAt: HashAt, fromSize: number, toSize: number): Hash[] {
  if (fromSize === 0 || fromSize === toSize) return []
  const open = buildOpenConsistency(hashAt, fromSize, toSize)
  return isPowerOfTwo(fromSize) ? open.slice(1) : open
}

/** True only for a path of exactly the right length (RFC 9162 §2.1.4.2). */
export function verifyConsistency({ fromSize, fromRoot, toSize, toRoot, path }: Consistency): boolean {
  if (fromSize === 0) return path.length === 0 && equalBytes(fromRoot, EMPTY_ROOT)
  if (fromSize === toSize) return path.length === 0 && equalBytes(fromRoot, toRoot)
  const roots = rootsFromOpenConsistency(fromSize, toSize, isPowerOfTwo(fromSize) ? [fromRoot, ...path] : path)
  return roots !== undefined && equalBytes(roots.fromRoot, fromRoot) && equalBytes(roots.toRoot, toRoot)
}

/**
 * The same proof with its first node always written out, also where `fromSize` is a power of two and RFC 6962 leaves
 * it to the verifier's own root. So it shows what the earlier tree was without being told: what a proof that two
 * checkpoints contradict each other needs. Sizes: `0 < fromSize < toSize`.
 */
export function buildOpenConsistency(hashAt: HashAt, fromSize: number, toSize: number): Hash[] {
  const path: Hash[] = []
  let from = 0
  let to = toSize
  while (to !== fromSize) {
    const middle = from + splitPoint(to - from)
    if (fromSize <= middle) {
      path.push(rangeHash(hashAt, middle, to))
      to = middle
    } else {
      path.push(rangeHash(hashAt, from, middle))
      from = middle
    }
  }
  path.push(rangeHash(hashAt, from, to))
  return path.reverse()
}

/** Both roots that an open path leads to, or undefined where it has a step too few or too many. */
export function rootsFromOpenConsistency(
  fromSize: number,
  toSize: number,
  path: readonly Hash[],
): { readonly fromRoot: Hash; readonly toRoot: Hash } | undefined {
  const first = path[0]
  if (first === undefined || fromSize <= 0 || fromSize >= toSize) return undefined
  let node = fromSize - 1
  let last = toSize - 1
  const rise = () => {
    node = half(node)
    last = half(last)
  }
  while (isOdd(node)) rise()
  let fromRoot = first
  let toRoot = first
  for (const sibling of path.slice(1)) {
    if (last === 0) return undefined
    if (isOdd(node) || node === last) {
      fromRoot = nodeHash(sibling, fromRoot)
      toRoot = nodeHash(sibling, toRoot)
      while (!isOdd(node) && node !== 0) rise()
    } else {
      toRoot = nodeHash(toRoot, sibling)
    }
    rise()
  }
  return last === 0 ? { fromRoot, toRoot } : undefined
}
