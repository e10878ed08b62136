import { toHex } from '../base/bytes.ts'
import { type TreeHead, treeKey } from './tree-head.ts'

/** One signed tree of a log as it bears on what stands. */
export interface CheckpointEvidence extends TreeHead {
  /** Witness keys whose cosignatures over it verified, 32 bytes each. */
  readonly cosigners: readonly Uint8Array[]
  /** A smaller tree that this one is shown to continue. */
  readonly continues?: TreeHead
}

/** The trees of one log that its key has stated, and which of them are known to continue which. */
export interface TreeGraph {
  readonly trees: readonly TreeHead[]
  /** The author signed, or the signed continue, two trees of one size with different roots. */
  readonly forked: boolean
  /** Keys, in hex, that cosigned this tree or one that continues it. */
  supporters(tree: TreeHead): ReadonlySet<string>
  /** Whether one is shown to continue the other, or they are the same. */
  onOneBranch(a: TreeHead, b: TreeHead): boolean
  /** Whether they are shown to lie on different branches; unrelated trees are not. */
  contradict(a: TreeHead, b: TreeHead): boolean
}

/** More are not kept of one log (`/tocsin/sync/1` carries the newest per branch). */
export const TREES_PER_LOG_MAX = 1024

interface Node {
  readonly tree: TreeHead
  readonly cosigners: Set<string>
  readonly continues: Map<string, TreeHead>
}

/** The order of the evidence does not matter. Throws RangeError beyond the cap, which intake keeps. */
export function buildTreeGraph(evidence: readonly CheckpointEvidence[]): TreeGraph {
  const nodes = collect(evidence)
  if (nodes.size > TREES_PER_LOG_MAX) throw new RangeError(`${nodes.size} trees of one log`)
  const prefixes = prefixesOf(nodes)
  const support = supportOf(nodes, prefixes)
  const known = (tree: TreeHead) => prefixes.get(treeKey(tree)) ?? new Map([[tree.size, tree]])
  const holds = (tree: TreeHead, part: TreeHead) => treeKey(known(tree).get(part.size) ?? tree) === treeKey(part)
  const trees = [...nodes.values()].map(({ tree }) => tree)
  return {
    trees,
    forked: new Set(trees.map(({ size }) => size)).size < trees.length,
    supporters: tree => support.get(treeKey(tree)) ?? new Set(),
    onOneBranch: (a, b) => holds(a, b) || holds(b, a),
    contradict: (a, b) => differ(known(a), known(b)),
  }
}

function collect(evidence: readonly CheckpointEvidence[]): Map<string, Node> {
  const nodes = new Map<string, Node>()
  const nodeOf = (tree: TreeHead): Node => {
    const key = treeKey(tree)
    const node = nodes.get(key) ?? { tree, cosigners: new Set(), continues: new Map() }
    nodes.set(key, node)
    return node
  }
  for (const { size, root, cosigners, continues } of evidence) {
    const node = nodeOf({ size, root })
    for (const key of cosigners) node.cosigners.add(toHex(key))
    if (continues === undefined) continue
    node.continues.set(treeKey(continues), continues)
    nodeOf(continues)
  }
  return nodes
}

/**
 * For each tree itself and all that it continues, by size: a tree has one prefix of a size. Of two prefixes of one tree
 * the larger continues the smaller, whether or not somebody showed that: so every tree has one nearest prefix, and
 * whatever else it continues is handed on to that one.
 */
function prefixesOf(nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, ReadonlyMap<number, TreeHead>> {
  const nearest = new Map<string, TreeHead>()
  const ascending = [...nodes].sort(([, a], [, b]) => a.tree.size - b.tree.size)
  for (const [key, { continues }] of ascending.toReversed()) {
    const [first, ...others] = [...continues.values()].sort((a, b) => b.size - a.size)
    if (first === undefined) continue
    nearest.set(key, first)
    const below = nodes.get(treeKey(first))!.continues
    for (const other of others) if (other.size < first.size) below.set(treeKey(other), other)
  }
  const prefixes = new Map<string, ReadonlyMap<number, TreeHead>>()
  for (const [key, { tree }] of ascending) {
    const before = nearest.get(key)
    const smaller = before === undefined ? [] : prefixes.get(treeKey(before))!
    prefixes.set(key, new Map([...smaller, [tree.size, tree]]))
  }
  return prefixes
}

function supportOf(
  nodes: ReadonlyMap<string, Node>,
  prefixes: ReadonlyMap<string, ReadonlyMap<number, TreeHead>>,
): Map<string, Set<string>> {
  const support = new Map<string, Set<string>>()
  for (const [key, { cosigners }] of nodes) {
    for (const tree of prefixes.get(key)!.values()) {
      const held = support.get(treeKey(tree)) ?? new Set()
      for (const cosigner of cosigners) held.add(cosigner)
      support.set(treeKey(tree), held)
    }
  }
  return support
}

function differ(a: ReadonlyMap<number, TreeHead>, b: ReadonlyMap<number, TreeHead>): boolean {
  for (const [size, tree] of a) {
    const other = b.get(size)
    if (other !== undefined && treeKey(other) !== treeKey(tree)) return true
  }
  return false
}
