import { type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'

/** Verified entries of gossip that came before their predecessors. What does not fit is fetched by sync. */
export interface ReorderBuffer {
  /** False where there is no room for it. */
  add(entry: VerifiedEntry): boolean
  /** Takes out, log by log, the entries that continue a log from its size on, and forgets those below it. */
  ready(sizeOf: (logId: LogId) => number): VerifiedEntry[]
  bytes(): number
}

const BYTES_MAX = 64 * 1024 * 1024
const BYTES_PER_LOG_MAX = 16 * 1024 * 1024
const ENTRY_OVERHEAD_BYTES = 512

interface Waiting {
  readonly logId: LogId
  readonly entries: Map<number, VerifiedEntry>
  bytes: number
  /** The size of the log when it was last looked at, while nothing has come since. */
  lookedAt: number | undefined
}

/** `bytesMax` in all; an author that leaves a gap open for ever makes room for others when it is used up. */
export function createReorderBuffer(bytesMax = BYTES_MAX): ReorderBuffer {
  const logs = new Map<LogIdHex, Waiting>()
  let total = 0

  function remove(log: Waiting, seq: number): VerifiedEntry | undefined {
    const entry = log.entries.get(seq)
    if (entry === undefined) return undefined
    log.entries.delete(seq)
    log.bytes -= weight(entry)
    total -= weight(entry)
    return entry
  }

  /** Drops whole what the fullest log has here, unless that is the one that asks. */
  function makeRoom(bytes: number, asking: Waiting): boolean {
    while (total + bytes > bytesMax) {
      let fullest = asking
      for (const log of logs.values()) if (log.bytes > fullest.bytes) fullest = log
      if (fullest === asking) return false
      total -= fullest.bytes
      logs.delete(logIdHex(fullest.logId))
    }
    return true
  }

  return {
    bytes: () => total,
    add(entry) {
      const { logId } = entry
      const key = logIdHex(logId)
      const log = logs.get(key) ?? { logId, entries: new Map<number, VerifiedEntry>(), bytes: 0, lookedAt: undefined }
      if (log.entries.has(entry.header.seq)) return true
      const bytes = weight(entry)
      if (log.bytes + bytes > BYTES_PER_LOG_MAX || !makeRoom(bytes, log)) return false
      log.entries.set(entry.header.seq, entry)
      log.bytes += bytes
      log.lookedAt = undefined
      total += bytes
      logs.set(key, log)
      return true
    },
    ready(sizeOf) {
      const out: VerifiedEntry[] = []
      for (const [key, log] of logs) {
        const size = sizeOf(log.logId)
        if (size === log.lookedAt) continue
        log.lookedAt = size
        for (const seq of log.entries.keys()) if (seq < size) remove(log, seq)
        let next = size
        for (let entry = remove(log, next); entry !== undefined; entry = remove(log, ++next)) out.push(entry)
        if (log.entries.size === 0) logs.delete(key)
      }
      return out
    },
  }
}

function weight(entry: VerifiedEntry): number {
  return entry.headerBytes.length + entry.body.length + ENTRY_OVERHEAD_BYTES
}
