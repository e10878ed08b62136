import type { LogStanding } from '../registry/log-standing.ts'
import { largestQuorate, type QuorumSubject, type WitnessRegistry } from './quorum.ts'
import { buildTreeGraph, type CheckpointEvidence, type TreeGraph } from './tree-graph.ts'
import type { TreeHead } from './tree-head.ts'

/** What a verified proof does to a log. */
export type ProofEffect =
  /** `at`: the lowest seq at which the log is known to have forked. `trees`: the contradictory ones, of a type 3. */
  | { readonly kind: 'conflict'; readonly at: number; readonly trees: readonly CheckpointEvidence[] }
  /** The leaf `at` of this signed tree is no entry. */
  | { readonly kind: 'bad-leaf'; readonly at: number; readonly tree: TreeHead }

/** All that is known of one log, verified; a set, whatever the order it came in. */
export interface Evidence {
  /** What the documents in force say of the log's key. */
  readonly authority: LogStanding
  readonly registry: WitnessRegistry
  readonly checkpoints: readonly CheckpointEvidence[]
  readonly proofs: readonly ProofEffect[]
}

export type StandingReason = 'open' | 'unauthorised' | 'bounded' | 'suspended' | 'conflict' | 'bad-leaf'
export type StandingAlarm = 'contradictory-checkpoints' | 'contradictory-quorum'

export interface Standing {
  /** Entries with seq < limit stand; Infinity where nothing limits the log. */
  readonly limit: number
  /** The branch that stands: what is held must have this tree as a prefix, or be one of it. */
  readonly branch: TreeHead | undefined
  readonly reason: StandingReason
  /** Q. */
  readonly quorate: TreeHead | undefined
  readonly alarms: readonly StandingAlarm[]
}

/** Which branch of a log stands, and up to where. */
export function standingOf(log: QuorumSubject, evidence: Evidence): Standing {
  const { authority, registry, proofs } = evidence
  const graph = graphOf(evidence)
  const { quorate, contradictory } = largestQuorate(graph, log, registry)
  const alarms: StandingAlarm[] = []
  if (graph.forked) alarms.push('contradictory-checkpoints')
  if (contradictory) alarms.push('contradictory-quorum')

  if (authority.kind === 'none') return { limit: 0, branch: undefined, reason: 'unauthorised', quorate, alarms }
  const branch = authority.kind === 'active' ? quorate : boundOf(authority, quorate, graph)
  const ceiling = authority.kind === 'active' ? uncontested(proofs, quorate, graph) : (branch?.size ?? 0)
  const rotten = lowestBadLeaf(proofs, branch, graph)
  const limit = Math.min(ceiling, rotten)
  return { limit, branch, reason: reasonOf(limit, rotten, authority, proofs), quorate, alarms }
}

/**
 * The proofs that are kept; the others may be dropped. Without that, whoever holds a key could have proofs kept
 * without end, each a little lower than the last. Of equal ones the first in the list. It is judged by the log as it is
 * and as it would be with its key in full force, so that what is seen during a suspension is not lost with its end; and
 * the lowest stays whatever else limits the log, so that all keep the same, whatever came first.
 */
export function proofsInEffect(log: QuorumSubject, evidence: Evidence): readonly ProofEffect[] {
  const graph = graphOf(evidence)
  const kept = new Set([lowestOf(evidence.proofs)])
  for (const authority of [evidence.authority, { kind: 'active' } as const]) {
    const { branch } = standingOf(log, { ...evidence, authority })
    kept.add(lowestOf(badLeavesOf(evidence.proofs, branch, graph)))
  }
  const bearsTrees = (proof: ProofEffect) => proof.kind === 'conflict' && proof.trees.length > 0
  return evidence.proofs.filter(proof => kept.has(proof) || bearsTrees(proof))
}

/**
 * max(Q, F). A bad leaf counts here like a conflict: one that is not shown to lie on Q's branch may lie on a thief's,
 * and nobody voids a past that the alliance has witnessed. One that does lie there cuts below Q (`lowestBadLeaf`).
 */
function uncontested(proofs: readonly ProofEffect[], quorate: TreeHead | undefined, graph: TreeGraph): number {
  const conflict = graph.forked ? 0 : (lowestOf(proofs)?.at ?? Number.POSITIVE_INFINITY)
  return Math.max(quorate?.size ?? 0, conflict)
}

/** X: the lowest leaf that is no entry, on the branch that stands. */
function lowestBadLeaf(proofs: readonly ProofEffect[], branch: TreeHead | undefined, graph: TreeGraph): number {
  return lowestOf(badLeavesOf(proofs, branch, graph))?.at ?? Number.POSITIVE_INFINITY
}

function badLeavesOf(proofs: readonly ProofEffect[], branch: TreeHead | undefined, graph: TreeGraph): ProofEffect[] {
  if (branch === undefined) return []
  return proofs.filter(proof => proof.kind === 'bad-leaf' && graph.onOneBranch(proof.tree, branch))
}

function lowestOf(proofs: readonly ProofEffect[]): ProofEffect | undefined {
  let lowest: ProofEffect | undefined
  for (const proof of proofs) if (lowest === undefined || proof.at < lowest.at) lowest = proof
  return lowest
}

/** The lower bound, the governors' where they are equal; none: Q (R-1.8). */
function boundOf(
  { governors, own }: Extract<LogStanding, { kind: 'bounded' | 'suspended' }>,
  quorate: TreeHead | undefined,
  graph: TreeGraph,
): TreeHead | undefined {
  const governorsWin = (other: TreeHead) => governors !== undefined && governors.size <= other.size
  if (own === undefined || governorsWin(own)) return governors ?? quorate
  const kept = keepWitnessed(own, quorate, graph)
  return governorsWin(kept) ? governors : kept
}

/** The nation alone sets aside nothing that the alliance has witnessed, neither below Q nor beside it. */
function keepWitnessed(bound: TreeHead, quorate: TreeHead | undefined, graph: TreeGraph): TreeHead {
  if (quorate === undefined) return bound
  return bound.size < quorate.size || graph.contradict(bound, quorate) ? quorate : bound
}

/** A bad leaf's tree stays out: its author can make as many as it likes, and what is not linked relates to nothing. */
function graphOf({ checkpoints, proofs }: Evidence): TreeGraph {
  return buildTreeGraph([...checkpoints, ...proofs.flatMap(proof => (proof.kind === 'conflict' ? proof.trees : []))])
}

function reasonOf(
  limit: number,
  rotten: number,
  authority: LogStanding,
  proofs: readonly ProofEffect[],
): StandingReason {
  if (limit === rotten && Number.isFinite(limit)) return 'bad-leaf'
  if (authority.kind === 'bounded' || authority.kind === 'suspended') return authority.kind
  if (!Number.isFinite(limit)) return 'open'
  return proofs.some(({ kind, at }) => kind === 'bad-leaf' && at === limit) ? 'bad-leaf' : 'conflict'
}
