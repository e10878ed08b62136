import type { InclusionPart } from '../../audit/part.ts'
import { encodeProofFile } from '../../audit/proof-file.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { AllianceId, NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { positionKey } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import { parseProof } from '../../chain/proof.ts'
import { verifyPurgeReceipt } from '../../chain/purge-receipt.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import { identityOf } from '../../chain/verify-entry.ts'
import { parseCheckpoint } from '../../crypto/checkpoint.ts'
import { parseSignedNote } from '../../crypto/signed-note.ts'
import { compactRangeAt } from '../../merkle/compact-range.ts'
import { buildInclusion } from '../../merkle/inclusion.ts'
import type { Store, StoreSnapshot } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { parseEntry } from '../../wire/entry.ts'
import { Checkpoint, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { EVIDENCE } from '../knowledge/evidence-book.ts'
import { isHeldTree } from '../knowledge/held-tree.ts'
import { findLog } from '../knowledge/log-name.ts'
import { entryAt, withoutSealed } from './audit-export.ts'

export interface ProveQuery {
  /** Log id in hex, whole or its first digits. */
  readonly log: string
  readonly seq: number
  readonly withBody: boolean
}

export interface ProveSource {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Pick<Store, 'snapshot'>
  readonly clock: Clock
}

/**
 * The bytes of a `tocsin-proof/1` file: the entry, its path in every signed tree that holds it, and all that is known of
 * its log and of the alliance. Throws UserError `log-unknown`, `log-ambiguous` or `entry-absent`.
 */
export async function proveEntry(source: ProveSource, { log, seq, withBody }: ProveQuery): Promise<Uint8Array> {
  const { allianceId, nation: exporter, clock } = source
  await using snapshot = await source.store.snapshot()
  const heads = snapshot.logs.map(({ head }) => head)
  const head = findLog(heads, log)
  const { logId } = head
  if (seq >= head.size) {
    throw new UserError(
      'entry-absent',
      `log ${toHex(logId)} of ${head.nation} has ${head.size} entries here, and no entry ${seq}`,
      {
        fix: 'Entries are counted from 0; see "tocsin status" for how long each log is.',
      },
    )
  }
  const envelope = await entryAt(snapshot, logId, seq)
  const evidence = await evidenceOf(snapshot, head, seq, allianceId)
  const hashAt = snapshot.hashAt(logId)
  return encodeProofFile({
    header: { allianceId, madeMs: clock.now(), exporter, logs: [logId], sinceMs: 0, sinceSeq: 0, withBodies: withBody },
    documents: await documentsOf(snapshot),
    evidence,
    log: {
      logId,
      genesis: await entryAt(snapshot, logId, 0),
      from: seq,
      size: seq + 1,
      before: compactRangeAt(hashAt, seq),
      aside: false,
    },
    envelope: withBody ? envelope : withoutSealed(envelope),
    inclusions: inclusionsOf(snapshot, head, seq, evidence),
  })
}

async function documentsOf(snapshot: StoreSnapshot): Promise<Uint8Array[]> {
  const documents: Uint8Array[] = []
  for await (const { bytes } of snapshot.documents()) documents.push(bytes)
  return documents
}

async function evidenceOf(snapshot: StoreSnapshot, head: LogHead, seq: number, allianceId: AllianceId) {
  const evidence: EvidenceItem[] = []
  for await (const { type, bytes: body } of snapshot.evidence()) {
    if (bearsOn({ type, body }, head, seq, allianceId)) evidence.push({ type, body })
  }
  return evidence
}

/** Whether a piece, which was verified when it was kept, says anything of this log or entry. */
function bearsOn({ type, body }: EvidenceItem, head: LogHead, seq: number, allianceId: AllianceId): boolean {
  switch (type) {
    case EVIDENCE.CHECKPOINT:
      return equalBytes(parseEntry(decodeLoose(Checkpoint, body, false).genesis!).logId, head.logId)
    case EVIDENCE.PROOF: {
      const log = identityOf(parseEntry(parseProof(body).genesis!), allianceId)
      return equalBytes(log.logId, head.logId) || positionKey(log) === positionKey(head)
    }
    case EVIDENCE.PURGE: {
      const { target } = verifyPurgeReceipt(body, allianceId)
      return equalBytes(target.logId, head.logId) && target.seq === seq
    }
    default:
      return false
  }
}

/** A path to each tree of a checkpoint that is held here and has the entry in it. */
function inclusionsOf(
  snapshot: StoreSnapshot,
  { logId, size: held }: LogHead,
  seq: number,
  evidence: readonly EvidenceItem[],
): InclusionPart[] {
  const trees = new Map<number, TreeHead>()
  for (const { type, body } of evidence) {
    if (type !== EVIDENCE.CHECKPOINT) continue
    const tree = parseCheckpoint(parseSignedNote(decodeLoose(Checkpoint, body, false).note).text)
    if (tree.size > seq && tree.size <= held && isHeldTree(snapshot, logId, tree)) trees.set(tree.size, tree)
  }
  const hashAt = snapshot.hashAt(logId)
  return [...trees.keys()].sort((a, b) => a - b).map(size => ({ size, path: buildInclusion(hashAt, seq, size) }))
}
