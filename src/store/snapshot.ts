import type { LogId } from '../base/ids.ts'
import { type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import type { StoreContext } from './context.ts'
import { type FrozenDatabase, prefixRange } from './database.ts'
import { createEntryReads } from './entry-reads.ts'
import { branchKey, logKey, SPACE, spaceKey } from './keys.ts'
import { Memory } from './memory.ts'
import { loadLogs } from './meta.ts'
import { records } from './record-reads.ts'
import type { StoreSnapshot } from './store.ts'

/** Throws what reading the logs throws. */
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
    branchEntries: logId => branchEntries(frozen, memory, logId),
    async branchEntry(logId, seq, leaf) {
      const log = memory.log(logId)
      return log && frozen.get(branchKey(log.number, seq, leaf))
    },
    [Symbol.asyncDispose]: () => frozen[Symbol.asyncDispose](),
  }
}

async function* branchEntries(db: FrozenDatabase, memory: Memory, logId: LogId): AsyncGenerator<ParsedEntry> {
  const log = memory.log(logId)
  if (log === undefined) return
  // The key of a log, with another space before it, begins those of all its branches.
  const range = prefixRange(spaceKey(SPACE.branches, logKey(log.number).subarray(1)))
  for await (const chunk of db.scan(range, { chunk: CHUNK })) {
    for (const [, value] of chunk) yield parseEnvelope(value)
  }
}

const CHUNK = 64
