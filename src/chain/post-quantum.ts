import { compareBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { AllianceId } from '../base/ids.ts'
import { checkpointOrigin } from '../crypto/checkpoint.ts'
import { checkMlDsa44Cosignature, cosignMlDsa44 } from '../crypto/cosignature.ts'
import { encodeSignatureLine, type NoteSignature, parseSignatureLine } from '../crypto/signed-note.ts'
import type { MlDsaSigner } from '../crypto/signer.ts'
import type { VerifiedCheckpoint } from './checkpoint.ts'
import type { TreeHead } from './tree-head.ts'

/**
 * The author's ML-DSA-44 lines (type 0x06, R-2.8): whoever breaks Ed25519 one day can rewrite no history below the
 * largest tree that has one. The name of a line is the origin of the log, as on the author's other line.
 */
export interface PostQuantumLine {
  /** POSIX time that the author gives. */
  readonly timeSeconds: number
  /** Without its newline. */
  readonly line: Uint8Array
}

/** What of a checkpoint message matters here. */
interface LinedTree {
  readonly checkpoint: TreeHead
  readonly postQuantum: PostQuantumLine | undefined
}

/** Up to where a log's history holds whatever becomes of Ed25519, and what its author says of the time. */
export interface PostQuantumTree extends TreeHead {
  readonly timeSeconds: number
}

/** Years of one log that a line is kept of; the trees of the others are smaller. */
const YEARS_KEPT_MAX = 32

/** Hedged: two lines over one tree differ, so that whoever has one makes no other. */
export function buildPostQuantumLine(
  allianceId: AllianceId,
  { logId, size, root }: VerifiedCheckpoint,
  author: MlDsaSigner,
  timeSeconds: number,
): Uint8Array {
  const origin = checkpointOrigin(allianceId, logId)
  return encodeSignatureLine(cosignMlDsa44({ origin, size, root }, origin, author, timeSeconds))
}

/** Whether a line beside a checkpoint is its author's, and no witness's. Throws `note-malformed`. */
export function isPostQuantumLine(line: Uint8Array, { logId }: VerifiedCheckpoint, allianceId: AllianceId): boolean {
  return parseSignatureLine(line).name === checkpointOrigin(allianceId, logId)
}

/** Undefined where it does not verify under any of these ML-DSA-44 keys. */
export function verifyPostQuantumLine(
  line: Uint8Array,
  { logId, size, root }: VerifiedCheckpoint,
  publicKeys: readonly Uint8Array[],
  allianceId: AllianceId,
): PostQuantumLine | undefined {
  const origin = checkpointOrigin(allianceId, logId)
  const parsed = parse(line)
  if (parsed === undefined) return undefined
  for (const publicKey of publicKeys) {
    const check = checkMlDsa44Cosignature({ origin, size, root }, { name: origin, publicKey }, parsed)
    if (check.kind === 'valid') return { timeSeconds: check.timeSeconds, line }
  }
  return undefined
}

function parse(line: Uint8Array): NoteSignature | undefined {
  try {
    return parseSignatureLine(line)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** In UTC. Lines over one tree of two years are two things that its author said. */
export function yearOf({ timeSeconds }: PostQuantumLine): number {
  return new Date(Math.min(timeSeconds, LAST_TIME_SECONDS) * 1000).getUTCFullYear()
}

/** Beyond it there is no date. */
const LAST_TIME_SECONDS = 8_640_000_000_000

/** Of two lines over one tree the bytewise least stays, so that it is the same whichever came first. */
export function leastLine(a: PostQuantumLine | undefined, b: PostQuantumLine | undefined): PostQuantumLine | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareBytes(a.line, b.line) <= 0 ? a : b
}

/**
 * of each year the largest tree with a line, by what the author says of the time. The best of
 * groups, so that what was dropped once is never missed, whatever comes later.
 */
export function keptPostQuantum<Fact extends LinedTree>(facts: readonly Fact[]): readonly Fact[] {
  const best = new Map<number, Fact>()
  for (const fact of facts.filter(hasLine).toSorted(byTree)) {
    const year = yearOf(fact.postQuantum!)
    if (!best.has(year)) best.set(year, fact)
  }
  return [...best.values()].sort(byTree).slice(0, YEARS_KEPT_MAX)
}

/**
 * The largest tree under an ML-DSA-44 line among the facts of one log, of those that `stands` knows for part of the log
 * that stands; undefined where there is none.
 */
export function postQuantumTree(
  facts: readonly LinedTree[],
  stands: (tree: TreeHead) => boolean = () => true,
): PostQuantumTree | undefined {
  const largest = facts
    .filter(hasLine)
    .toSorted(byTree)
    .find(({ checkpoint }) => stands(checkpoint))
  if (largest === undefined) return undefined
  const { size, root } = largest.checkpoint
  return { size, root, timeSeconds: largest.postQuantum!.timeSeconds }
}

function hasLine({ postQuantum }: LinedTree): boolean {
  return postQuantum !== undefined
}

/** The largest first; of one size the lesser root, of one tree the lesser line. */
function byTree(a: LinedTree, b: LinedTree): number {
  const { checkpoint: left, postQuantum: one } = a
  const { checkpoint: right, postQuantum: other } = b
  return right.size - left.size || compareBytes(left.root, right.root) || compareBytes(one!.line, other!.line)
}
