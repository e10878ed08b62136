import { compareBytes, EMPTY, equalBytes } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { type Hash, parseHash } from '../base/ids.ts'
import { rootsFromOpenConsistency } from '../merkle/consistency.ts'
import { rootFromInclusion } from '../merkle/inclusion.ts'
import { type ParsedEntry, parseEntry } from '../wire/entry.ts'
import { Proof } from '../wire/gen/tocsin.ts'
import { PATH_HASHES_MAX, PROOF_ENTRIES_MAX, PROOF_NOTES_MAX, SIGNATURE_BYTES } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { type LogIdentity, positionKey } from './genesis.ts'
import type { ProofEffect } from './standing.ts'
import type { CheckpointEvidence } from './tree-graph.ts'
import type { TreeHead } from './tree-head.ts'
import { checkSignature, type GenesisContext, verifyGenesis } from './verify-entry.ts'

export const PROOF_TYPE = { SAME_SEQ: 1, BROKEN_PREV: 2, CHECKPOINTS: 3, BAD_LEAF: 4 } as const
/** Two notes are most of it; entries come without bodies. */
const PROOF_BYTES_MAX = 48 * 1024

/** What a proof that holds says, and of which logs: two where two GENESIS claim one position, else one. */
export interface VerifiedProof {
  readonly type: number
  readonly logs: readonly LogIdentity[]
  readonly effect: ProofEffect
}

/** Throws ProtocolError `wire-*` or `proof-malformed`. */
export function parseProof(bytes: Uint8Array): Proof {
  const proof = decodeStrict(Proof, bytes, PROOF_BYTES_MAX)
  assertForm(proof.entries.length <= PROOF_ENTRIES_MAX, 'has too many entries')
  assertForm(proof.notes.length <= PROOF_NOTES_MAX, 'has too many notes')
  assertForm(proof.path.length <= PATH_HASHES_MAX, 'has too long a path')
  return proof
}

/**
 * Verifies that the author of a log broke the rules; nobody else can have made what it holds. Throws
 * ProtocolError: `proof-malformed`, `proof-proves-nothing`, `genesis-key-unknown`, or what its parts throw.
 */
export function verifyProof(proof: Proof, context: GenesisContext): VerifiedProof {
  assertForm(proof.genesis !== undefined, 'lacks the GENESIS')
  const genesis = parseEntry(proof.genesis)
  const { log } = verifyGenesis(genesis, context)
  switch (proof.type) {
    case PROOF_TYPE.SAME_SEQ:
      return verifySameSeq(proof, genesis, log, context)
    case PROOF_TYPE.BROKEN_PREV:
      return verifyBrokenPrev(proof, log, context)
    case PROOF_TYPE.CHECKPOINTS:
      return verifyCheckpoints(proof, log, context)
    case PROOF_TYPE.BAD_LEAF:
      return verifyBadLeaf(proof, log, context)
    default:
      throw new ProtocolError('proof-malformed', `the proof is of the unknown type ${proof.type}`)
  }
}

function verifySameSeq(proof: Proof, genesis: ParsedEntry, log: LogIdentity, context: GenesisContext): VerifiedProof {
  const [first, second] = entriesOf(proof, { notes: 0, path: false, leaf: false })
  // The order is fixed, so that two nodes which see the same two entries make the same proof.
  assertForm(compareBytes(first.leaf, second.leaf) < 0, 'does not hold two different leaves in ascending order')
  if (!equalBytes(first.logId, second.logId)) return verifySamePosition(first, second, genesis, log, context)
  assertShown(first, log, context)
  assertShown(second, log, context)
  assertProves(first.header.seq === second.header.seq, 'the two entries have different seqs')
  return conflict(PROOF_TYPE.SAME_SEQ, [log], first.header.seq)
}

/** Two GENESIS of one key and incarnation are two logs with a fork before their first entry. */
function verifySamePosition(
  first: ParsedEntry,
  second: ParsedEntry,
  genesis: ParsedEntry,
  log: LogIdentity,
  context: GenesisContext,
): VerifiedProof {
  assertForm(equalBytes(first.leaf, genesis.leaf) && first.body.length === 0, 'does not begin with its own GENESIS')
  const other = verifyGenesis(second, context).log
  assertProves(positionKey(log) === positionKey(other), 'the two logs have different keys or incarnations')
  return conflict(PROOF_TYPE.SAME_SEQ, [log, other], 0)
}

function verifyBrokenPrev(proof: Proof, log: LogIdentity, context: GenesisContext): VerifiedProof {
  const [predecessor, successor] = entriesOf(proof, { notes: 0, path: false, leaf: false })
  assertShown(predecessor, log, context)
  assertShown(successor, log, context)
  assertProves(
    successor.header.seq === predecessor.header.seq + 1,
    'the second entry is not at the seq after the first',
  )
  assertProves(!equalBytes(successor.prev, predecessor.leaf), 'the second entry follows the first')
  return conflict(PROOF_TYPE.BROKEN_PREV, [log], predecessor.header.seq)
}

