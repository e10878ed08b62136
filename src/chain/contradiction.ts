import { compareBytes } from '../base/bytes.ts'
import { parseHash } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { parseEntry } from '../wire/entry.ts'
import { Checkpoint, type Proof } from '../wire/gen/tocsin.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import {
  type CheckpointContext,
  type VerifiedCheckpointEvidence,
  verifyCheckpointEvidence,
} from './checkpoint-evidence.ts'
import { isLink } from './checkpoint-facts.ts'
import type { VerifiedProof } from './proof.ts'
import { buildCheckpointConflict } from './proof-build.ts'
import { treeKey } from './tree-head.ts'

/**
 * An author that states two trees of one size. Nodes hold that as facts (`checkpoint-facts.ts`), which merge to the same
 * bytes everywhere; a proof of type 3 says the same in one piece, for who has none of it.
 */

type Fact = VerifiedCheckpointEvidence

/** What states two trees of one size, of the smallest such size: a checkpoint of it, or one shown to continue it. */
export function contradictoryFacts(facts: readonly Fact[]): readonly [Fact, Fact] | undefined {
  const stated = new Map<number, Map<string, Fact>>()
  for (const fact of facts.toSorted(bySize)) {
    for (const tree of fact.continues === undefined ? [fact.checkpoint] : [fact.checkpoint, fact.continues]) {
      const ofSize = stated.get(tree.size) ?? new Map<string, Fact>()
      if (!ofSize.has(treeKey(tree))) ofSize.set(treeKey(tree), fact)
      stated.set(tree.size, ofSize)
    }
  }
  const forked = [...stated].filter(([, ofSize]) => ofSize.size > 1).map(([size]) => size)
  const first = stated.get(Math.min(...forked)) ?? new Map<string, Fact>()
  const [a, b] = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fact]) => fact)
  return a === undefined || b === undefined ? undefined : [a, b]
}

/** The proof of type 3 that these facts make; undefined where they make none. */
export function buildContradiction(facts: readonly Fact[]): Proof | undefined {
  const pair = contradictoryFacts(facts.filter(({ postQuantum }) => postQuantum === undefined))
  if (pair === undefined) return undefined
  const [smaller, larger] = pair.toSorted((a, b) => a.checkpoint.size - b.checkpoint.size) as [Fact, Fact]
  const { size } = smaller.checkpoint
  const sameSize = size === larger.checkpoint.size
  // Two larger trees that continue different ones: no path between those two is here.
  if (!sameSize && (isLink(smaller) || larger.continues?.size !== size)) return undefined
  const path = sameSize ? [] : larger.message.consistency.map(hash => parseHash(hash, 'consistency'))
  return buildCheckpointConflict(smaller.checkpoint, larger.checkpoint, path, parseEntry(larger.message.genesis!))
}

/** What a verified proof of type 3 says, as facts. */
export function factsOfContradiction(
  proof: Proof,
  { logs }: VerifiedProof,
  context: CheckpointContext,
): readonly Fact[] {
  const { notes, path: consistency, genesis } = proof
  const [small, large] = notes as [Uint8Array, Uint8Array]
  const { size } = verifyCheckpoint(small, logs[0]!, context.allianceId)
  const messages = [
    { note: small, fromSize: 0, consistency: [] },
    { note: large, fromSize: consistency.length === 0 ? 0 : size, consistency },
  ]
  return messages.map(parts =>
    verifyCheckpointEvidence(encode(Checkpoint, { ...parts, cosignatures: [], genesis }), context),
  )
}

/** Of trees of one size the one with the lesser root last, as of all that are equal otherwise. */
export function bySize({ checkpoint: a, continues: from }: Fact, { checkpoint: b, continues: other }: Fact): number {
  return a.size - b.size || (from?.size ?? 0) - (other?.size ?? 0) || compareBytes(b.root, a.root)
}
