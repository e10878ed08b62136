import type { Clock, Logger } from '../../base/ports.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { Store } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { AuditRecord } from '../../wire/gen/store.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { AuditLog } from './audit-log.ts'

export interface AuditLimits {
  /** Older records go; 0: none goes by its age. */
  readonly keepDays: number
  /** The oldest go where the log is larger. */
  readonly mibMax: number
}

export interface AuditRetentionOptions {
  readonly store: Pick<Store, 'audit' | 'auditRecords' | 'commit' | 'state'>
  readonly audit: Pick<AuditLog, 'events'>
  readonly limits: AuditLimits
  readonly clock: Clock
  readonly logger: Logger
}

export interface AuditRetention {
  /** Removes what is to go now. */
  sweep(): Promise<void>
  stop(): Promise<void>
}

const HOUR_MS = 3_600_000
const MIB = 1024 * 1024
/** How full it may be before the operator is told; and what is left when the oldest had to go. */
export const AUDIT_ALARM_SHARE = 0.8
const LEFT_SHARE = 0.9
/** Records removed in one write. */
const DROP_AT_ONCE = 4096

/**
 * Keeps the audit log within what the operator allows it. Each removal is itself a record, which names the hash before
 * the oldest record that is left: the chain goes on from there, and nothing else can have shortened it.
 */
export function startAuditRetention({ store, audit, limits, clock, logger }: AuditRetentionOptions): AuditRetention {
  const loop = createWorkerLoop(dropAll, error => logger.error({ err: error }, 'the audit log could not be shortened'))

  async function dropAll(): Promise<void> {
    while (store.state === 'open' && (await dropSome()));
  }

  /** Whether anything was dropped. The newest record stays, whatever its age. */
  async function dropSome(): Promise<boolean> {
    const { first, next } = store.audit()
    const lines = await store.auditRecords(first, Math.min(DROP_AT_ONCE, next - first))
    const records = lines.map(({ bytes }) => ({ record: decodeLoose(AuditRecord, bytes, true), bytes: bytes.length }))
    const count = Math.min(Math.max(tooOld(records), tooMany(records)), lines.length - 1)
    const left = records[count]
    if (count <= 0 || left === undefined) return false
    const below = first + count
    const truncated = audit.events({ kind: 'truncated', by: 'node', count: below, subject: left.record.prev })
    await store.commit({ audit: { add: truncated, dropBelow: below } }, { sync: true })
    logger.info({ first: below }, 'the oldest records of the audit log were removed')
    return true
  }

  /** A day's grace, so that there is one record of it a day and not one an hour. */
  function tooOld(records: readonly Sized[]): number {
    const oldest = records[0]
    if (limits.keepDays === 0 || oldest === undefined) return 0
    const keptMs = clock.now() - limits.keepDays * DAY_MS
    if (oldest.record.timeMs >= keptMs - DAY_MS) return 0
    const kept = records.findIndex(({ record }) => record.timeMs >= keptMs)
    return kept < 0 ? records.length : kept
  }

  function tooMany(records: readonly Sized[]): number {
    let { bytes } = store.audit()
    if (bytes <= limits.mibMax * MIB) return 0
    let count = 0
    for (const each of records) {
      if (bytes <= limits.mibMax * MIB * LEFT_SHARE) break
      bytes -= each.bytes
      count++
    }
    return count
  }

  const timer = setInterval(loop.wake, HOUR_MS)
  loop.wake()
  return {
    async sweep() {
      loop.wake()
      await loop.settled()
    },
    async stop() {
      clearInterval(timer)
      await loop.stop()
    },
  }
}

interface Sized {
  readonly record: AuditRecord
  readonly bytes: number
}
