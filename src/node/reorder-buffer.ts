import { type LogId, type LogIdHex, logIdHex } from '../base/ids.ts'
import type { VerifiedEntry } from '../chain/verify-entry.ts'

/** Verified entries of gossip that came before their predecessors. What does not fit is fetched by sync. */
export interface ReorderBuffer {
  /** False where it is full. */
  add(entry: VerifiedEntry): boolean
  /** Takes out, log by log, the entries that continue a log from its size on, and forgets those below it. */
  ready(sizeOf: (logId: LogId) => number): VerifiedEntry[]
  bytes(): number
}

const BYTES_MAX = 64 * 1024 * 1024
const BYTES_PER_LOG_MAX = 16 * 1024 * 1024
const ENTRY_OVERHEAD_BYTES = 512

interface Waiting {
  readonly entries: Map<number, VerifiedEntry>
  bytes: number
}

export function createReorderBuffer(): ReorderBuffer {
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

  return {
    bytes: () => total,
    add(entry) {
      const key = logIdHex(entry.logId)
      const log = logs.get(key) ?? { entries: new Map<number, VerifiedEntry>(), bytes: 0 }
      if (log.entries.has(entry.header.seq)) return true
      const bytes = weight(entry)
      if (total + bytes > BYTES_MAX || log.bytes + bytes > BYTES_PER_LOG_MAX) return false
      log.entries.set(entry.header.seq, entry)
      log.bytes += bytes
      total += bytes
      logs.set(key, log)
      return true
    },
    ready(sizeOf) {
      const out: VerifiedEntry[] = []
      for (const [key, log] of logs) {
        const [any] = log.entries.values()
        let next = any === undefined ? 0 : sizeOf(any.logId)
        for (const seq of log.entries.keys()) if (seq < next) remove(log, seq)
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
