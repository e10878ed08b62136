import { compareBytes, toHex, u8, u64be } from '../base/bytes.ts'
import { labelledHash, sha256 } from '../base/hash.ts'
import { type Hash, type LogId, type LogIdHex, logIdHex } from '../base/ids.ts'
import type { VerifiedCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import { type LogIdentity, positionKey } from '../chain/genesis.ts'
import type { VerifiedProof } from '../chain/proof.ts'
import { type Evidence, proofLowers, proofsInEffect } from '../chain/standing.ts'
import { encode } from '../wire/codec.ts'
import { EvidenceItem } from '../wire/gen/tocsin.ts'

/** One verified piece of evidence under the name by which peers compare what they hold. */
export interface Piece {
  readonly name: Hash
  readonly item: EvidenceItem
}

export interface CheckpointPiece extends Piece {
  readonly verified: VerifiedCheckpointEvidence
}

export interface ProofPiece extends Piece {
  readonly verified: VerifiedProof
}

/** What a piece changed in the set; undefined where it says nothing new. */
export interface Change {
  readonly added: Piece
  readonly removed: readonly Piece[]
  readonly logs: readonly LogIdentity[]
}

/** Proofs and checkpoints of all logs: only what what stands rests on, and the newest checkpoint of each. */
export interface LogEvidence {
  addProof(item: EvidenceItem, verified: VerifiedProof, evidenceOf: (log: LogIdentity) => Evidence): Change | undefined
  addCheckpoint(item: EvidenceItem, verified: VerifiedCheckpointEvidence): Change | undefined
  /** For `standingOf`, the rest of the evidence being given by the registry. */
  of(log: LogIdentity): Pick<Evidence, 'checkpoints' | 'proofs'>
  /** All that are held of it, in no order. */
  checkpoints(logId: LogId): readonly VerifiedCheckpointEvidence[]
  newestCheckpoint(logId: LogId): VerifiedCheckpointEvidence | undefined
}

/** Of the checkpoints of one log none of which says what another does those with most cosigners are kept. */
const CHECKPOINTS_PER_LOG_MAX = 64

interface Held {
  checkpoints: readonly CheckpointPiece[]
  proofs: readonly ProofPiece[]
}

export function createLogEvidence(): LogEvidence {
  const logs = new Map<LogIdHex, Held>()
  /**
   * By position: the proof that two logs claim it ends every log that does, one that comes later too. Else the holder of
   * a key could open logs without end, each with a proof of its own.
   */
  const positions = new Map<string, ProofPiece>()

  function held(logId: LogId): Held {
    const found = logs.get(logIdHex(logId)) ?? { checkpoints: [], proofs: [] }
    logs.set(logIdHex(logId), found)
    return found
  }

  function checkpoints(logId: LogId): readonly VerifiedCheckpointEvidence[] {
    return logs.get(logIdHex(logId))?.checkpoints.map(({ verified }) => verified) ?? []
  }

  function of(log: LogIdentity) {
    const { checkpoints, proofs } = held(log.logId)
    const ofPosition = positions.get(positionKey(log))
    return {
      checkpoints: checkpoints.map(({ verified }) => checkpointEffect(verified)),
      proofs: [...proofs, ...(ofPosition === undefined ? [] : [ofPosition])].map(({ verified }) => verified.effect),
    }
  }

  function addPositionProof(item: EvidenceItem, verified: VerifiedProof): Change | undefined {
    const position = positionKey(verified.logs[0]!)
    if (positions.has(position)) return undefined
    const added: ProofPiece = { name: proofName(item, verified), item, verified }
    positions.set(position, added)
    return { added, removed: [], logs: verified.logs }
  }

  return {
    of,
    addProof(item, verified, evidenceOf) {
      if (verified.logs.length > 1) return addPositionProof(item, verified)
      const lowered = verified.logs.filter(log => proofLowers(log, evidenceOf(log), verified.effect))
      if (lowered.length === 0) return undefined
      const added: ProofPiece = { name: proofName(item, verified), item, verified }
      const before = new Set<ProofPiece>()
      for (const log of lowered) {
        const of = held(log.logId)
        for (const piece of of.proofs) before.add(piece)
        of.proofs = [...of.proofs, added]
        // What a lower proof has made idle goes, or the holder of a key could have proofs kept without end.
        const effective = new Set(proofsInEffect(log, evidenceOf(log)))
        of.proofs = of.proofs.filter(piece => effective.has(piece.verified.effect))
      }
      const kept = new Set([...logs.values()].flatMap(({ proofs }) => proofs))
      return { added, removed: [...before].filter(piece => !kept.has(piece)), logs: lowered }
    },
    addCheckpoint(item, verified) {
      const of = held(verified.log.logId)
      if (of.checkpoints.some(piece => saysAll(piece.verified, verified))) return undefined
      const added: CheckpointPiece = { name: itemName(item), item, verified }
      const telling = of.checkpoints.filter(piece => !saysAll(verified, piece.verified))
      const kept = [...telling, added].sort(byWeight).slice(0, CHECKPOINTS_PER_LOG_MAX)
      if (!kept.includes(added)) return undefined
      const removed = of.checkpoints.filter(piece => !kept.includes(piece))
      of.checkpoints = kept
      return { added, removed, logs: [verified.log] }
    },
    checkpoints,
    newestCheckpoint(logId) {
      return checkpoints(logId).reduce<VerifiedCheckpointEvidence | undefined>(
        (newest, each) => (newest !== undefined && newest.checkpoint.size >= each.checkpoint.size ? newest : each),
        undefined,
      )
    },
  }
}

export function itemName(item: EvidenceItem): Hash {
  return sha256(encode(EvidenceItem, item))
}

/** Proofs of the same effect have one name: two nodes that met different ones hold the same evidence. */
function proofName(item: EvidenceItem, { effect, logs }: VerifiedProof): Hash {
  if (effect.kind === 'bad-leaf' || effect.trees.length > 0) return itemName(item)
  const [log] = logs
  const place = logs.length > 1 ? [log!.signPk, u64be(log!.incarnation)] : [log!.logId, u64be(effect.at)]
  return labelledHash('tocsin/conflict/v1', u8(logs.length), ...place)
}

/** Its author can sign as many trees as it likes, but no cosignature: those come first, whatever the order of arrival. */
function byWeight({ name, verified: a }: CheckpointPiece, { name: other, verified: b }: CheckpointPiece): number {
  const weight = b.cosignatures.length - a.cosignatures.length || b.checkpoint.size - a.checkpoint.size
  return weight || compareBytes(a.checkpoint.root, b.checkpoint.root) || compareBytes(name, other)
}

/** A larger tree with at least the same cosigners makes a checkpoint idle. */
function saysAll(a: VerifiedCheckpointEvidence, b: VerifiedCheckpointEvidence): boolean {
  if (a.checkpoint.size < b.checkpoint.size) return false
  if (a.checkpoint.size === b.checkpoint.size && toHex(a.checkpoint.root) !== toHex(b.checkpoint.root)) return false
  const cosigners = new Set(a.cosignatures.map(({ witnessPk }) => toHex(witnessPk)))
  return b.cosignatures.every(({ witnessPk }) => cosigners.has(toHex(witnessPk)))
}

function checkpointEffect({
  checkpoint,
  cosignatures,
  continues,
}: VerifiedCheckpointEvidence): Evidence['checkpoints'][number] {
  const { size, root } = checkpoint
  const cosigners = cosignatures.map(({ witnessPk }) => witnessPk)
  return continues === undefined ? { size, root, cosigners } : { size, root, cosigners, continues }
}
