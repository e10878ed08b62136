import { toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { type NationId, parseNationId } from '../../src/base/ids.ts'
import { chooseTreeToCosign } from '../../src/chain/cosigning.ts'
import { largestQuorate, quorateTrees, type WitnessRegistry, type WitnessRules } from '../../src/chain/quorum.ts'
import { buildTreeGraph, type CheckpointEvidence } from '../../src/chain/tree-graph.ts'
import { sameTree, type TreeHead, treeKey } from '../../src/chain/tree-head.ts'
import { appendLeaf, EMPTY_RANGE, rangeRoot } from '../../src/merkle/compact-range.ts'

/**
 * An alliance in which the author of a log and some witnesses lie, without signatures and time: what counts here is who
 * says what, and honest witnesses decide by the code of the daemon. The network is on the liars' side: it chooses who
 * holds which branch, who hears of what and in which order, and who is killed between recording and signing.
 */

type Branch = 'left' | 'right'
const BRANCHES: readonly Branch[] = ['left', 'right']
/** Both branches are one log up to here. */
const COMMON = 3
const SIZE_MAX = 12

const ROOTS = Object.fromEntries(BRANCHES.map(branch => [branch, rootsOf(branch)])) as Record<Branch, TreeHead[]>

/** By size. */
function rootsOf(branch: Branch): TreeHead[] {
  let range = EMPTY_RANGE
  const trees: TreeHead[] = [{ size: 0, root: rangeRoot(range) }]
  for (let seq = 0; seq < SIZE_MAX; seq++) {
    range = appendLeaf(range, sha256(utf8(`${seq < COMMON ? 'both' : branch} ${seq}`)))
    trees.push({ size: seq + 1, root: rangeRoot(range) })
  }
  return trees
}

function isOn(branch: Branch, tree: TreeHead): boolean {
  return sameTree(ROOTS[branch][tree.size]!, tree)
}

/** In truth, whatever has been shown to anybody. */
export function contradict(a: TreeHead, b: TreeHead): boolean {
  return !BRANCHES.some(branch => isOn(branch, a) && isOn(branch, b))
}

export interface WorldPlan {
  readonly random: () => number
  readonly steps: number
  readonly versions: readonly WitnessRules[]
  readonly liars: ReadonlySet<NationId>
  /** Nations that run two nodes, each with a witness key and a record of its own. */
  readonly twins?: ReadonlySet<NationId>
}

export interface World {
  /** All that anybody said, and how all of it hangs together: what a node knows that has heard everything. */
  readonly evidence: readonly CheckpointEvidence[]
  readonly registry: WitnessRegistry
  /** What each honest node cosigned, in order. */
  readonly honest: readonly (readonly TreeHead[])[]
}

interface HonestNode {
  readonly key: Uint8Array
  readonly said: TreeHead[]
  branch: Branch
  size: number
  stated: TreeHead | undefined
  known: CheckpointEvidence[]
}

export const SUBJECT = { nation: parseNationId('AUTHOR'), genesisRegistryVersion: 1 }

export function witness(number: number): NationId {
  return parseNationId(`W${number}`)
}

function keysOf(nation: NationId, twins: ReadonlySet<NationId> = new Set()): Uint8Array[] {
  return (twins.has(nation) ? ['', ' too'] : ['']).map(node => sha256(utf8(`witness ${nation}${node}`)))
}

/** Lets everybody act at random until the steps are over. */
export function runWorld({ random, steps, versions, liars, twins }: WorldPlan): World {
  const upTo = (count: number) => Math.floor(random() * count)
  const oneOf = <Item>(items: readonly Item[]): Item => items[upTo(items.length)]!
  const nations = [...new Set(versions.flatMap(({ witnesses }) => [...witnesses]))]
  const nationByKey = new Map(nations.flatMap(each => keysOf(each, twins).map(key => [toHex(key), each] as const)))
  const registry: WitnessRegistry = { versions, nationsOf: key => [nationByKey.get(key) ?? []].flat() }
  const said: CheckpointEvidence[] = []
  const liarKeys = nations.filter(nation => liars.has(nation)).flatMap(nation => keysOf(nation, twins))
  const honest = nations
    .filter(nation => !liars.has(nation))
    .flatMap(nation => keysOf(nation, twins))
    .map((key, i): HonestNode => ({ key, said: [], branch: BRANCHES[i % 2]!, size: 1, stated: undefined, known: [] }))

  /** The author signs any tree of any branch. */
  const sign = () => said.push({ ...ROOTS[oneOf(BRANCHES)][1 + upTo(SIZE_MAX)]!, cosigners: [] })

  const lie = () => said.push({ ...oneOf(said), cosigners: [oneOf(liarKeys)] })

  function hold(node: HonestNode): void {
    // What stood has changed, or an operator restored something: the same node holds the other branch.
    if (random() < 0.05) node.branch = oneOf(BRANCHES)
    node.size = 1 + upTo(SIZE_MAX)
  }

  function hear(node: HonestNode): void {
    if (random() < 0.05) node.known = []
    for (let i = 0; i < 6; i++) node.known.push(oneOf(said))
  }

  function cosign(node: HonestNode): void {
    const { key, branch, size, stated, known } = node
    const signed = mergeTrees(known)
    const { quorate } = largestQuorate(buildTreeGraph(known), SUBJECT, registry)
    const isHeld = (tree: TreeHead) => tree.size <= size && isOn(branch, tree)
    const chosen = chooseTreeToCosign(signed, { witnessPk: key, stated, quorate, wholeSize: size, isHeld })
    if (chosen === undefined) return
    node.stated = { size: chosen.size, root: chosen.root }
    if (random() < 0.1) return
    const cosigned = { ...node.stated, cosigners: [key] }
    node.said.push(node.stated)
    node.known.push(cosigned)
    said.push(cosigned)
  }

  sign()
  for (let step = 0; step < steps; step++) {
    const choice = random()
    if (choice < 0.15) sign()
    else if (choice < 0.3 && liarKeys.length > 0) lie()
    else if (choice < 0.5) hold(oneOf(honest))
    else if (choice < 0.75) hear(oneOf(honest))
    else cosign(oneOf(honest))
  }
  const trees = mergeTrees(said)
  return { evidence: [...trees, ...linksOf(trees)], registry, honest: honest.map(node => node.said) }
}

/** One piece of evidence a tree, with all who cosigned it. */
function mergeTrees(evidence: readonly CheckpointEvidence[]): CheckpointEvidence[] {
  const merged = new Map<string, CheckpointEvidence>()
  for (const { size, root, cosigners } of evidence) {
    const held = merged.get(treeKey({ size, root }))
    const all = new Map([...(held?.cosigners ?? []), ...cosigners].map(key => [toHex(key), key]))
    merged.set(treeKey({ size, root }), { size, root, cosigners: [...all.values()] })
  }
  return [...merged.values()]
}

/**
 * Consistency can be shown exactly where it is true: by whoever holds a branch, from every tree on it to what the other
 * trees are compared with, also where its author never signed that (R-2.5, type 3).
 */
function linksOf(trees: readonly CheckpointEvidence[]): CheckpointEvidence[] {
  return trees.flatMap(({ size, root }) => {
    const branch = BRANCHES.find(each => isOn(each, { size, root }))!
    const sizes = new Set(trees.map(other => other.size).filter(other => other < size))
    return [...sizes].map(other => ({ size, root, cosigners: [], continues: ROOTS[branch][other]! }))
  })
}

/** All trees that are quorate in one version, as if it were the only one. */
export function quorateIn({ evidence, registry }: World, version: WitnessRules): readonly TreeHead[] {
  const only = { ...registry, versions: [version] }
  return quorateTrees(buildTreeGraph(evidence), SUBJECT, only).map(({ tree }) => tree)
}

export function anyContradict(trees: readonly TreeHead[]): boolean {
  return trees.some((a, i) => trees.slice(i + 1).some(b => contradict(a, b)))
}
