import { buildFrontier } from '../chain/frontier.ts'
import type { StoreContext } from './context.ts'
import type { Database } from './database.ts'
import { createEntryReads } from './entry-reads.ts'
import { assertFormat, loadMemory } from './meta.ts'
import { clearUnread } from './rebuild.ts'
import { createRecordReads } from './record-reads.ts'
import type { LogReads, Store } from './store.ts'
import { createViewReads } from './view-reads.ts'
import { Writer } from './writer.ts'

/**
 * Opens `db` and puts the parts of a store together over it. Where opening fails, `db` is closed again. `mayReopen`
 * throws where recovering had better wait.
 */
export async function openLevelStore(db: Database, mayReopen = async () => {}): Promise<Store> {
  const context = await openContext(db)
  const writer = new Writer(context, { mayReopen, reopen: () => openContext(db) })
  return {
    ...createLogReads(context),
    ...createEntryReads(context),
    ...createRecordReads(context),
    ...createViewReads(context),
    get state() {
      return writer.state
    },
    get viewStale() {
      return context.memory.view.stale
    },
    commit: (batch, options) => writer.commit(batch, options),
    rebuildView: signal => writer.rebuildView(signal),
    recover: () => writer.recover(),
    [Symbol.asyncDispose]: () => writer.close(),
  }
}

async function openContext(db: Database): Promise<StoreContext> {
  await db.open()
  try {
    await assertFormat(db)
    const memory = await loadMemory(db)
    await clearUnread(db, memory)
    return { db, memory }
  } catch (error) {
    await db.close()
    throw error
  }
}

function createLogReads(context: StoreContext): LogReads {
  return {
    log: logId => context.memory.log(logId),
    logs: () => context.memory.logs(),
    frontier: () => buildFrontier(context.memory.logs().map(({ standing }) => standing)),
    counts: () => {
      const { counts, logCount } = context.memory
      const entries = context.memory.logs().reduce((sum, { standing }) => sum + standing.size, 0)
      return { ...counts, logs: logCount, entries }
    },
  }
}
