import { writeAudit } from './audit-writes.ts'
import type { StoreContext } from './context.ts'
import type { Reads, Writes } from './database.ts'
import { Draft } from './draft.ts'
import { writeItems } from './item-writes.ts'
import { writeLogRecords, writeLogs } from './log-writes.ts'
import type { MemoryReads } from './memory.ts'
import { countsLine, viewLine } from './meta.ts'
import { writeRecords } from './record-writes.ts'
import type { CommitResult, StoreBatch } from './store.ts'
import { writePurges, writeTombstones } from './tombstone-writes.ts'

export interface Plan {
  /** Everything that goes to disk, at once. */
  readonly writes: Writes
  /** What the memory becomes when it is there. */
  readonly draft: Draft
  readonly result: CommitResult
}

/** Works out what `batch` changes of what was there `before`, and changes nothing. */
export async function planCommit(
  batch: StoreBatch,
  rules: Pick<StoreContext, 'acceptance' | 'numbering'>,
  db: Reads,
  before: MemoryReads,
): Promise<Plan> {
  const draft = new Draft(before)
  const writes: Writes = []
  await writeLogs(batch.logs ?? [], draft, db, writes)
  const records = await writeRecords(batch, draft, db, writes)
  await writeAudit(batch.audit, draft, db, writes)
  const named = await writeTombstones(batch.tombstones ?? [], draft, db, writes)
  const purged = await writePurges(batch.purge ?? [], draft, db, writes)
  const touched = { idKeys: [...named.idKeys, ...purged.idKeys], purged: purged.purged }
  const items = await writeItems(batch.items ?? [], touched, rules, draft, db, writes)
  writeLogRecords(draft, writes)
  if (draft.viewChanged) writes.push(viewLine(draft.view))
  if (draft.countsChanged) writes.push(countsLine(draft.counts))
  return { writes, draft, result: { ...items, ...records } }
}
