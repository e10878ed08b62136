import { compareBytes, equalBytes, toHex } from '../base/bytes.ts'
import { assertProtocol } from '../base/errors.ts'
import { type Hash, parseHash } from '../base/ids.ts'
import { rootsFromOpenConsistency } from '../merkle/consistency.ts'
import { encode } from '../wire/codec.ts'
import { parseEntry } from '../wire/entry.ts'
import { Checkpoint, type Envelope } from '../wire/gen/tocsin.ts'
import {
  COSIGNATURE_LINE_BYTES_MAX,
  COSIGNATURES_MAX,
  ENVELOPE_BYTES_MAX,
  NOTE_BYTES_MAX,
  PATH_HASHES_MAX,
} from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import {
  parseWitnessKey,
  type VerifiedCheckpoint,
  type VerifiedCosignature,
  verifyCheckpoint,
  verifyCosignature,
} from './checkpoint.ts'
import type { LogIdentity } from './genesis.ts'
import { isPostQuantumLine, type PostQuantumLine, verifyPostQuantumLine } from './post-quantum.ts'
import type { TreeHead } from './tree-head.ts'
import { type GenesisContext, verifyGenesis } from './verify-entry.ts'

const CHECKPOINT_MESSAGE_BYTES_MAX =
  NOTE_BYTES_MAX + COSIGNATURES_MAX * (COSIGNATURE_LINE_BYTES_MAX + 4) + ENVELOPE_BYTES_MAX + PATH_HASHES_MAX * 34 + 64

/** A Checkpoint message whose every part holds. */
export interface VerifiedCheckpointEvidence {
  readonly log: LogIdentity
  readonly checkpoint: VerifiedCheckpoint
  /** One a witness, ascending by its key; those by keys that `isWitness` does not know are left out. */
  readonly cosignatures: readonly VerifiedCosignature[]
  /** The author's own line of type 0x06; one that does not verify is left out. */
  readonly postQuantum: PostQuantumLine | undefined
  /** A smaller tree that this one is shown to continue. */
  readonly continues: TreeHead | undefined
  readonly message: Checkpoint
}

export interface CheckpointContext extends GenesisContext {
  /** Whether this key ever stood as a witness's in a valid NationDoc. */
  readonly isWitness: (witnessPk: Uint8Array) => boolean
  /** ML-DSA-44 keys of the node whose key the log names, in whatever valid NationDoc and of whatever status. */
  readonly postQuantumKeys: (log: LogIdentity) => readonly Uint8Array[]
}

/** Parses and verifies a Checkpoint message. Throws ProtocolError. */
export function verifyCheckpointEvidence(bytes: Uint8Array, context: CheckpointContext): VerifiedCheckpointEvidence {
  const message = parseCheckpointMessage(bytes)
  const { log } = verifyGenesis(parseEntry(message.genesis), context)
  const checkpoint = verifyCheckpoint(message.note, log, context.allianceId)
  const { own, others } = sortLines(message.cosignatures, checkpoint, context)
  const cosignatures = verifyCosignatures(others, checkpoint, context)
  const postQuantum = own && verifyPostQuantumLine(own, checkpoint, context.postQuantumKeys(log), context.allianceId)
  const continues = verifyContinues(message.fromSize, message.consistency, checkpoint)
  return { log, checkpoint, cosignatures, postQuantum, continues, message }
}

interface CheckpointParts {
  readonly checkpoint: VerifiedCheckpoint
  readonly cosignatures: readonly VerifiedCosignature[]
  readonly postQuantum?: PostQuantumLine | undefined
  readonly genesis: Envelope
  /** With its open consistency path (`merkle/consistency.ts`). */
  readonly continues?: { readonly fromSize: number; readonly path: readonly Hash[] }
}

/** Bytes of a Checkpoint message; the same parts in whatever order give the same bytes. */
export function buildCheckpointEvidence(parts: CheckpointParts): Uint8Array {
  const { checkpoint, cosignatures, postQuantum, genesis, continues } = parts
  return encode(Checkpoint, {
    note: checkpoint.note,
    cosignatures: linesOf(onePerWitness(cosignatures), postQuantum),
    genesis,
    fromSize: continues?.fromSize ?? 0,
    consistency: continues?.path ?? [],
  })
}

/** As they stand in a message: the author's own first. */
export function linesOf(
  cosignatures: readonly VerifiedCosignature[],
  postQuantum: PostQuantumLine | undefined,
): Uint8Array[] {
  return [...(postQuantum === undefined ? [] : [postQuantum]), ...cosignatures].map(({ line }) => line)
}

/**
 * One cosignature a witness, ascending by key. A witness that signed the same tree at several times has made several
 * lines; that the least of them stays makes the union of two sets the same whichever came first.
 */
export function onePerWitness(cosignatures: readonly VerifiedCosignature[]): VerifiedCosignature[] {
  const kept = new Map<string, VerifiedCosignature>()
  for (const cosignature of cosignatures) {
    const key = toHex(cosignature.witnessPk)
    const held = kept.get(key)
    if (held === undefined || compareBytes(cosignature.line, held.line) < 0) kept.set(key, cosignature)
  }
  return [...kept.values()].sort((a, b) => compareBytes(a.witnessPk, b.witnessPk))
}

function parseCheckpointMessage(bytes: Uint8Array): Checkpoint & { readonly genesis: Envelope } {
  const message = decodeStrict(Checkpoint, bytes, CHECKPOINT_MESSAGE_BYTES_MAX)
  const { genesis, cosignatures, consistency } = message
  assertProtocol(cosignatures.length <= COSIGNATURES_MAX, 'checkpoint-malformed', 'too many cosignatures')
  assertProtocol(consistency.length <= PATH_HASHES_MAX, 'checkpoint-malformed', 'too long a consistency proof')
  assertProtocol(genesis !== undefined, 'checkpoint-malformed', 'a checkpoint comes with the GENESIS of its log')
  return { ...message, genesis }
}

/** A message holds one line of the author at most: each takes a millisecond to check. */
function sortLines(
  lines: readonly Uint8Array[],
  checkpoint: VerifiedCheckpoint,
  { allianceId }: CheckpointContext,
): { readonly own: Uint8Array | undefined; readonly others: readonly Uint8Array[] } {
  const [own, ...further] = lines.filter(line => isPostQuantumLine(line, checkpoint, allianceId))
  assertProtocol(further.length === 0, 'checkpoint-malformed', 'a checkpoint with two lines of its author')
  return { own, others: lines.filter(line => line !== own) }
}

function verifyCosignatures(
  lines: readonly Uint8Array[],
  checkpoint: VerifiedCheckpoint,
  { allianceId, isWitness }: CheckpointContext,
): VerifiedCosignature[] {
  const known = lines.filter(line => isWitness(parseWitnessKey(line, allianceId)))
  return onePerWitness(known.map(line => verifyCosignature(line, checkpoint, allianceId)))
}

function verifyContinues(
  fromSize: number,
  consistency: readonly Uint8Array[],
  { size, root }: VerifiedCheckpoint,
): TreeHead | undefined {
  if (fromSize === 0 && consistency.length === 0) return undefined
  const path = consistency.map(hash => parseHash(hash, 'consistency'))
  const roots = rootsFromOpenConsistency(fromSize, size, path)
  assertProtocol(
    roots !== undefined && equalBytes(roots.toRoot, root),
    'checkpoint-inconsistent',
    `the consistency proof from ${fromSize} does not lead to the root at ${size}`,
  )
  return { size: fromSize, root: roots.fromRoot }
}
