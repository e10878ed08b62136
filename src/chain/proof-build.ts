import { compareBytes, concat, EMPTY } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import type { ParsedEntry } from '../wire/entry.ts'
import { type Envelope, Proof } from '../wire/gen/tocsin.ts'
import type { VerifiedCheckpoint } from './checkpoint.ts'
import { PROOF_TYPE } from './proof.ts'

/**
 * Builders of the four proofs of. They put together what has been found and check nothing; `verifyProof` does,
 * on one's own proofs too before they are spread. The genesis comes with its body, entries go without.
 */

const NOTHING: Proof = { type: 0, entries: [], notes: [], path: [], leaf: EMPTY, genesis: undefined }

/** Two leaves at one seq. `genesis` is that of their log. */
export function buildSameSeq(a: ParsedEntry, b: ParsedEntry, genesis: ParsedEntry): Proof {
  const entries = [a, b].sort((x, y) => compareBytes(x.leaf, y.leaf)).map(bare)
  return { ...NOTHING, type: PROOF_TYPE.SAME_SEQ, entries, genesis: envelope(genesis) }
}

/** Two GENESIS of one key and incarnation, each with its body. */
export function buildSamePosition(a: ParsedEntry, b: ParsedEntry): Proof {
  const [first, second] = [a, b].sort((x, y) => compareBytes(x.leaf, y.leaf)) as [ParsedEntry, ParsedEntry]
  return { ...NOTHING, type: PROOF_TYPE.SAME_SEQ, entries: [bare(first), envelope(second)], genesis: envelope(first) }
}

/** An entry and the one at the seq after it, which does not follow it. */
export function buildBrokenPrev(predecessor: ParsedEntry, successor: ParsedEntry, genesis: ParsedEntry): Proof {
  const entries = [bare(predecessor), bare(successor)]
  return { ...NOTHING, type: PROOF_TYPE.BROKEN_PREV, entries, genesis: envelope(genesis) }
}

/** Two checkpoints; of unequal sizes with the open consistency path between those sizes in the larger tree. */
export function buildCheckpointConflict(
  a: VerifiedCheckpoint,
  b: VerifiedCheckpoint,
  path: readonly Hash[],
  genesis: ParsedEntry,
): Proof {
  const notes = [a, b].sort((x, y) => x.size - y.size || compareBytes(x.root, y.root)).map(({ note }) => note)
  return { ...NOTHING, type: PROOF_TYPE.CHECKPOINTS, notes, path, genesis: envelope(genesis) }
}

/** A leaf whose signature fails, with its inclusion path in the checkpoint's tree. */
export function buildBadLeaf(
  entry: ParsedEntry,
  checkpoint: VerifiedCheckpoint,
  path: readonly Hash[],
  genesis: ParsedEntry,
): Proof {
  const leaf = concat(entry.headerBytes, entry.signature)
  return { ...NOTHING, type: PROOF_TYPE.BAD_LEAF, notes: [checkpoint.note], path, leaf, genesis: envelope(genesis) }
}

export function encodeProof(proof: Proof): Uint8Array {
  return encode(Proof, proof)
}

function envelope({ headerBytes, signature, body }: ParsedEntry): Envelope {
  return { header: headerBytes, signature, body }
}

function bare(entry: ParsedEntry): Envelope {
  return { ...envelope(entry), body: EMPTY }
}