function verifyCheckpoints(proof: Proof, log: LogIdentity, { allianceId }: GenesisContext): VerifiedProof {
  assertParts(proof, { entries: 0, notes: 2, path: true, leaf: false })
  const a: TreeHead = verifyCheckpoint(proof.notes[0]!, log, allianceId)
  const b: TreeHead = verifyCheckpoint(proof.notes[1]!, log, allianceId)
  const order = a.size - b.size || compareBytes(a.root, b.root)
  assertForm(order < 0, 'does not hold two different checkpoints in ascending order')
  const path = proof.path.map(hash => parseHash(hash, 'path'))
  return conflict(PROOF_TYPE.CHECKPOINTS, [log], 0, [tree(a), { ...tree(b), ...contradiction(a, b, path) }])
}

/** What B's tree was at A's size, where that is not A. */
function contradiction(a: TreeHead, b: TreeHead, path: readonly Hash[]): { readonly continues?: TreeHead } {
  if (a.size === b.size) {
    assertForm(path.length === 0, 'has a path between trees of one size')
    return {}
  }
  const roots = rootsFromOpenConsistency(a.size, b.size, path)
  assertProves(
    roots !== undefined && equalBytes(roots.toRoot, b.root),
    'the path does not lead to the later checkpoint',
  )
  assertProves(!equalBytes(roots.fromRoot, a.root), 'the two checkpoints are consistent')
  return { continues: { size: a.size, root: roots.fromRoot } }
}

function verifyBadLeaf(proof: Proof, log: LogIdentity, context: GenesisContext): VerifiedProof {
  assertParts(proof, { entries: 0, notes: 1, path: true, leaf: true })
  const checkpoint = verifyCheckpoint(proof.notes[0]!, log, context.allianceId)
  const entry = parseLeaf(proof.leaf)
  const path = proof.path.map(hash => parseHash(hash, 'path'))
  const { seq } = entry.header
  const root = rootFromInclusion(entry.leaf, seq, checkpoint.size, path)
  assertProves(root !== undefined && equalBytes(root, checkpoint.root), 'the leaf is not in the tree of the checkpoint')
  const sound = equalBytes(entry.logId, log.logId) && checkSignature(entry, log, context)
  assertProves(!sound, 'the signature of the leaf verifies')
  return { type: PROOF_TYPE.BAD_LEAF, logs: [log], effect: { kind: 'bad-leaf', at: seq, tree: tree(checkpoint) } }
}

/** `header || signature`, as it is hashed into the tree. */
function parseLeaf(leaf: Uint8Array): ParsedEntry {
  assertForm(leaf.length > SIGNATURE_BYTES, 'has too short a leaf')
  const split = leaf.length - SIGNATURE_BYTES
  return parseEntry({ header: leaf.subarray(0, split), signature: leaf.subarray(split), body: EMPTY })
}

interface Parts {
  readonly entries: number
  readonly notes: number
  readonly path: boolean
  readonly leaf: boolean
}

/** What a type does not use must not be there: it would be room for other bytes with the same meaning. */
function assertParts({ entries, notes, path, leaf }: Proof, parts: Parts): void {
  assertForm(entries.length === parts.entries && notes.length === parts.notes, 'has not the parts of its type')
  assertForm((parts.path || path.length === 0) && leaf.length > 0 === parts.leaf, 'has not the parts of its type')
}

function entriesOf(proof: Proof, parts: Omit<Parts, 'entries'>): readonly [ParsedEntry, ParsedEntry] {
  assertParts(proof, { entries: 2, ...parts })
  const [first, second] = proof.entries.map(parseEntry)
  return [first!, second!]
}

/** An entry of this log that its key signed; where it stands, or whether it does, is not the question. */
function assertShown(entry: ParsedEntry, log: LogIdentity, context: GenesisContext): void {
  assertForm(entry.body.length === 0, 'carries a body')
  assertProves(equalBytes(entry.logId, log.logId), 'an entry belongs to another log')
  assertProves(checkSignature(entry, log, context), 'the signature of an entry does not verify')
}

function conflict(
  type: number,
  logs: readonly LogIdentity[],
  at: number,
  trees: readonly CheckpointEvidence[] = [],
): VerifiedProof {
  return { type, logs, effect: { kind: 'conflict', at, trees } }
}

function tree({ size, root }: TreeHead): CheckpointEvidence {
  return { size, root, cosigners: [] }
}

function assertForm(condition: boolean, fault: string): asserts condition {
  assertProtocol(condition, 'proof-malformed', `the proof ${fault}`)
}

function assertProves(condition: boolean, fault: string): asserts condition {
  assertProtocol(condition, 'proof-proves-nothing', `nothing is proved: ${fault}`)
}
