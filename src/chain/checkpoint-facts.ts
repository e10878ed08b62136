import { compareBytes, EMPTY } from '../base/bytes.ts'
import { encode } from '../wire/codec.ts'
import { Checkpoint, Envelope } from '../wire/gen/tocsin.ts'
import { COSIGNATURES_MAX } from '../wire/limits.ts'
import { onePerWitness, type VerifiedCheckpointEvidence } from './checkpoint-evidence.ts'
import type { CheckpointEvidence } from './tree-graph.ts'
import { treeKey } from './tree-head.ts'

/**
 * Checkpoint messages in a form that two nodes which know the same also hold: each says one thing, which is either that
 * these witnesses cosigned a tree or that one tree continues another. What is known of one such thing is merged.
 */

/** The tree with its cosignatures, and where the message shows that it continues a smaller one, that apart from it. */
export function splitFacts(verified: VerifiedCheckpointEvidence): readonly VerifiedCheckpointEvidence[] {
  const { message, continues } = verified
  const bare = { ...message, fromSize: 0, consistency: [] }
  const tree = withCosignatures({ ...verified, continues: undefined, message: bare }, verified.cosignatures)
  return continues === undefined ? [tree] : [tree, withCosignatures(verified, [])]
}

/** The same for all that say the same thing. */
export function factKey({ checkpoint, continues }: VerifiedCheckpointEvidence): string {
  return `${treeKey(checkpoint)} ${continues?.size ?? 0}`
}

/** Of two facts of one key. An author may sign one tree twice: the bytewise least of its notes stays. */
export function mergeFacts(a: VerifiedCheckpointEvidence, b: VerifiedCheckpointEvidence): VerifiedCheckpointEvidence {
  const least = compareOrigin(a.message, b.message) <= 0 ? a : b
  return withCosignatures(least, [...a.cosignatures, ...b.cosignatures])
}

export function encodeFact({ message }: VerifiedCheckpointEvidence): Uint8Array {
  return encode(Checkpoint, message)
}

export function isLink({ continues }: VerifiedCheckpointEvidence): boolean {
  return continues !== undefined
}

/** How a fact bears on what stands. */
export function factEffect(fact: VerifiedCheckpointEvidence): CheckpointEvidence {
  const { checkpoint, cosignatures, continues } = fact
  const { size, root } = checkpoint
  const cosigners = cosignatures.map(({ witnessPk }) => witnessPk)
  return continues === undefined ? { size, root, cosigners } : { size, root, cosigners, continues }
}

function withCosignatures(
  fact: VerifiedCheckpointEvidence,
  all: VerifiedCheckpointEvidence['cosignatures'],
): VerifiedCheckpointEvidence {
  const cosignatures = onePerWitness(all).slice(0, COSIGNATURES_MAX)
  return { ...fact, cosignatures, message: { ...fact.message, cosignatures: cosignatures.map(({ line }) => line) } }
}

function compareOrigin(a: Checkpoint, b: Checkpoint): number {
  return compareBytes(a.note, b.note) || compareBytes(genesisBytes(a), genesisBytes(b))
}

function genesisBytes({ genesis }: Checkpoint): Uint8Array {
  return genesis === undefined ? EMPTY : encode(Envelope, genesis)
}
