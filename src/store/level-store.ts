import { buildFrontier } from '../chain/frontier.ts'
import { logOf, type StoreContext } from './context.ts'
import type { Database } from './database.ts'
import { createEntryReads } from './entry-reads.ts'
import { assertFormat, loadMemory } from './meta.ts'
import { clearUnread } from './rebuild.ts'
import { createRecordReads } from './record-reads.ts'
import type { LogReads, Store } from './store.ts'
import { createViewReads } from './view-reads.ts'
import { Writer } from './writer.ts'

/** Opens `db` and puts the parts of a store together over it. Where opening fails, `db` is closed again. */
export async function openLevelStore(db: Database): Promise<Store> {
  const context = await openContext(db)
  const writer = new Writer(context, () => openContext(db))
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
    log: logId => logOf(context, logId),
    logs: () => context.memory.numbered.values(),
    frontier: () => buildFrontier(context.memory.numbered.map(({ standing }) => standing)),
    counts: () => {
      const { counts, numbered } = context.memory
      const entries = numbered.reduce((sum, { head }) => sum + head.size, 0)
      return { ...counts, logs: numbered.length, entries }
    },
  }
}
