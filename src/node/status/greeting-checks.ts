import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Fault } from '../../base/errors.ts'
import type { Directory } from '../../registry/directory.ts'
import type { Hello } from '../../wire/gen/tocsin.ts'
import { type DiagnosisCheck, type DiagnosisSubject, failed, passed, skipped } from '../orders/diagnosis-check.ts'
import type { Greeting } from './peer-greeting.ts'

export const GREETING_CHECKS = ['protocol', 'alliance', 'registry', 'clock'] as const

/** What a peer's greeting says against our own: the first two must agree, or the others have no meaning. Pure. */
export function checkGreeting(
  subject: DiagnosisSubject,
  { hello, skewMs }: Greeting,
  own: Hello,
  directory: Directory,
): readonly DiagnosisCheck[] {
  const checks: DiagnosisCheck[] = []
  const verdicts = [checkProtocol, checkAlliance].map(check => check(hello, own))
  for (const [i, found] of verdicts.entries()) {
    const name = GREETING_CHECKS[i]!
    checks.push(verdict(subject, name, found))
    if (typeof found !== 'string')
      return [...checks, ...skipped(subject, GREETING_CHECKS.slice(i + 1), `${name} differs`)]
  }
  checks.push(verdict(subject, 'registry', checkRegistry(hello, directory)))
  checks.push(verdict(subject, 'clock', checkClock(skewMs, directory.policy.skewSeconds)))
  return checks
}

function verdict(subject: DiagnosisSubject, name: string, found: string | Fault): DiagnosisCheck {
  return typeof found === 'string' ? passed(subject, name, found) : failed(subject, name, found)
}

function checkProtocol({ protocol, agent }: Hello, own: Hello): string | Fault {
  if (protocol === own.protocol) return `version ${protocol}, ${agent}`
  const older = protocol < own.protocol ? 'that node' : 'this node'
  return {
    code: 'sync-protocol-version',
    message: `it speaks version ${protocol} of the protocol (${agent}), this node ${own.protocol} (${own.agent})`,
    fix: `Update the software of ${older}.`,
  }
}

function checkAlliance({ allianceId }: Hello, own: Hello): string | Fault {
  if (equalBytes(allianceId, own.allianceId)) return `${toHex(allianceId).slice(0, 16)} on both sides`
  return {
    code: 'sync-alliance-differs',
    message: `it belongs to the alliance ${toHex(allianceId).slice(0, 16)}…, this node to ${toHex(own.allianceId).slice(0, 16)}…`,
    fix: 'Compare the trust strings by another way: one of the two nodes was set up for another alliance.',
  }
}

/** unsigned, so a hint; the next sync makes both equal where it can. */
function checkRegistry({ registryVersion, registryHash }: Hello, { registry, chain }: Directory): string | Fault {
  const [theirs, ours] = [`version ${registryVersion}`, `version ${registry.version}`]
  const hash = toHex(registryHash)
  if (registryVersion === registry.version && hash === registry.hash) return `${ours} on both sides`
  if (registryVersion > registry.version) {
    return {
      code: 'registry-older',
      message: `ours is older: ${ours} here, ${theirs} (${hash.slice(0, 16)}…) there`,
      fix: 'It comes with the next sync. If it stays so, apply a file with the newest documents: tocsin alliance apply FILE',
    }
  }
  if (chain[registryVersion - 1]?.hash === hash) {
    return {
      code: 'registry-older',
      message: `theirs is older: ${theirs} there, ${ours} here`,
      fix: 'It comes to them with their next sync. If it stays so, send them an invite: tocsin alliance invite NATION',
    }
  }
  return {
    code: 'registry-differs',
    message: `theirs is another: ${theirs} (${hash.slice(0, 16)}…) there, ${ours} (${registry.hash.slice(0, 16)}…) here`,
    fix: 'Compare the trust strings with the governors: two lines of the registry are about ("tocsin alliance resolve").',
  }
}

function checkClock(skewMs: number, skewSeconds: number): string | Fault {
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  if (Math.abs(skewMs) <= skewSeconds * 1000) return `${seconds} s apart, ${skewSeconds} allowed`
  return {
    code: 'clock-skew',
    message: `its clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} ours, ${skewSeconds} are allowed`,
    fix: 'Set both clocks by NTP; "own clock" above tells whether it is ours.',
  }
}
