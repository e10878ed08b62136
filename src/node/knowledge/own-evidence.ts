import { equalBytes } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import type { AllianceId, LogId } from '../../base/ids.ts'
import { buildCheckpointNote, type VerifiedCheckpoint, verifyCheckpoint } from '../../chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { positionKey } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import { buildPostQuantumLine } from '../../chain/post-quantum.ts'
import { buildBrokenPrev, buildSamePosition, buildSameSeq, encodeProof } from '../../chain/proof-build.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'
import type { Ed25519Signer, MlDsaSigner } from '../../crypto/signer.ts'
import { rangeRoot } from '../../merkle/compact-range.ts'
import type { Store } from '../../store/store.ts'
import { type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import type { Envelope, EvidenceItem } from '../../wire/gen/tocsin.ts'
import { EVIDENCE } from './evidence-book.ts'

/** Evidence that this node makes: what it has found of others, and checkpoints of its own log. */

/** two signed entries contradict each other. Whoever holds the proof can show it to anybody. */
export async function proveConflict(
  store: Store,
  held: ParsedEntry,
  offered: VerifiedEntry,
  kind: 'same-seq' | 'broken-prev',
): Promise<EvidenceItem[]> {
  const bytes = await store.entry(offered.logId, 0)
  if (bytes === undefined) return []
  const build = kind === 'same-seq' ? buildSameSeq : buildBrokenPrev
  return [{ type: EVIDENCE.PROOF, body: encodeProof(build(held, offered, parseEnvelope(bytes))) }]
}

/** a key opens one log for each incarnation; a second one is a fork before the first entry. */
export async function proveSecondLog(store: Store, genesis: VerifiedEntry): Promise<EvidenceItem[]> {
  const found: EvidenceItem[] = []
  for (const { head } of store.logs()) {
    if (equalBytes(head.logId, genesis.logId) || positionKey(head) !== positionKey(genesis.log)) continue
    const bytes = await store.entry(head.logId, 0)
    if (bytes === undefined) continue
    found.push({ type: EVIDENCE.PROOF, body: encodeProof(buildSamePosition(parseEnvelope(bytes), genesis)) })
  }
  return found
}

/** The own log under one signature, so that others can fetch it under that. */
export async function makeCheckpoint(
  store: Store,
  allianceId: AllianceId,
  head: LogHead,
  signer: Ed25519Signer,
): Promise<EvidenceItem> {
  const tree = { size: head.size, root: rangeRoot(head.tree) }
  const note = buildCheckpointNote(allianceId, head.logId, tree, signer)
  const checkpoint = verifyCheckpoint(note, head, allianceId)
  const genesis = await genesisOf(store, head.logId)
  return { type: EVIDENCE.CHECKPOINT, body: buildCheckpointEvidence({ checkpoint, cosignatures: [], genesis }) }
}

/** A checkpoint of the own log with the line that outlasts Ed25519. */
export async function makePostQuantum(
  store: Store,
  allianceId: AllianceId,
  checkpoint: VerifiedCheckpoint,
  author: MlDsaSigner,
  timeSeconds: number,
): Promise<EvidenceItem> {
  const line = buildPostQuantumLine(allianceId, checkpoint, author, timeSeconds)
  const genesis = await genesisOf(store, checkpoint.logId)
  const postQuantum = { line, timeSeconds }
  return {
    type: EVIDENCE.CHECKPOINT,
    body: buildCheckpointEvidence({ checkpoint, cosignatures: [], postQuantum, genesis }),
  }
}

async function genesisOf(store: Store, logId: LogId): Promise<Envelope> {
  const bytes = await store.entry(logId, 0)
  if (bytes === undefined) {
    throw new StoreError('store-damaged', 'the GENESIS of the own log is missing from the store')
  }
  const { headerBytes, signature, body } = parseEnvelope(bytes)
  return { header: headerBytes, signature, body }
}
