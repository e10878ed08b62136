import type { NationId } from '../base/ids.ts'
import type { TreeGraph } from './tree-graph.ts'
import type { TreeHead } from './tree-head.ts'

/** What one version of the registry in the chain in force says about witnesses. */
export interface WitnessRules {
  readonly version: number
  /** ACTIVE nations with the role WITNESS. */
  readonly witnesses: ReadonlySet<NationId>
  /** Policy.byzantine_f_plus_1: 0 is the default, else f plus one. */
  readonly byzantineFPlus1: number
}

export interface WitnessRegistry {
  /** Every version of the chain in force. */
  readonly versions: readonly WitnessRules[]
  /** Nations in whose valid documents this witness key ever stood, whatever became of it. */
  nationsOf(witnessPkHex: string): readonly NationId[]
}

/** The log in question. */
export interface QuorumSubject {
  readonly nation: NationId
  readonly genesisRegistryVersion: number
}

export interface QuorumResult {
  /** Q: the largest tree that a quorum has reached. */
  readonly quorate: TreeHead | undefined
  /** Two contradictory trees are quorate and no version decides between them: neither counts. */
  readonly contradictory: boolean
}

/** How many of `n` witness nations make a quorum; undefined where none ever does. */
export function quorumOf(n: number, byzantineFPlus1: number): number | undefined {
  if (n === 0) return undefined
  const most = Math.floor((n - 1) / 3)
  const f = byzantineFPlus1 === 0 ? most : Math.max(0, Math.min(byzantineFPlus1 - 1, most))
  return Math.floor((n + f) / 2) + 1
}

/** The highest version of the registry in which these cosigners are a quorum for this log, or undefined. */
export function quorateVersion(
  cosigners: ReadonlySet<string>,
  subject: QuorumSubject,
  registry: WitnessRegistry,
): number | undefined {
  let highest: number | undefined
  for (const { version, witnesses, byzantineFPlus1 } of registry.versions) {
    if (version < subject.genesisRegistryVersion || version <= (highest ?? -1)) continue
    const counted = new Set([...witnesses].filter(nation => nation !== subject.nation))
    const needed = quorumOf(counted.size, byzantineFPlus1)
    if (needed !== undefined && countNations(cosigners, counted, registry) >= needed) highest = version
  }
  return highest
}

/** Q of, whatever the order in which the evidence came. */
export function largestQuorate(graph: TreeGraph, subject: QuorumSubject, registry: WitnessRegistry): QuorumResult {
  const quorate = graph.trees.flatMap(tree => {
    const version = quorateVersion(graph.supporters(tree), subject, registry)
    return version === undefined ? [] : [{ tree, version }]
  })
  let largest: TreeHead | undefined
  let contradictory = false
  for (const { tree, version } of quorate) {
    const rivals = quorate.filter(other => graph.contradict(tree, other.tree))
    contradictory ||= rivals.some(other => other.version === version)
    if (rivals.some(other => other.version >= version)) continue
    if (largest === undefined || tree.size > largest.size) largest = tree
  }
  return { quorate: largest, contradictory }
}

/** Distinct nations, each by a key of its own: one key that two nations list speaks for one of them. */
function countNations(
  cosigners: ReadonlySet<string>,
  counted: ReadonlySet<NationId>,
  registry: WitnessRegistry,
): number {
  const keysOf = new Map<NationId, string[]>()
  for (const key of cosigners) {
    for (const nation of registry.nationsOf(key)) {
      if (counted.has(nation)) keysOf.set(nation, [...(keysOf.get(nation) ?? []), key])
    }
  }
  return largestMatching(keysOf)
}

/** Kuhn's algorithm. Greedy assignment would let a nation that adds another's key undo a quorum that stood. */
function largestMatching(keysOf: ReadonlyMap<NationId, readonly string[]>): number {
  const holder = new Map<string, NationId>()
  const place = (nation: NationId, tried: Set<string>): boolean =>
    keysOf.get(nation)!.some(key => {
      if (tried.has(key)) return false
      tried.add(key)
      const other = holder.get(key)
      if (other !== undefined && !place(other, tried)) return false
      holder.set(key, nation)
      return true
    })
  let count = 0
  for (const nation of keysOf.keys()) if (place(nation, new Set())) count++
  return count
}
