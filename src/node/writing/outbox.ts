import type { Logger } from '../../base/ports.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import { encodeEnvelope, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'

/** Own entries on their way to gossip, in order, after their commit. Sync brings what is lost on this way. */
export interface Outbox {
  add(entries: readonly ParsedEntry[]): void
  /** Resolves while few enough entries wait that another may be made. */
  room(): Promise<void>
  /** Positions handed over since the last call, to be taken off the stored outbox by the next commit. */
  takeSent(): EntryPosition[]
  /** After a start: what was committed and perhaps never gossiped. */
  resume(): Promise<void>
  settled(): Promise<void>
}

/** Entries made ahead of what gossip has taken. */
const AHEAD_MAX = 8
/** More than these are left to sync alone. */
const WAITING_MAX = 4096
const RESUME_MAX = 1024

export function createOutbox(store: Store, gossip: (envelope: Uint8Array) => Promise<void>, logger: Logger): Outbox {
  const waiting: ParsedEntry[] = []
  const sent: EntryPosition[] = []
  let running: Promise<void> | undefined
  let moved: () => void = () => {}

  async function run(): Promise<void> {
    for (let entry = waiting[0]; entry !== undefined; entry = waiting[0]) {
      try {
        await gossip(encodeEnvelope(entry))
      } catch (error) {
        logger.warn({ err: error, seq: entry.header.seq }, 'gossip did not take an entry; peers fetch it by sync')
      }
      waiting.shift()
      if (sent.length < WAITING_MAX) sent.push({ logId: entry.logId, seq: entry.header.seq })
      moved()
    }
  }

  function add(entries: readonly ParsedEntry[]): void {
    for (const entry of entries) if (waiting.length < WAITING_MAX) waiting.push(entry)
    running ??= run().finally(() => {
      running = undefined
      if (waiting.length > 0) add([])
    })
  }

  return {
    add,
    async room() {
      while (waiting.length >= AHEAD_MAX) {
        const { promise, resolve } = Promise.withResolvers<void>()
        moved = resolve
        await promise
      }
    },
    takeSent: () => sent.splice(0),
    async resume() {
      const entries: ParsedEntry[] = []
      for (const { logId, seq } of await store.outbox(RESUME_MAX)) {
        const bytes = await store.entry(logId, seq)
        const entry = bytes && parseEnvelope(bytes)
        // Gossip carries a body with its entry; what was destroyed since goes by sync alone.
        if (entry !== undefined && entry.body.length === entry.header.bodyLen) entries.push(entry)
      }
      add(entries)
    },
    async settled() {
      while (running !== undefined) await running
    },
  }
}
