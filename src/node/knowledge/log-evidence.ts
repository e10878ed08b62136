import { compareBytes, equalBytes, toHex, u8, u64be } from '../../base/bytes.ts'
import { labelledHash, sha256 } from '../../base/hash.ts'
import { type Hash, type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { VerifiedCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { encodeFact, factEffect, factKey, mergeFacts, splitFacts } from '../../chain/checkpoint-facts.ts'
import { type LogIdentity, positionKey } from '../../chain/genesis.ts'
import { keptCheckpoints } from '../../chain/kept-checkpoints.ts'
import type { VerifiedProof } from '../../chain/proof.ts'
import { type Evidence, proofsInEffect } from '../../chain/standing.ts'
import { encode } from '../../wire/codec.ts'
import { EvidenceItem } from '../../wire/gen/tocsin.ts'

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
  readonly added: readonly Piece[]
  readonly removed: readonly Piece[]
  readonly logs: readonly LogIdentity[]
}

type EvidenceOf = (log: LogIdentity) => Evidence

/** Proofs and checkpoints of all logs: only what what stands rests on, and the newest checkpoint of each. */
export interface LogEvidence {
  addProof(item: EvidenceItem, verified: VerifiedProof, evidenceOf: EvidenceOf): Change | undefined
  /**
   * What came together of one log, judged together: a link is worth something with the trees that it joins. Merged with
   * what is held of the same trees: pieces that say the same have the same bytes and name.
   */
  addCheckpoints(offered: readonly VerifiedCheckpointEvidence[], evidenceOf: EvidenceOf): Change | undefined
  /** A checkpoint as an earlier run kept it: what it is worth shows when all are back. */
  restoreCheckpoint(verified: VerifiedCheckpointEvidence): Piece
  /** The registry is another: what of the checkpoints has become idle goes. */
  reconsider(evidenceOf: EvidenceOf): readonly Piece[]
  /** For `standingOf`, the rest of the evidence being given by the registry. */
  of(log: LogIdentity): Pick<Evidence, 'checkpoints' | 'proofs'>
  /** Each once, in no order. */
  proofs(): readonly ProofPiece[]
  /** All that are held of it, in no order. */
  checkpoints(logId: LogId): readonly VerifiedCheckpointEvidence[]
  newestCheckpoint(logId: LogId): VerifiedCheckpointEvidence | undefined
}

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
      checkpoints: checkpoints.map(({ verified }) => factEffect(verified)),
      proofs: [...proofs, ...(ofPosition === undefined ? [] : [ofPosition])].map(({ verified }) => verified.effect),
    }
  }

  function addPositionProof(item: EvidenceItem, verified: VerifiedProof): Change | undefined {
    const position = positionKey(verified.logs[0]!)
    if (positions.has(position)) return undefined
    const added: ProofPiece = { name: proofName(item, verified), item, verified }
    positions.set(position, added)
    return { added: [added], removed: [], logs: verified.logs }
  }

  return {
    of,
    addProof(item, verified, evidenceOf) {
      if (verified.logs.length > 1) return addPositionProof(item, verified)
      const log = verified.logs[0]!
      const of = held(log.logId)
      const added: ProofPiece = { name: proofName(item, verified), item, verified }
      if (of.proofs.some(({ name }) => equalBytes(name, added.name))) return undefined
      const before = of.proofs
      of.proofs = keptProofs([...before, added], evidenceOf(log))
      if (!of.proofs.includes(added)) return undefined
      return { added: [added], removed: before.filter(piece => !of.proofs.includes(piece)), logs: [log] }
    },
    addCheckpoints(offered, evidenceOf) {
      const [first] = offered
      if (first === undefined) return undefined
      const { log } = first
      const of = held(log.logId)
      const facts = new Map(of.checkpoints.map(({ verified: fact }) => [factKey(fact), fact]))
      for (const fact of offered.flatMap(splitFacts)) {
        const known = facts.get(factKey(fact))
        facts.set(factKey(fact), known === undefined ? fact : mergeFacts(known, fact))
      }
      const before = of.checkpoints
      const known = new Map(before.map(piece => [toHex(piece.name), piece]))
      const kept = keptCheckpoints([...facts.values()], log, evidenceOf(log).registry)
      of.checkpoints = kept.map(checkpointPiece).map(piece => known.get(toHex(piece.name)) ?? piece)
      const proofs = of.proofs
      of.proofs = keptProofs(proofs, evidenceOf(log))
      const added = of.checkpoints.filter(piece => !before.includes(piece))
      const removed = [
        ...before.filter(piece => !of.checkpoints.includes(piece)),
        ...proofs.filter(piece => !of.proofs.includes(piece)),
      ]
      return added.length + removed.length > 0 ? { added, removed, logs: [log] } : undefined
    },
    restoreCheckpoint(verified) {
      const of = held(verified.log.logId)
      const piece = checkpointPiece(verified)
      of.checkpoints = [...of.checkpoints, piece]
      return piece
    },
    reconsider(evidenceOf) {
      const removed: Piece[] = []
      for (const of of logs.values()) {
        const log = of.checkpoints[0]?.verified.log
        if (log === undefined || of.checkpoints.length === 1) continue
        const facts = of.checkpoints.map(({ verified }) => verified)
        const kept = new Set(keptCheckpoints(facts, log, evidenceOf(log).registry))
        removed.push(...of.checkpoints.filter(({ verified }) => !kept.has(verified)))
        of.checkpoints = of.checkpoints.filter(({ verified }) => kept.has(verified))
      }
      return removed
    },
    proofs: () => [...new Set([...positions.values(), ...[...logs.values()].flatMap(({ proofs }) => proofs)])],
    checkpoints,
    newestCheckpoint(logId) {
      return checkpoints(logId).reduce<VerifiedCheckpointEvidence | undefined>(
        (newest, each) => (newest !== undefined && newest.checkpoint.size >= each.checkpoint.size ? newest : each),
        undefined,
      )
    },
  }
}

/** What a lower proof or another branch has made idle goes; which of equals stays does not depend on the order. */
function keptProofs(pieces: readonly ProofPiece[], evidence: Evidence): readonly ProofPiece[] {
  const [log] = pieces[0]?.verified.logs ?? []
  if (log === undefined) return pieces
  const sorted = pieces.toSorted((a, b) => rankOf(a) - rankOf(b) || compareBytes(a.name, b.name))
  const proofs = sorted.map(({ verified }) => verified.effect)
  const effective = new Set(proofsInEffect(log, { ...evidence, proofs }))
  return sorted.filter(({ verified }) => effective.has(verified.effect))
}

function rankOf({ verified }: ProofPiece): number {
  return verified.effect.kind === 'conflict' ? 0 : 1
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

function checkpointPiece(verified: VerifiedCheckpointEvidence): CheckpointPiece {
  const item = { type: CHECKPOINT, body: encodeFact(verified) }
  return { name: itemName(item), item, verified }
}

/** EvidenceItem.type. */
const CHECKPOINT = 3
