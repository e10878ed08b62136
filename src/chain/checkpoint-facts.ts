import { compareBytes, EMPTY } from '../base/bytes.ts'
import { encode } from '../wire/codec.ts'
import { Checkpoint, Envelope } from '../wire/gen/tocsin.ts'
import { COSIGNATURES_MAX } from '../wire/limits.ts'
import { linesOf, onePerWitness, type VerifiedCheckpointEvidence } from './checkpoint-evidence.ts'
import { leastLine, yearOf } from './post-quantum.ts'
import type { CheckpointEvidence } from './tree-graph.ts'
import { treeKey } from './tree-head.ts'

/**
 * Checkpoint messages in a form that two nodes which know the same also hold: each says one thing, which is that these
 * witnesses cosigned a tree, that one tree continues another, or that the author signed a tree with its ML-DSA-44 key.
 * What is known of one such thing is merged.
 */

/** The tree with its cosignatures, and apart from it each further thing that the message says. */
export function splitFacts(verified: VerifiedCheckpointEvidence): readonly VerifiedCheckpointEvidence[] {
  const { message, continues, cosignatures, postQuantum } = verified
  const bare = { ...verified, continues: undefined, message: { ...message, fromSize: 0, consistency: [] } }
  const facts = [withLines(bare, cosignatures, undefined)]
  if (postQuantum !== undefined) facts.push(withLines(bare, [], postQuantum))
  if (continues !== undefined) facts.push(withLines(verified, [], undefined))
  return facts
}

/** The same for all that say the same thing. */
export function factKey({ checkpoint, continues, postQuantum }: VerifiedCheckpointEvidence): string {
  return `${treeKey(checkpoint)} ${postQuantum === undefined ? (continues?.size ?? 0) : `in ${yearOf(postQuantum)}`}`
}

/** Of two facts of one key. An author may sign one tree twice: the bytewise least of its notes stays. */
export function mergeFacts(a: VerifiedCheckpointEvidence, b: VerifiedCheckpointEvidence): VerifiedCheckpointEvidence {
  const least = compareOrigin(a.message, b.message) <= 0 ? a : b
  return withLines(least, [...a.cosignatures, ...b.cosignatures], leastLine(a.postQuantum, b.postQuantum))
}

export function encodeFact({ message }: VerifiedCheckpointEvidence): Uint8Array {
  return encode(Checkpoint, message)
}

export function isLink({ continues }: VerifiedCheckpointEvidence): boolean {
  return continues !== undefined
}

/** What witnesses cosign. */
export function isTree(fact: VerifiedCheckpointEvidence): boolean {
  return !isLink(fact) && fact.postQuantum === undefined
}

/** How a fact bears on what stands. */
export function factEffect(fact: VerifiedCheckpointEvidence): CheckpointEvidence {
  const { checkpoint, cosignatures, continues } = fact
  const { size, root } = checkpoint
  const cosigners = cosignatures.map(({ witnessPk }) => witnessPk)
  return continues === undefined ? { size, root, cosigners } : { size, root, cosigners, continues }
}

function withLines(
  fact: VerifiedCheckpointEvidence,
  all: VerifiedCheckpointEvidence['cosignatures'],
  postQuantum: VerifiedCheckpointEvidence['postQuantum'],
): VerifiedCheckpointEvidence {
  const cosignatures = onePerWitness(all).slice(0, COSIGNATURES_MAX)
  const message = { ...fact.message, cosignatures: linesOf(cosignatures, postQuantum) }
  return { ...fact, cosignatures, postQuantum, message }
}

function compareOrigin(a: Checkpoint, b: Checkpoint): number {
  return compareBytes(a.note, b.note) || compareBytes(genesisBytes(a), genesisBytes(b))
}

function genesisBytes({ genesis }: Checkpoint): Uint8Array {
  return genesis === undefined ? EMPTY : encode(Envelope, genesis)
}
