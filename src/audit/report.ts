import { logIdHex } from '../base/ids.ts'
import { isoTime } from '../registry/phrase.ts'
import type { AuditVerdict, Finding, FindingVerdict } from './finding.ts'
import { type Answer, answersOf } from './report-answers.ts'
import type { AuditResult, EntryFacts, LogFacts, NationFacts } from './result.ts'

/**
 * What an audit came to, as it is handed on. The form is stable: fields may be added, none is renamed or given another
 * meaning while `format` stays. Times are ISO 8601 in UTC, hashes and keys hex; null is what is not known or not there.
 */
export interface AuditReport {
  readonly format: 'tocsin-audit-report/1'
  readonly verdict: AuditVerdict
  /** The questions of an auditor, in this order. */
  readonly answers: readonly Answer[]
  /** What was asked of whoever made the export; null where the file does not say. */
  readonly export: ReportedExport | null
  readonly alliance: ReportedAlliance | null
  readonly counts: AuditResult['counts']
  /** The gravest first. */
  readonly findings: readonly ReportedFinding[]
  /** Findings that are not listed, since they are too many. */
  readonly findingsLeftOut: number
  /** Every document of the registry and of the nations, in the order of cause: who changed what, and who signed it. */
  readonly history: readonly ReportedDocument[]
  readonly nations: readonly ReportedNation[]
  /** Unsigned: what whoever made the export noted. */
  readonly alerts: readonly ReportedAlert[]
}

interface ReportedExport {
  readonly exporter: string | null
  readonly made: string
  /** These logs alone; empty: all. */
  readonly logs: readonly string[]
  readonly since: string | null
  /** Or from this entry of each log on. */
  readonly sinceSeq: number
  readonly withBodies: boolean
}

interface ReportedAlliance {
  readonly id: string
  readonly name: string
  readonly registryVersion: number
  readonly fingerprint: string
  readonly expires: string
  /** It contains what the auditor was told out of band. */
  readonly trusted: boolean
}

export interface ReportedFinding {
  readonly verdict: FindingVerdict
  readonly code: string
  readonly nation: string | null
  readonly log: string | null
  readonly seq: number | null
  readonly count: number | null
  readonly size: number | null
  readonly version: number | null
  readonly says: string
}

export interface ReportedDocument {
  readonly document: 'registry' | 'nation'
  readonly nation: string | null
  readonly version: number
  readonly issued: string
  readonly standing: string
  readonly signers: readonly { readonly nation: string; readonly key: string; readonly keyId: string }[]
  readonly changes: readonly string[]
  /** Nations to which it makes a difference. */
  readonly concerns: readonly string[]
}

export interface ReportedNation {
  readonly nation: string
  readonly label: string
  readonly status: NationFacts['status']
  readonly documentVersion: number
  readonly logs: readonly ReportedLog[]
}

export interface ReportedLog {
  readonly log: string
  readonly signKey: string
  readonly incarnation: number
  readonly predecessor: { readonly log: string; readonly size: number } | null
  readonly successor: string | null
  readonly closed: boolean
  /** A branch that does not stand. */
  readonly aside: boolean
  readonly from: number
  readonly size: number
  readonly root: string | null
  readonly entries: Omit<EntryFacts, 'firstMs' | 'lastMs'> & {
    readonly first: string | null
    readonly last: string | null
  }
  /** Entries that are missing. */
  readonly gaps: readonly { readonly seq: number; readonly count: number }[]
  /** Seqs at which the author is proved to have signed two different things. */
  readonly forks: readonly number[]
  readonly standing: ReportedStanding | null
  /** Who held how much of it, and since when. */
  readonly receipts: readonly { readonly nation: string; readonly size: number; readonly at: string }[]
  readonly erasures: readonly ReportedErasure[]
}

interface ReportedStanding {
  /** Entries below it stand; null: all. */
  readonly limit: number | null
  readonly reason: string
  readonly checkpointSize: number
  /** What a quorum of nations has witnessed. */
  readonly quorate: { readonly size: number; readonly since: string | null } | null
  /** What a later break of Ed25519 cannot rewrite. */
  readonly postQuantum: { readonly size: number; readonly at: string } | null
}

interface ReportedErasure {
  readonly seq: number
  readonly at: string
  readonly target: { readonly log: string; readonly seq: number }
  readonly reason: string
  /** Who says to have destroyed it. */
  readonly purged: readonly { readonly nation: string; readonly at: string }[]
}

interface ReportedAlert {
  readonly at: string
  readonly code: string
  readonly nation: string | null
  readonly log: string | null
  readonly seq: number | null
  readonly says: string
}

