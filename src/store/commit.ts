import type { StoreContext } from './context.ts'
import type { Writes } from './database.ts'
import { writeItems } from './item-writes.ts'
import { writeLogRecords, writeLogs } from './log-writes.ts'
import { Draft } from './memory.ts'
import { countsLine, viewLine } from './meta.ts'
import { writeRecords } from './record-writes.ts'
import type { CommitResult, StoreBatch } from './store.ts'

export interface Plan {
  /** Everything that goes to disk, at once. */
  readonly writes: Writes
  /** What the memory becomes when it is there. */
  readonly draft: Draft
  readonly result: CommitResult
}

/** Works out what `batch` changes, and changes nothing. */
export async function planCommit(batch: StoreBatch, { db, memory }: StoreContext): Promise<Plan> {
  const draft = new Draft(memory)
  const writes: Writes = []
  await writeLogs(batch.logs ?? [], draft, db, writes)
  const records = await writeRecords(batch, draft, db, writes)
  const items = await writeItems(batch.items ?? [], draft, db, writes)
  writeLogRecords(draft, writes)
  if (draft.viewChanged) writes.push(viewLine(draft.view))
  if (draft.countsChanged) writes.push(countsLine(draft.counts))
  return { writes, draft, result: { ...items, ...records } }
}
