import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { standingOf } from '../chain/standing.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { type Alert, alertsOfDocuments, alertsOfLogs } from './alert.ts'
import { allianceFactsOf } from './alliance-facts.ts'
import { createDocumentList } from './document-list.ts'
import { readAuditFile } from './file.ts'
import { type AuditVerdict, createFindingBook, type Finding } from './finding.ts'
import { createGround } from './ground.ts'
import type { HeaderPart } from './part.ts'
import type { AllianceFacts } from './result.ts'

/** What a file of evidence proves against whom. */
export interface AlertCheck {
  /** 'proved': everything in it holds, and it shows somebody to have contradicted itself. */
  readonly verdict: AuditVerdict
  readonly alliance: AllianceFacts | undefined
  /** What is proved. */
  readonly alerts: readonly Alert[]
  /** What does not hold, or is missing. */
  readonly findings: readonly Finding[]
}

/** What an audit of a whole history calls false is here what is to be shown. */
const SHOWN: ReadonlySet<ErrorCode> = new Set(['registry-split', 'nation-split'])
const EVIDENCE_MAX = 4096

/** Judges a `tocsin-audit/1` file by its documents and evidence alone. Throws what `source` throws. */
export async function checkAlertFile(source: AsyncIterable<Uint8Array>, claim: TrustClaim): Promise<AlertCheck> {
  const book = createFindingBook()
  const documents = createDocumentList()
  const items: EvidenceItem[] = []
  let header: HeaderPart | undefined
  try {
    for await (const { part } of readAuditFile(source, 'audit')) {
      if (part.kind === 'header') header = part
      if (part.kind === 'document') documents.add(part.signedDoc)
      if (part.kind === 'evidence') items.push(part.item)
      if (items.length > EVIDENCE_MAX) {
        throw new ProtocolError('wire-too-large', 'the file holds more than the evidence of an alert')
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const verdict = error.code === 'audit-file-cut' ? 'missing' : 'false'
    book.add({ code: error.code, verdict, sentence: `The file cannot be read: ${error.message}.` })
    return { verdict: book.verdict, alliance: undefined, alerts: [], findings: book.findings }
  }

  const ground = header && createGround(documents.all, header, claim, book)
  if (ground === undefined) return { verdict: 'missing', alliance: undefined, alerts: [], findings: book.findings }
  for (const item of items) ground.evidence.add(item)
  const { directory } = ground.documents
  const logs = ground.evidence.all().map(({ log, proofs, forStanding }) => ({
    log,
    proofs,
    standing: standingOf(log, forStanding(log)),
  }))
  const alerts = [...alertsOfLogs(logs), ...alertsOfDocuments(directory)]
  const findings = book.findings.filter(({ code }) => !SHOWN.has(code))
  return { verdict: verdictOf(alerts, findings), alliance: allianceFactsOf(ground.documents), alerts, findings }
}

function verdictOf(alerts: readonly Alert[], findings: readonly Finding[]): AuditVerdict {
  if (findings.some(({ verdict }) => verdict === 'false')) return 'false'
  return alerts.length === 0 || findings.some(({ verdict }) => verdict === 'missing') ? 'missing' : 'proved'
}
