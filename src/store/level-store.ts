import { equalBytes } from '../base/bytes.ts'
import { buildFrontier } from '../chain/frontier.ts'
import { createChangeReads } from './change-reads.ts'
import type { Numbering } from './changes.ts'
import type { StoreContext } from './context.ts'
import type { Database } from './database.ts'
import { createEntryReads } from './entry-reads.ts'
import { placeKey, SPACE } from './keys.ts'
import { assertFormat, loadMemory } from './meta.ts'
import { clearUnread } from './rebuild.ts'
import { createRecordReads } from './record-reads.ts'
import { ACCEPT_ALL } from './sight.ts'
import { openSnapshot } from './snapshot.ts'
import type { LogReads, Store } from './store.ts'
import { withStanding } from './tombstones.ts'
import { createUpkeep, type UpkeepPlace } from './upkeep-reads.ts'
import { createViewReads } from './view-reads.ts'
import { Writer } from './writer.ts'

/** What depends on where a store is. */
export interface StorePlace extends UpkeepPlace {
  /** Throws where recovering had better wait. */
  mayReopen(): Promise<void>
}

/** Opens `db` and puts the parts of a store together over it. Where opening fails, `db` is closed again. */
export async function openLevelStore(db: Database, place: StorePlace, numbering: Numbering): Promise<Store> {
  const context = { ...(await openContext(db)), acceptance: ACCEPT_ALL, numbering, changed: new Set<() => void>() }
  const writer = new Writer(context, { mayReopen: place.mayReopen, reopen: () => openContext(db) })
  return {
    ...createLogReads(context),
    ...createEntryReads(context),
    ...createRecordReads(context),
    ...createViewReads(context),
    ...createChangeReads(context),
    ...createUpkeep(context, place),
    get state() {
      return writer.state
    },
    get viewStale() {
      return context.memory.view.stale || isOfOtherRules(context)
    },
    get viewFrozen() {
      return isOfOtherRules(context)
    },
    setAcceptance: acceptance => writer.setAcceptance(acceptance),
    snapshot: () => openSnapshot(context),
    commit: (batch, options) => writer.commit(batch, options),
    purge: (entries, tombstones) => writer.purge(entries, tombstones),
    async compact(logId, from, to) {
      const log = context.memory.log(logId)
      if (log === undefined || from >= to) return
      await context.db.flush()
      await context.db.compact([from, to - 1].map(seq => placeKey(SPACE.entries, log.number, seq)))
    },
    rebuildView: signal => writer.rebuildView(signal),
    compactChanges: signal => writer.compactChanges(signal),
    recover: () => writer.recover(),
    [Symbol.asyncDispose]: () => writer.close(),
  }
}

async function openContext(db: Database): Promise<Pick<StoreContext, 'db' | 'memory'>> {
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

function isOfOtherRules({ memory, acceptance }: StoreContext): boolean {
  return !equalBytes(memory.view.acceptance, acceptance.hash)
}

function createLogReads(context: StoreContext): LogReads {
  return {
    log: logId => context.memory.log(logId),
    logs: () => context.memory.logs(),
    audit: () => context.memory.audit,
    tombstones: () => context.memory.tombstones.all().map(each => withStanding(each, context.memory)),
    tombstonesOf: entry => context.memory.tombstones.of(entry).map(each => withStanding(each, context.memory)),
    frontier: () => buildFrontier(context.memory.logs().map(({ standing }) => standing)),
    counts: () => {
      const { counts: held, logCount } = context.memory
      const { superseded: _, ...counts } = held
      const entries = context.memory.logs().reduce((sum, { standing }) => sum + standing.size, 0)
      return { ...counts, logs: logCount, entries }
    },
  }
}
