import { fromHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { Directory } from '../registry/directory.ts'
import type { TreeGraph } from './tree-graph.ts'
import type { TreeHead } from './tree-head.ts'

/** What one version of the registry in the chain in force says about witnesses. */
export interface WitnessRules {
  readonly version: number
  /** ACTIVE nations with the role WITNESS. */
  readonly witnesses: ReadonlySet<NationId>
  /** Of the policy: how many may lie; undefined: as many as n allows. */
  readonly byzantineNations: number | undefined
}

export interface WitnessRegistry {
  /** Every version of the chain in force. */
  readonly versions: readonly WitnessRules[]
  /**
   * The nations in whose valid documents this witness key ever stood, whatever became of it since. It speaks for
   * each of them: who steals a key and proves it for another nation too takes nobody's voice away.
   */
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

/** The part of the registry that a quorum is judged by. */
export function witnessRegistryOf(
  directory: Pick<Directory, 'chain' | 'witnesses' | 'nationsOfWitness'>,
): WitnessRegistry {
  return {
    versions: directory.chain.map(({ version, policy }) => ({
      version,
      witnesses: directory.witnesses(version) ?? new Set(),
      byzantineNations: policy.byzantineNations,
    })),
    nationsOf: witnessPkHex => directory.nationsOfWitness(fromHex(witnessPkHex)),
  }
}

/** How many of `n` witness nations make a quorum; undefined where none ever does. */
export function quorumOf(n: number, byzantineNations: number | undefined): number | undefined {
  if (n === 0) return undefined
  const most = Math.floor((n - 1) / 3)
  const f = Math.max(0, Math.min(byzantineNations ?? most, most))
  return Math.floor((n + f) / 2) + 1
}

/** The highest version of the registry in which these cosigners are a quorum for this log, or undefined. */
function quorateVersion(
  cosigners: ReadonlySet<string>,
  subject: QuorumSubject,
  registry: WitnessRegistry,
): number | undefined {
  // Several nodes of a nation count once; the author's own nation does not count.
  const nations = new Set([...cosigners].flatMap(key => registry.nationsOf(key)))
  let highest: number | undefined
  for (const { version, witnesses, byzantineNations } of registry.versions) {
    if (version < subject.genesisRegistryVersion || version <= (highest ?? -1)) continue
    const counted = [...witnesses].filter(nation => nation !== subject.nation)
    const needed = quorumOf(counted.length, byzantineNations)
    if (needed !== undefined && counted.filter(nation => nations.has(nation)).length >= needed) highest = version
  }
  return highest
}

interface QuorateTree {
  readonly tree: TreeHead
  /** The highest version of the registry in which it is quorate. */
  readonly version: number
}

/** All trees that a quorum has reached. */
export function quorateTrees(graph: TreeGraph, subject: QuorumSubject, registry: WitnessRegistry): QuorateTree[] {
  return graph.trees.flatMap(tree => {
    const version = quorateVersion(graph.supporters(tree), subject, registry)
    return version === undefined ? [] : [{ tree, version }]
  })
}

/** Q of, whatever the order in which the evidence came. */
export function largestQuorate(graph: TreeGraph, subject: QuorumSubject, registry: WitnessRegistry): QuorumResult {
  const quorate = quorateTrees(graph, subject, registry)
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
