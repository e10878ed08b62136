import type { AuditVerdict } from '../audit/finding.ts'
import type { ProofResult, ProvenEntry } from '../audit/proof-result.ts'
import { countOf, listOf, momentOf, shortId } from '../registry/phrase.ts'
import { countFindings, type Statement, trustStatements, type VerdictView } from './verdict-view.ts'

/** The proof of one entry, for the screen. */
export interface ProofView {
  readonly verdict: VerdictView
  readonly facts: readonly (readonly [name: string, value: string])[]
}

const HEADLINES: Readonly<Record<AuditVerdict, string>> = {
  proved: 'This entry is proved.',
  false: 'This proof is false.',
  missing: 'This cannot be decided: something is missing.',
}

const EXPLANATIONS: Readonly<Record<AuditVerdict, string>> = {
  proved: 'It was signed by whom it says, stands in the log, and a quorum of the alliance has held it.',
  false: 'At least one thing does not hold. Believe nothing of it before you know why.',
  missing: 'Nothing here was found to be false, but what would decide it is not in the file.',
}

export function buildProofView({ verdict, findings, alliance, entry }: ProofResult): ProofView {
  return {
    verdict: {
      verdict,
      headline: HEADLINES[verdict],
      explanation: EXPLANATIONS[verdict],
      counts: countFindings(findings),
      statements: [...trustStatements(alliance), ...(entry === undefined ? [] : entryStatements(entry))],
    },
    facts: entry === undefined ? [] : factsOf(entry),
  }
}

function entryStatements({ nation, log, seq, timeMs, receipts, purges }: ProvenEntry): Statement[] {
  const { held, waiting, needed, quorate } = receipts
  const by = held.length === 0 ? 'nobody but its author' : listOf(held.map(({ nation }) => nation))
  const quorum = needed === undefined ? '' : `; a quorum is ${countOf(needed, 'nation')}`
  const statements: Statement[] = [
    {
      tone: 'plain',
      sentence: `Entry ${seq} of log ${shortId(log)} is signed by ${nation}, which says that it was made on ${momentOf(timeMs)}.`,
    },
    { tone: quorate ? 'good' : 'warn', sentence: `It is held by ${by}${quorum}.` },
  ]
  if (waiting.length > 0)
    statements.push({ tone: 'plain', sentence: `Nothing here shows that ${listOf(waiting)} held it.` })
  if (purges.length > 0) {
    const purged = listOf(purges.map(({ nation }) => nation))
    statements.push({ tone: 'plain', sentence: `${purged} destroyed what they had of its body.` })
  }
  return statements
}

function factsOf(entry: ProvenEntry): (readonly [string, string])[] {
  const { key, postQuantum, treeSizes, bodyBytes, bodyHere } = entry
  return [
    ['Log', entry.log],
    ['Entry', String(entry.seq)],
    ['Nation', entry.nation],
    ['Kind', entry.kind],
    ['Signing key', key.signPk],
    ['Key named by', `document ${key.documentVersion} of ${entry.nation}, issued ${momentOf(key.documentIssuedMs)}`],
    ['Body', `${bodyBytes} bytes, ${bodyHere ? 'here' : 'not here'}`],
    ['Hash of the body', entry.bodyHash],
    ['Shown in trees of', treeSizes.length === 0 ? 'none' : listOf(treeSizes.map(String))],
    ...entry.receipts.held.map(({ nation, sinceMs }) => [`Held by ${nation}`, `since ${momentOf(sinceMs)}`] as const),
    [
      'Post-quantum',
      postQuantum === undefined
        ? 'no signature over it'
        : `signed over ${postQuantum.size} entries on ${momentOf(postQuantum.timeMs)}`,
    ],
  ]
}
