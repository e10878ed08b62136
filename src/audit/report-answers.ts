import type { ErrorCode } from '../base/codes.ts'
import { countOf } from '../registry/phrase.ts'
import type { Finding } from './finding.ts'
import type { AuditResult, LogFacts } from './result.ts'

/** A question that an auditor has to answer, and what the file shows. */
export interface Answer {
  readonly question: 'trust' | 'signed' | 'one-story' | 'held' | 'erased' | 'post-quantum'
  /** `yes` is good in each of them; `undecided`: something is missing; `facts`: it is no matter of yes and no. */
  readonly answer: 'yes' | 'no' | 'undecided' | 'facts'
  /** For people: plain sentences that stand alone. */
  readonly says: string
}

/** That somebody said two different things. */
const TWO_STORIES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'audit-fork',
  'audit-position-doubled',
  'audit-checkpoint-differs',
  'audit-witness-contradicts',
  'audit-quorum-contradicts',
  'registry-split',
  'nation-split',
])

const TRUST: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['trust-unconfirmed', 'registry-fingerprint-mismatch'])

export function answersOf(result: AuditResult): Answer[] {
  return [trust(result), signed(result), oneStory(result), held(result), erased(result), postQuantum(result)]
}

function trust({ alliance, findings }: AuditResult): Answer {
  const question = 'trust'
  if (alliance?.trusted === true) {
    const says = `The keys lead to the registry that was confirmed out of band: ${alliance.fingerprint}, version ${alliance.registry.version} in force.`
    return { question, answer: 'yes', says }
  }
  const reasons = findings.filter(({ code, verdict }) => verdict !== 'note' && TRUST.has(code))
  const isFalse = reasons.some(({ verdict }) => verdict === 'false')
  const says = reasons[0]?.sentence ?? 'The file does not hold a registry that could be held against anything.'
  return { question, answer: isFalse ? 'no' : 'undecided', says }
}

/** Is every entry signed by whom it says, in an unbroken order? */
function signed({ findings, counts, logs }: AuditResult): Answer {
  const question = 'signed'
  const bearing = findings.filter(({ code }) => !TWO_STORIES.has(code) && !TRUST.has(code))
  const amount = `${countOf(counts.entries, 'entry', 'entries')} of ${countOf(logCount(logs), 'log')}`
  const faults = bearing.filter(({ verdict }) => verdict === 'false')
  if (faults.length > 0) {
    return { question, answer: 'no', says: `The file holds ${amount}, and not all of it is true. ${first(faults)}` }
  }
  const missing = bearing.filter(({ verdict }) => verdict === 'missing')
  if (missing.length > 0) {
    return { question, answer: 'undecided', says: `Not all of ${amount} can be judged. ${first(missing)}` }
  }
  if (counts.entries === 0) return { question, answer: 'facts', says: 'There is no entry in the file.' }
  const says = `Every entry is signed by whom it says, and stands in an unbroken order: ${amount}, ${countOf(counts.signatures, 'signature')} verified.`
  return { question, answer: 'yes', says }
}

/** Did any nation say two different things to two others? */
function oneStory({ findings, alliance }: AuditResult): Answer {
  const question = 'one-story'
  const told = findings.filter(({ code }) => TWO_STORIES.has(code))
  if (told.length > 0) return { question, answer: 'no', says: `Somebody said two different things. ${first(told)}` }
  if (alliance === undefined) return { question, answer: 'undecided', says: 'Nothing in the file can be judged.' }
  return { question, answer: 'yes', says: 'Nobody is shown to have said two different things.' }
}

/** Who held what, when? */
function held({ logs }: AuditResult): Answer {
  const standing = logs.filter(({ aside }) => !aside)
  const witnessed = standing.filter(log => log.standing?.quorate !== undefined)
  const entries = witnessed.reduce((sum, log) => sum + (log.standing?.quorate?.size ?? 0), 0)
  const says =
    witnessed.length === 0
      ? 'No log is witnessed by a quorum of nations.'
      : `A quorum of nations held ${countOf(entries, 'entry', 'entries')} of ${countOf(witnessed.length, 'log')}, out of ${standing.length}; for each log it is said below who held how much of it, and since when.`
  return { question: 'held', answer: 'facts', says }
}

function erased({ logs }: AuditResult): Answer {
  const erasures = logs.reduce((sum, log) => sum + log.erasures.length, 0)
  const says =
    erasures === 0
      ? 'Nothing was erased.'
      : `${countOf(erasures, 'entry was', 'entries were')} erased, each by its author’s nation, as is said below with who destroyed it.`
  const sealed = 'What was withdrawn is sealed and cannot be seen in the file.'
  return { question: 'erased', answer: 'facts', says: `${says} ${sealed}` }
}

/** Up to where does it hold against whoever breaks Ed25519 one day? */
function postQuantum({ logs }: AuditResult): Answer {
  const standing = logs.filter(({ aside, size }) => !aside && size > 0)
  const covered = standing.reduce((sum, log) => sum + Math.min(log.size, log.standing?.postQuantum?.size ?? 0), 0)
  const all = standing.reduce((sum, log) => sum + log.size, 0)
  const says =
    covered === 0
      ? `None of ${countOf(all, 'entry', 'entries')} is signed with ML-DSA-44: whoever breaks Ed25519 could rewrite them.`
      : `A later break of Ed25519 could not rewrite ${covered} of ${countOf(all, 'entry', 'entries')}, which their authors signed with ML-DSA-44 too.`
  return { question: 'post-quantum', answer: 'facts', says }
}

function logCount(logs: readonly LogFacts[]): number {
  return new Set(logs.map(({ log }) => log)).size
}

function first(findings: readonly Finding[]): string {
  const [one, ...others] = findings
  const more = others.length === 0 ? '' : ` (and ${countOf(others.length, 'finding')} more, below)`
  return `${one?.sentence ?? ''}${more}`
}
