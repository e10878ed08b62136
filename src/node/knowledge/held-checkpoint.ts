import type { LogId } from '../../base/ids.ts'
import { type VerifiedCheckpoint, verifyCheckpoint } from '../../chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import { sameTree, type TreeHead } from '../../chain/tree-head.ts'
import type { Store } from '../../store/store.ts'
import { parseEnvelope } from '../../wire/entry.ts'
import { EVIDENCE, type EvidenceBook } from './evidence-book.ts'
import { isHeldTree } from './held-tree.ts'

/**
 * The largest checkpoint of a log's author, of at most `sizeMax` entries, whose tree is the one held here. Authors may
 * sign what they like: with any other checkpoint nothing that is held here can be proved to anybody.
 */
export function heldCheckpoint(
  book: Pick<EvidenceBook, 'checkpoints'>,
  store: Pick<Store, 'log' | 'hashAt'>,
  logId: LogId,
  sizeMax: number,
): VerifiedCheckpoint | undefined {
  const held = Math.min(sizeMax, store.log(logId)?.head.size ?? 0)
  const fitting = book
    .checkpoints(logId)
    .map(({ checkpoint }) => checkpoint)
    .filter(({ size }) => size <= held)
    .sort((a, b) => b.size - a.size)
  return fitting.find(checkpoint => isHeldTree(store, logId, checkpoint))
}

/**
 * The tree of a checkpoint that came with entries, once it is evidence here: only then may their signatures stay owed,
 * since it is what a bad leaf is shown with. Undefined where it does not become that. Throws ProtocolError.
 */
export async function adoptCheckpoint(
  book: Pick<EvidenceBook, 'allianceId' | 'apply' | 'checkpoints'>,
  store: Pick<Store, 'entry'>,
  note: Uint8Array,
  log: LogIdentity,
): Promise<TreeHead | undefined> {
  const checkpoint = verifyCheckpoint(note, log, book.allianceId)
  const isHeld = () => book.checkpoints(log.logId).some(held => sameTree(held.checkpoint, checkpoint))
  if (isHeld()) return checkpoint
  const bytes = await store.entry(log.logId, 0)
  if (bytes === undefined) return undefined
  const { headerBytes, signature, body } = parseEnvelope(bytes)
  const genesis = { header: headerBytes, signature, body }
  const evidence = buildCheckpointEvidence({ checkpoint, cosignatures: [], genesis })
  await book.apply([{ type: EVIDENCE.CHECKPOINT, body: evidence }], 'sync')
  return isHeld() ? checkpoint : undefined
}