export function buildAuditReport(result: AuditResult): AuditReport {
  const { header, alliance } = result
  return {
    format: 'tocsin-audit-report/1',
    verdict: result.verdict,
    answers: answersOf(result),
    export: header
      ? {
          exporter: header.exporter ?? null,
          made: isoTime(header.madeMs),
          logs: header.logs.map(logIdHex),
          since: header.sinceMs === 0 ? null : isoTime(header.sinceMs),
          sinceSeq: header.sinceSeq,
          withBodies: header.withBodies,
        }
      : null,
    alliance: alliance
      ? {
          id: alliance.allianceIdHex,
          name: alliance.name,
          registryVersion: alliance.registry.version,
          fingerprint: alliance.fingerprint,
          expires: isoTime(alliance.expiresMs),
          trusted: alliance.trusted,
        }
      : null,
    counts: result.counts,
    findings: result.findings.map(reportedFinding),
    findingsLeftOut: result.findingsLeftOut,
    history: result.story.map(reportedDocument),
    nations: result.nations.map(nation => reportedNation(nation, result)),
    alerts: result.alerts.map(({ timeMs, code, message, nation, place }) => ({
      at: isoTime(timeMs),
      code,
      nation: nation ?? null,
      log: place ? logIdHex(place.logId) : null,
      seq: place?.seq ?? null,
      says: message,
    })),
  }
}

function reportedFinding(finding: Finding): ReportedFinding {
  const { verdict, code, nation, log, seq, count, size, version, sentence } = finding
  return {
    verdict,
    code,
    nation: nation ?? null,
    log: log ?? null,
    seq: seq ?? null,
    count: count ?? null,
    size: size ?? null,
    version: version ?? null,
    says: sentence,
  }
}

function reportedDocument(step: AuditResult['story'][number]): ReportedDocument {
  const { document, nation, version, issuedMs, standing, signers, changes, concerns } = step
  return {
    document,
    nation: nation === '' ? null : nation,
    version,
    issued: isoTime(issuedMs),
    standing,
    signers: signers.map(({ nation, key, keyId }) => ({ nation, key, keyId })),
    changes,
    concerns,
  }
}

function reportedNation({ nation, label, status, documentVersion }: NationFacts, result: AuditResult): ReportedNation {
  const logs = result.logs.filter(log => log.nation === nation).map(log => reportedLog(log, result.findings))
  return { nation, label, status, documentVersion, logs }
}

function reportedLog(facts: LogFacts, findings: readonly Finding[]): ReportedLog {
  const { firstMs, lastMs, ...counts } = facts.entries
  const { predecessor, standing } = facts
  const ofLog = findings.filter(({ log }) => log === facts.log)
  const gaps = ofLog.flatMap(({ code, seq, count = 1 }) =>
    code === 'audit-entry-missing' && seq !== undefined && !facts.aside ? [{ seq, count }] : [],
  )
  return {
    log: facts.log,
    signKey: facts.signPk,
    incarnation: facts.incarnation,
    predecessor: predecessor ? { log: logIdHex(predecessor.logId), size: predecessor.size } : null,
    successor: facts.successor ?? null,
    closed: facts.closed,
    aside: facts.aside,
    from: facts.from,
    size: facts.size,
    root: facts.root ?? null,
    entries: { ...counts, first: timeOf(firstMs), last: timeOf(lastMs) },
    gaps,
    forks: standing?.conflicts ?? [],
    standing: standing ? reportedStanding(standing) : null,
    receipts: facts.receipts.map(({ nation, size, timeMs }) => ({ nation, size, at: isoTime(timeMs) })),
    erasures: facts.erasures.map(({ seq, timeMs, target, reason, purged }) => ({
      seq,
      at: isoTime(timeMs),
      target,
      reason: REASONS[reason - 1] ?? 'other',
      purged: purged.map(({ nation, timeMs }) => ({ nation, at: isoTime(timeMs) })),
    })),
  }
}

/** Of a TOMBSTONE, from 1 on. */
const REASONS = ['error', 'legal', 'personal-data', 'classified', 'other'] as const

function reportedStanding(standing: NonNullable<LogFacts['standing']>): ReportedStanding {
  const { limit, reason, checkpointSize, quorate, postQuantum } = standing
  return {
    limit: limit ?? null,
    reason,
    checkpointSize,
    quorate: quorate ? { size: quorate.size, since: timeOf(quorate.timeMs) } : null,
    postQuantum: postQuantum ? { size: postQuantum.size, at: isoTime(postQuantum.timeMs) } : null,
  }
}

function timeOf(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : isoTime(timeMs)
}
