import { hostname, userInfo } from 'node:os'
import { utf8 } from '../../base/bytes.ts'
import { sha256 } from '../../base/hash.ts'
import type { Clock, Logger, Random } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { Config } from '../config/config.ts'
import { parseSyslogTarget } from '../mechanisms/syslog-target.ts'
import { AGENT } from '../mechanisms/version.ts'
import { type AuditForwarder, type ForwarderStatus, startAuditForwarder } from './audit-forwarder.ts'
import { type AuditLog, createAuditLog } from './audit-log.ts'
import { AUDIT_ALARM_SHARE, startAuditRetention } from './audit-retention.ts'
import { createKeyUses, type KeyUses } from './key-uses.ts'

export interface AuditOffice {
  readonly log: AuditLog
  readonly keys: KeyUses
  /** Undefined where nothing goes to syslog. */
  readonly syslog: () => ForwarderStatus | undefined
  readonly nearlyFull: () => boolean
  /** Records that the node stops, and sends what is left. */
  stop(): Promise<void>
}

export interface AuditOfficeOptions {
  readonly store: Store
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const MIB = 1024 * 1024

/** The audit log of a running node: written, kept within its limits, and sent away. Its first record is `started`. */
export async function openAuditOffice(options: AuditOfficeOptions): Promise<AuditOffice> {
  const { store, config, clock, logger } = options
  const { syslog, keepDays, mibMax } = config.audit
  const log = createAuditLog(options)
  const settings = sha256(utf8(JSON.stringify(config)))
  await log.record({ kind: 'started', by: 'node', name: `${AGENT}, user ${userName()}`, subject: settings })
  const keys = createKeyUses(log.record, logger)
  const retention = startAuditRetention({ store, audit: log, limits: { keepDays, mibMax }, clock, logger })
  const target = parseSyslogTarget(syslog)
  const source = { hostname: hostname(), pid: process.pid }
  const forwarder: AuditForwarder | undefined = target && startAuditForwarder({ store, target, source, clock, logger })
  return {
    log,
    keys,
    syslog: () => forwarder?.status(),
    nearlyFull: () => store.audit().bytes > AUDIT_ALARM_SHARE * mibMax * MIB,
    async stop() {
      await retention.stop()
      try {
        await keys.stop()
        await log.record({ kind: 'stopped', by: 'node' })
      } catch (error) {
        logger.error({ err: error }, 'it could not be recorded that the node stops')
      }
      await log.settled()
      await forwarder?.stop()
    },
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}
