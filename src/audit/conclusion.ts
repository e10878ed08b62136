import { kindOf } from '../base/codes.ts'
import type { ProtocolError } from '../base/errors.ts'
import { type LogIdHex, logIdHex } from '../base/ids.ts'
import { standingOf } from '../chain/standing.ts'
import { tellStory } from '../registry/story.ts'
import { allianceFactsOf } from './alliance-facts.ts'
import type { AuditedLog, AuditedRun } from './audited-run.ts'
import { judgeErasures } from './erasure.ts'
import { logFacts, nationFacts, runFacts } from './facts.ts'
import { type Finding, type FindingBook, logName } from './finding.ts'
import type { Ground } from './ground.ts'
import { judgeBounds } from './judge-bounds.ts'
import { judgeEntries } from './judge-entries.ts'
import { judgeLog } from './judge-log.ts'
import type { AlertPart, HeaderPart } from './part.ts'
import type { AuditCounts, AuditResult } from './result.ts'
import { judgeRotations } from './rotation.ts'

/** All that was read, at its end. */
export interface ReadExport {
  readonly header: HeaderPart | undefined
  readonly ground: Ground | undefined
  readonly documents: number
  readonly runs: readonly AuditedRun[]
  readonly alerts: readonly AlertPart[]
  readonly book: FindingBook
}

/** Judges the logs as wholes and against each other, and gathers what was learnt. */
export function concludeAudit({ header, ground, documents, runs, alerts, book }: ReadExport): AuditResult {
  const logs = ground === undefined ? new Map<LogIdHex, AuditedLog>() : gatherLogs(runs, ground, book)
  if (header !== undefined) judgeFilter(header, book)
  const facts = header !== undefined && ground !== undefined ? judgeAll(logs, header, ground, book) : undefined
  const all = [...logs.values()]
  return {
    verdict: book.verdict,
    findings: book.findings,
    findingsLeftOut: book.leftOut,
    header,
    alliance: ground && allianceFactsOf(ground.documents),
    story: ground === undefined ? [] : tellStory(ground.documents.evidence, ground.documents.state),
    nations: ground === undefined ? [] : nationFacts(ground.documents, all),
    logs: facts ?? runs.map(run => runFacts(run, undefined)),
    alerts,
    counts: countsOf(documents, runs, ground),
  }
}

function judgeAll(logs: ReadonlyMap<LogIdHex, AuditedLog>, header: HeaderPart, ground: Ground, book: FindingBook) {
  const { directory } = ground.documents
  for (const log of logs.values()) {
    judgeEntries(log, header, book)
    judgeLog(log, book)
  }
  judgeBounds(logs, ground.documents, header, book)
  judgeRotations(logs, header, book)
  const erasures = judgeErasures(logs, { header, directory, purges: ground.evidence.purges, book })
  return [...logs.values()].flatMap(log => logFacts(log, ground.registry, erasures))
}

/** In the order of the file, and after them the logs of which it holds evidence alone. */
function gatherLogs(
  runs: readonly AuditedRun[],
  { evidence }: Ground,
  book: FindingBook,
): ReadonlyMap<LogIdHex, AuditedLog> {
  const logs = new Map<LogIdHex, AuditedLog>()
  for (const [logHex, ofLog] of Map.groupBy(runs, run => run.logHex)) {
    const { log } = ofLog[0]!
    const [main, ...doubled] = ofLog.filter(run => !run.part.aside)
    for (const _ of doubled) book.add(doubledLog(ofLog[0]!))
    const asides = ofLog.filter(run => run.part.aside)
    const audited = evidence.of(log)
    logs.set(logHex, {
      log,
      logHex,
      main,
      asides,
      evidence: audited,
      standing: standingOf(log, audited.forStanding(log)),
    })
  }
  for (const audited of evidence.all()) {
    const { log } = audited
    const logHex = logIdHex(log.logId)
    const standing = standingOf(log, audited.forStanding(log))
    if (!logs.has(logHex)) logs.set(logHex, { log, logHex, main: undefined, asides: [], evidence: audited, standing })
  }
  return logs
}

function doubledLog({ log, logHex }: AuditedRun): Finding {
  const sentence = `The file gives two branches of ${logName(logHex, log.nation)} as the one that stands.`
  return { code: 'audit-log-doubled', verdict: 'false', nation: log.nation, log: logHex, seq: 0, sentence }
}

/** What was not asked for, so that nobody takes a part for the whole. */
function judgeFilter({ logs, withBodies }: HeaderPart, { add }: FindingBook): void {
  if (logs.length > 0) {
    const sentence = `Only ${logs.length === 1 ? 'one log was' : `${logs.length} logs were`} asked for.`
    add({ code: 'audit-part-left-out', verdict: 'note', sentence })
  }
  if (!withBodies) {
    const sentence = 'Bodies were not asked for: that they are the ones that were signed is not looked at.'
    add({ code: 'audit-part-left-out', verdict: 'note', sentence })
  }
}

/** Why the file could not be read to its end, and how far it was. */
export function faultFinding(
  { code, message }: ProtocolError,
  reached: { readonly log: LogIdHex; readonly seq: number } | undefined,
): Finding {
  const where =
    reached === undefined ? '' : ` It was read up to entry ${reached.seq} of ${logName(reached.log, undefined)}.`
  const verdict = kindOf(code) === 'absent' ? 'missing' : 'false'
  return { code, verdict, ...reached, sentence: `The file cannot be read to its end: ${message}.${where}` }
}

function countsOf(documents: number, runs: readonly AuditedRun[], ground: Ground | undefined): AuditCounts {
  const sum = (of: (run: AuditedRun) => number) => runs.reduce((total, run) => total + of(run), 0)
  return {
    documents,
    entries: sum(run => run.chain.total),
    signatures: sum(run => run.chain.signatures),
    bodies: sum(run => run.content.facts.bodies),
    ...(ground?.evidence.counts ?? { checkpoints: 0, cosignatures: 0, proofs: 0 }),
  }
}
