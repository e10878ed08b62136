import { toHex } from '../base/bytes.ts'
import type { VerifiedCheckpointEvidence } from './checkpoint-evidence.ts'
import { factEffect, isLink, isTree } from './checkpoint-facts.ts'
import { bySize, contradictoryFacts } from './contradiction.ts'
import { keptPostQuantum } from './post-quantum.ts'
import { type QuorumSubject, quorateTrees, type WitnessRegistry } from './quorum.ts'
import { buildTreeGraph, type TreeGraph } from './tree-graph.ts'
import { type TreeHead, treeKey } from './tree-head.ts'

type Fact = VerifiedCheckpointEvidence

/** An author may sign what it likes: two of its largest trees of one size are enough to show that it did. */
const LARGEST_KEPT = 2
/** Far more than honest witnesses make: one tree a nation, one link between two of them. */
const FACTS_PER_LOG_MAX = 256

/**
 * The facts about one log that are worth keeping and passing on: its largest tree, two that contradict each other, the
 * last that each nation has cosigned and how these continue each other, and whatever else a quorum rests on, since what
 * was quorate stays so, and its lines against a break of Ed25519. The rest is idle. All are `checkpoint-facts.ts` facts, one of a key.
 */
export function keptCheckpoints(
  facts: readonly Fact[],
  log: QuorumSubject,
  registry: WitnessRegistry,
): readonly Fact[] {
  const lines = facts.filter(({ postQuantum }) => postQuantum !== undefined)
  return [
    ...keptOfTrees(
      facts.filter(fact => !lines.includes(fact)),
      log,
      registry,
    ),
    ...keptPostQuantum(lines),
  ]
}

function keptOfTrees(facts: readonly Fact[], log: QuorumSubject, registry: WitnessRegistry): readonly Fact[] {
  const summits = summitsOf(facts, log, registry)
  const trees = facts.filter(isTree)
  const told = new Set([
    ...largestOf(trees),
    ...(contradictoryFacts(facts) ?? []),
    ...lastOfNations(trees, log, registry),
  ])
  const worthwhile = trees.filter(fact => told.has(fact) || fact.cosignatures.length > 0)
  const links = facts.filter(isLink)
  const kept = withoutIdle([...worthwhile, ...links], fact => isLink(fact) || told.has(fact), summits)
  const chain = chainOf(kept)
  return withoutIdle(kept, fact => !isLink(fact) || told.has(fact) || chain.has(fact), summits)
    .toSorted(byWeight)
    .slice(0, FACTS_PER_LOG_MAX)
}

interface Summit {
  readonly tree: TreeHead
  readonly supporters: number
}

/** The quorate trees that no other quorate tree is shown to continue, and how many stand behind each. */
function summitsOf(facts: readonly Fact[], log: QuorumSubject, registry: WitnessRegistry): readonly Summit[] {
  if (facts.every(({ cosignatures }) => cosignatures.length === 0)) return []
  const graph = graphOf(facts)
  const quorate = quorateTrees(graph, log, registry).map(({ tree }) => tree)
  const isTop = (tree: TreeHead) => !quorate.some(other => other.size > tree.size && graph.onOneBranch(other, tree))
  return quorate.filter(isTop).map(tree => ({ tree, supporters: graph.supporters(tree).size }))
}

/** Drops what is not to stay and no summit rests on, the smallest first: which of two that say the same is fixed. */
function withoutIdle(
  facts: readonly Fact[],
  stays: (fact: Fact) => boolean,
  summits: readonly Summit[],
): readonly Fact[] {
  let kept = facts
  for (const fact of facts.filter(each => !stays(each)).toSorted(bySize)) {
    const rest = kept.filter(other => other !== fact)
    if (holdUp(summits, rest)) kept = rest
  }
  return kept
}

function holdUp(summits: readonly Summit[], facts: readonly Fact[]): boolean {
  if (summits.length === 0) return true
  const graph = graphOf(facts)
  return summits.every(({ tree, supporters }) => graph.supporters(tree).size === supporters)
}

function largestOf(trees: readonly Fact[]): readonly Fact[] {
  const size = trees.reduce((most, { checkpoint }) => Math.max(most, checkpoint.size), 0)
  return trees
    .filter(({ checkpoint }) => checkpoint.size === size)
    .toSorted(bySize)
    .slice(0, LARGEST_KEPT)
}

/** A nation speaks with the largest tree that it cosigned: it can hold up its own voice alone. */
function lastOfNations(trees: readonly Fact[], log: QuorumSubject, registry: WitnessRegistry): Iterable<Fact> {
  const last = new Map<string, Fact>()
  for (const fact of trees.toSorted(bySize)) {
    for (const { witnessPk } of fact.cosignatures) {
      for (const nation of registry.nationsOf(toHex(witnessPk))) if (nation !== log.nation) last.set(nation, fact)
    }
  }
  return last.values()
}

/** Of the links between kept trees that one of each tree which leads to the nearest: from there others lead on. */
function chainOf(facts: readonly Fact[]): ReadonlySet<Fact> {
  const cosigned = facts.filter(fact => !isLink(fact) && fact.cosignatures.length > 0)
  const known = new Set(cosigned.map(({ checkpoint }) => treeKey(checkpoint)))
  const nearest = new Map<string, Fact>()
  for (const fact of facts) {
    const from = treeKey(fact.checkpoint)
    if (fact.continues === undefined || !known.has(from) || !known.has(treeKey(fact.continues))) continue
    const other = nearest.get(from)
    if (other === undefined || fact.continues.size > (other.continues?.size ?? 0)) nearest.set(from, fact)
  }
  return new Set(nearest.values())
}

function graphOf(facts: readonly Fact[]): TreeGraph {
  return buildTreeGraph(facts.map(factEffect))
}

/** Its author can sign as many trees as it likes, but no cosignature. */
function byWeight(a: Fact, b: Fact): number {
  return b.cosignatures.length - a.cosignatures.length || bySize(b, a)
}
