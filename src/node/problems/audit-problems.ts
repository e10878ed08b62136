import type { Clock } from '../../base/ports.ts'
import type { AuditOffice } from '../audit/audit-office.ts'
import type { Config } from '../config/config.ts'
import type { Problem } from '../orders/node-service.ts'

export interface AuditProblemSources {
  readonly audit: AuditOffice
  readonly config: Config
  readonly clock: Clock
}

/** Shorter silences of a syslog receiver are made good by themselves. */
const SYSLOG_DOWN_MS = 60_000

/** What the audit log and its receiver lack. */
export function auditProblems({ audit, config, clock }: AuditProblemSources): Problem[] {
  const problems: Problem[] = []
  const { downSinceMs, error, behind } = audit.syslog() ?? {}
  if (downSinceMs !== undefined && clock.now() - downSinceMs >= SYSLOG_DOWN_MS) {
    problems.push({
      grade: 'alarm',
      code: 'audit-syslog-down',
      occasion: '',
      message: `${behind} records of the audit log wait for ${config.audit.syslog}: ${error}`,
      fix: 'Look at the receiver and the way to it; what it has missed is sent when it is back.',
    })
  }
  if (audit.nearlyFull()) {
    problems.push({
      grade: 'alarm',
      code: 'audit-nearly-full',
      occasion: '',
      message: `the audit log has come near to the ${config.audit.mibMax} MiB that it may have`,
      fix: 'Export it with "tocsin audit node export -O FILE", or raise audit.mibMax: else its oldest records are removed.',
    })
  }
  const lost = audit.log.lost()
  if (lost > 0) {
    problems.push({
      grade: 'alarm',
      code: 'audit-reads-lost',
      occasion: '',
      message: `${lost} reads could not be recorded in the audit log`,
      fix: 'Look at the disk; the log says how many there were as soon as it can be written.',
    })
  }
  return problems
}
