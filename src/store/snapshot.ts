import type { StoreContext } from './context.ts'
import { createEntryReads } from './entry-reads.ts'
import { SPACE } from './keys.ts'
import { Memory } from './memory.ts'
import { loadLogs } from './meta.ts'
import { records } from './record-reads.ts'
import type { EntryReads, RecordReads, StoredLog } from './store.ts'

/** The logs and their evidence as they were at one moment, whatever is committed meanwhile. Dispose of it. */
export interface StoreSnapshot extends EntryReads, Pick<RecordReads, 'documents' | 'evidence'>, AsyncDisposable {
  /** In the order in which they came. */
  readonly logs: readonly StoredLog[]
}

export async function openSnapshot({ db }: Pick<StoreContext, 'db'>): Promise<StoreSnapshot> {
  const frozen = db.freeze()
  const memory = new Memory()
  try {
    await loadLogs(frozen, memory)
  } catch (error) {
    await frozen[Symbol.asyncDispose]()
    throw error
  }
  return {
    ...createEntryReads({ db: frozen, memory }),
    logs: memory.logs(),
    documents: () => records(frozen, SPACE.documents),
    evidence: () => records(frozen, SPACE.evidence),
    [Symbol.asyncDispose]: () => frozen[Symbol.asyncDispose](),
  }
}
