import type { Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { AuditRun } from '../../wire/gen/store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import { joinRuns, requestRecords } from '../rules/release-audit.ts'

/** Puts into the stored queue what cannot be signed yet. */
export interface QueueWriter {
  /** Resolves when it is on the disk. */
  add(bytes: Uint8Array, run: AuditRun): Promise<void>
  settled(): Promise<void>
}

export interface QueueWriterOptions {
  readonly store: Pick<Store, 'commit'>
  readonly audit: Pick<AuditLog, 'events'>
  readonly logger: Logger
}

interface Unstored {
  readonly bytes: Uint8Array
  readonly run: AuditRun
  readonly stored: PromiseWithResolvers<void>
}

const PAGE = 1000

export function createQueueWriter({ store, audit, logger }: QueueWriterOptions): QueueWriter {
  const unstored: Unstored[] = []
  const loop = createWorkerLoop(write, error => logger.error({ err: error }, 'queueing failed'))

  /** Many share one fsync. */
  async function write(): Promise<void> {
    while (unstored.length > 0) {
      const taken = unstored.splice(0, PAGE)
      try {
        const add = taken.map(({ bytes }) => bytes)
        const queued = requestRecords('queued', joinRuns(taken.map(({ run }) => run)))
        await store.commit({ queue: { add }, audit: { add: audit.events(...queued) } }, { sync: true })
        for (const { stored } of taken) stored.resolve()
      } catch (error) {
        for (const { stored } of taken) stored.reject(error)
      }
    }
  }

  return {
    add(bytes, run) {
      const stored = Promise.withResolvers<void>()
      unstored.push({ bytes, run, stored })
      loop.wake()
      return stored.promise
    },
    settled: loop.settled,
  }
}
