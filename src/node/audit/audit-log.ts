import type { Clock, Logger, Random } from '../../base/ports.ts'
import { AUDIT_SALT_BYTES, type AuditDecision, type AuditEvent } from '../../policy/audit-record.ts'
import type { Store } from '../../store/store.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'

/** Where everybody who decides says so. */
export interface AuditLog {
  /**
   * Resolves when the decision is in the store, fsynced unless it is a `read`; many share one write. Throws StoreError
   * where it cannot be written: then what was decided must not be done. A `read` goes ahead all the same, and is counted.
   */
  record(decision: AuditDecision): Promise<void>
  /** For the `audit` of the caller's own batch: then decision and deed are written together or not at all. */
  events(...decisions: readonly AuditDecision[]): readonly AuditEvent[]
  /** Reads that could not be recorded, and are not yet made good by a record `lost`. */
  lost(): number
  /** The store can be written again: records what was lost meanwhile. */
  resume(): Promise<void>
  settled(): Promise<void>
}

export interface AuditLogOptions {
  readonly store: Pick<Store, 'commit'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

interface Waiting {
  readonly event: AuditEvent
  resolve(): void
  reject(reason: unknown): void
}

/** Of one write. */
const EVENTS_MAX = 1024
/** Decisions that wait for their write. Reads beyond it are lost, others refused by the store, which is no faster. */
const WAITING_MAX = 16_384

export function createAuditLog({ store, clock, random, logger }: AuditLogOptions): AuditLog {
  const waiting: Waiting[] = []
  let lost = 0
  const loop = createWorkerLoop(writeAll, error => logger.error({ err: error }, 'writing the audit log failed'))

  function eventOf(decision: AuditDecision): AuditEvent {
    return { ...decision, timeMs: clock.now(), salt: random.bytes(AUDIT_SALT_BYTES) }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const taken = waiting.splice(0, EVENTS_MAX)
      try {
        await write(taken.map(({ event }) => event))
        for (const { resolve } of taken) resolve()
      } catch (error) {
        for (const { reject } of taken) reject(error)
      }
    }
  }

  async function write(events: readonly AuditEvent[]): Promise<void> {
    const gap = lost
    lost = 0
    const add = gap > 0 ? [eventOf({ kind: 'lost', by: 'node', count: gap }), ...events] : events
    try {
      await store.commit({ audit: { add } }, { sync: add.some(isKept) })
    } catch (error) {
      lost += gap
      throw error
    }
  }

  async function append(event: AuditEvent): Promise<void> {
    if (waiting.length >= WAITING_MAX && !isKept(event)) throw new Error('too many decisions wait to be recorded')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.push({ event, resolve, reject })
    loop.wake()
    await promise
  }

  return {
    async record(decision) {
      const event = eventOf(decision)
      if (isKept(event)) return append(event)
      try {
        await append(event)
      } catch (error) {
        lost++
        logger.debug({ err: error }, 'a read could not be recorded')
      }
    },
    events: (...decisions) => decisions.map(eventOf),
    lost: () => lost,
    async resume() {
      if (lost > 0) await write([])
    },
    settled: loop.settled,
  }
}

/** Must survive a power failure. */
function isKept({ kind }: AuditEvent): boolean {
  return kind !== 'read'
}
