import { equalBytes } from '../base/bytes.ts'
import { sameTree, type TreeHead } from './tree-head.ts'

/** A tree that the author of a log has signed, with the witness keys that have cosigned it. */
export interface SignedTree extends TreeHead {
  readonly cosigners: readonly Uint8Array[]
}

/** What a witness knows of a log when it decides what to state of it. */
export interface WitnessView {
  readonly witnessPk: Uint8Array
  /** What it has recorded that it states, at its largest: what may be signed already. */
  readonly stated: TreeHead | undefined
  /** Q, as far as is known here. */
  readonly quorate: TreeHead | undefined
  /** How far the log stands here with every signature checked. */
  readonly wholeSize: number
  /** Whether the first `size` entries held are this tree. */
  readonly isHeld: (tree: TreeHead) => boolean
}

/**
 * The comparison of compare-and-persist: the tree to cosign next, undefined where none says more than what was
 * stated already. It continues everything this witness ever stated, since both lie in the one history that is held, so
 * that no witness which records the choice before it signs ever states two trees that contradict each other.
 */
export function chooseTreeToCosign<Tree extends SignedTree>(
  signed: readonly Tree[],
  { witnessPk, stated, quorate, wholeSize, isHeld }: WitnessView,
): Tree | undefined {
  const mine = signed.filter(({ cosigners }) => cosigners.some(key => equalBytes(key, witnessPk)))
  const floor = largest<TreeHead>(stated === undefined ? mine : [stated, ...mine])
  if (floor !== undefined && !isHeld(floor)) return undefined
  // What is recorded and not signed: the run before ended between the two.
  const isOwed = floor !== undefined && !mine.some(said => sameTree(said, floor))
  const saysMore = (tree: Tree) => floor === undefined || tree.size > floor.size || (isOwed && sameTree(tree, floor))
  const candidates = signed.filter(tree => tree.size <= wholeSize && saysMore(tree))
  return preferred(candidates, quorate).find(isHeld)
}

/**
 * The one that most have cosigned, unless it is quorate already; then the largest. Whoever follows others makes a quorum
 * of one tree sooner than if each took the newest that it knows.
 */
function preferred<Tree extends SignedTree>(trees: readonly Tree[], quorate: TreeHead | undefined): readonly Tree[] {
  const voices = ({ size, cosigners }: Tree) => (size > (quorate?.size ?? 0) ? cosigners.length : -1)
  return trees.toSorted((a, b) => voices(b) - voices(a) || b.size - a.size)
}

function largest<Tree extends TreeHead>(trees: readonly Tree[]): Tree | undefined {
  return trees.reduce<Tree | undefined>(
    (most, each) => (most !== undefined && most.size >= each.size ? most : each),
    undefined,
  )
}
