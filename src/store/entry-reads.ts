import type { Hash, LogId } from '../base/ids.ts'
import { type HashAt, hashAtFromTiles } from '../merkle/proof-source.ts'
import { decodeLoose } from '../wire/codec.ts'
import { leafOf, type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import { Envelope } from '../wire/gen/tocsin.ts'
import { ENTRIES_PAGE_MAX } from './caps.ts'
import type { Database } from './database.ts'
import { damaged, misuse } from './failures.ts'
import { nodeKey, placeKey, SPACE } from './keys.ts'
import type { LogState } from './log-state.ts'
import { entryRange } from './log-writes.ts'
import type { Memory } from './memory.ts'
import type { EntryReads } from './store.ts'

/** Unless the caller says otherwise, a page holds no more than this. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024
const CHUNK = 64

/** Of the store as it is, or of one moment of it. */
export interface EntrySource {
  readonly db: Pick<Database, 'get' | 'getSync' | 'range' | 'scan'>
  readonly memory: Pick<Memory, 'log'>
}

export function createEntryReads(context: EntrySource): EntryReads {
  return {
    entriesRange: (logId, from, count, bytesMax = PAGE_BYTES_MAX) =>
      entriesRange(context, logId, from, count, bytesMax),
    entry: async (logId, seq) => {
      const log = context.memory.log(logId)
      return log === undefined || seq >= log.head.size
        ? undefined
        : context.db.get(placeKey(SPACE.entries, log.number, seq))
    },
    openedIds: async ({ logId, seq }) => {
      const log = context.memory.log(logId)
      const ids = log && (await context.db.get(placeKey(SPACE.opened, log.number, seq)))
      return ids === undefined ? [] : idsOf(ids)
    },
    leafAt: (logId, seq) => {
      const log = context.memory.log(logId)
      return log === undefined || seq < 0 || seq >= log.head.size ? undefined : leafAt(context, log, seq)
    },
    hashAt: logId => hashAt(context, logId),
    branches: (logId, from) => branches(context, logId, from),
  }
}

/** Stops before an entry that would go over `bytesMax`, but never before the first. */
async function entriesRange(
  context: EntrySource,
  logId: LogId,
  from: number,
  count: number,
  bytesMax: number,
): Promise<Uint8Array[]> {
  const log = context.memory.log(logId)
  if (log === undefined || from < 0 || count <= 0) return []
  const to = Math.min(from + Math.min(count, ENTRIES_PAGE_MAX), log.head.size)
  if (from >= to) return []
  const entries: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of context.db.scan(entryRange(log.number, from, to), { chunk: CHUNK })) {
    for (const [, value] of chunk) {
      bytes += value.length
      if (bytes > bytesMax && entries.length > 0) return entries
      entries.push(value)
    }
  }
  return entries
}

const ID_BYTES = 16

function idsOf(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / ID_BYTES }, (_, i) => bytes.slice(i * ID_BYTES, (i + 1) * ID_BYTES))
}

function leafAt({ db }: EntrySource, log: LogState, seq: number): Hash {
  const bytes = db.getSync(placeKey(SPACE.entries, log.number, seq))
  if (bytes === undefined) throw damaged(`entry ${seq} of a log is not there`, { data: { log: log.number, seq } })
  const { header, signature } = decodeLoose(Envelope, bytes, false)
  return leafOf(header, signature)
}

function hashAt(context: EntrySource, logId: LogId): HashAt {
  const log = context.memory.log(logId)
  if (log === undefined) throw misuse('a proof of a log that is not held')
  return hashAtFromTiles((level, index) => {
    if ((index + 1) * 2 ** level > log.head.size)
      throw misuse('a proof beyond the log', { level, index, size: log.head.size })
    if (level === 0) return leafAt(context, log, index)
    const hash = context.db.getSync(nodeKey(log.number, level, index))
    if (hash === undefined)
      throw damaged('a tree node of a log is not there', { data: { log: log.number, level, index } })
    return hash as Hash
  })
}

async function branches(context: EntrySource, logId: LogId, from: number): Promise<ParsedEntry[]> {
  const log = context.memory.log(logId)
  if (log === undefined) return []
  const range = { from: placeKey(SPACE.branches, log.number, from), to: placeKey(SPACE.branches, log.number + 1, 0) }
  return (await context.db.range(range, ENTRIES_PAGE_MAX)).map(([, value]) => parseEnvelope(value))
}
