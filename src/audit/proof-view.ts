import { fromUtf8, toHex } from '../base/bytes.ts'
import { PROOF_TYPE, parseProof } from '../chain/proof.ts'
import { parseEntry } from '../wire/entry.ts'
import type { Envelope } from '../wire/gen/tocsin.ts'

/** What a proof of misbehaviour holds, for people to read. Nothing of it is verified here. */
export interface ProofView {
  readonly type: 'SAME_SEQ' | 'BROKEN_PREV' | 'CHECKPOINTS' | 'BAD_LEAF'
  readonly entries: readonly EntryView[]
  /** Checkpoints as their author signed them. */
  readonly notes: readonly string[]
  /** Hashes of the Merkle path, in hex. */
  readonly path: readonly string[]
  /** `header || signature` of the leaf that is no entry, in hex; empty where the proof is another. */
  readonly leaf: string
}

/** Bytes in hex. */
export interface EntryView {
  readonly log: string
  readonly seq: number
  readonly kind: number
  readonly timeMs: number
  readonly leaf: string
  readonly prev: string
  readonly bodyHash: string
  readonly signature: string
}

/** Of a Proof message. Throws ProtocolError where it is malformed. */
export function describeProof(bytes: Uint8Array): ProofView {
  const { type, entries, notes, path, leaf } = parseProof(bytes)
  const names = Object.entries(PROOF_TYPE) as [ProofView['type'], number][]
  return {
    type: names.find(([, number]) => number === type)?.[0] ?? 'SAME_SEQ',
    entries: entries.map(describeEntry),
    notes: notes.map(note => fromUtf8(note)),
    path: path.map(hash => toHex(hash)),
    leaf: toHex(leaf),
  }
}

function describeEntry(envelope: Envelope): EntryView {
  const { logId, header, leaf, prev, signature } = parseEntry(envelope)
  return {
    log: toHex(logId),
    seq: header.seq,
    kind: header.kind,
    timeMs: header.timeMs,
    leaf: toHex(leaf),
    prev: toHex(prev),
    bodyHash: toHex(header.bodyHash),
    signature: toHex(signature),
  }
}
