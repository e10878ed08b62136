import { equalBytes, toHex } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'

/** A tree by its size and root: what a checkpoint states, a bound names, and a bundle is proved against. */
export interface TreeHead {
  readonly size: number
  readonly root: Hash
}

export function sameTree(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && equalBytes(a.root, b.root)
}

/** For use as a map key. */
export function treeKey({ size, root }: TreeHead): string {
  return `${size}:${toHex(root)}`
}
