import type { Node } from './daemon.ts'
import type { Problem } from './node-service.ts'

/** What keeps a node from its work, or soon will: for the operator, with what to do about it. */
export function findProblems(node: Node): Problem[] {
  return [
    ...storeProblems(node),
    ...signingProblems(node),
    ...policyProblems(node),
    ...clockProblems(node),
    ...auditProblems(node),
  ]
}

function storeProblems({ store }: Node): Problem[] {
  if (store.state !== 'failed') return []
  return [
    {
      code: 'store-failed',
      message: 'a write to the store failed; nothing new is accepted',
      fix: 'Make room on the disk or mend it; the node tries again by itself.',
    },
  ]
}

function signingProblems(node: Node): Problem[] {
  const hindrance = node.hindrance()
  if (!hindrance?.code.startsWith('signing-')) return []
  return [{ code: hindrance.code, message: hindrance.message, fix: hindrance.fix ?? '' }]
}

function policyProblems({ release }: Node): Problem[] {
  const hindrance = release.desk.hindrance()
  return hindrance === undefined ? [] : [{ code: hindrance.code, message: hindrance.message, fix: hindrance.fix ?? '' }]
}

function clockProblems({ sync, book }: Node): Problem[] {
  const skew = sync.clockSkewMs()
  if (skew === undefined || Math.abs(skew) <= book.directory().policy.skewSeconds * 1000) return []
  return [
    {
      code: 'clock-skew',
      message: `this clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} most peers`,
      fix: 'Set the clock by NTP.',
    },
  ]
}

/** Shorter silences of a syslog receiver are made good by themselves. */
const SYSLOG_DOWN_MS = 60_000

function auditProblems({ audit, config, clock }: Node): Problem[] {
  const problems: Problem[] = []
  const { downSinceMs, error, behind } = audit.syslog() ?? {}
  if (downSinceMs !== undefined && clock.now() - downSinceMs >= SYSLOG_DOWN_MS) {
    problems.push({
      code: 'audit-syslog-down',
      message: `${behind} records of the audit log wait for ${config.audit.syslog}: ${error}`,
      fix: 'Look at the receiver and the way to it; what it has missed is sent when it is back.',
    })
  }
  if (audit.nearlyFull()) {
    problems.push({
      code: 'audit-nearly-full',
      message: `the audit log has come near to the ${config.audit.mibMax} MiB that it may have`,
      fix: 'Export it with "tocsin audit node export -O FILE", or raise audit.mibMax: else its oldest records are removed.',
    })
  }
  const lost = audit.log.lost()
  if (lost > 0) {
    problems.push({
      code: 'audit-reads-lost',
      message: `${lost} reads could not be recorded in the audit log`,
      fix: 'Look at the disk; the log says how many there were as soon as it can be written.',
    })
  }
  return problems
}
