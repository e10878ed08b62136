import type { AuditVerdict, Finding, FindingVerdict } from '../audit/finding.ts'
import type { AllianceFacts, AuditResult, LogFacts } from '../audit/result.ts'
import { countOf, listOf, momentOf, quoted } from '../registry/phrase.ts'
import { trustWords } from '../registry/trust-string.ts'

/** What stands at the top: the answer, and what it rests on. */
export interface VerdictView {
  readonly verdict: AuditVerdict
  readonly headline: string
  readonly explanation: string
  readonly counts: Readonly<Record<FindingVerdict, number>>
  readonly statements: readonly Statement[]
}

export interface Statement {
  readonly tone: 'good' | 'plain' | 'warn' | 'bad'
  readonly sentence: string
}

const HEADLINES: Readonly<Record<AuditVerdict, string>> = {
  proved: 'Everything in this file is proved.',
  false: 'Something in this file is false.',
  missing: 'This cannot be decided: something is missing.',
}

const EXPLANATIONS: Readonly<Record<AuditVerdict, string>> = {
  proved: 'Every entry is signed by whom it says, in an unbroken order, and nothing here contradicts anything else.',
  false: 'At least one thing does not hold. The findings say what it is, whose, and where it lies.',
  missing: 'Nothing here was found to be false, but what would decide it is not in the file. The findings say what.',
}

export function buildVerdictView(result: AuditResult): VerdictView {
  const { verdict, findings } = result
  return {
    verdict,
    headline: HEADLINES[verdict],
    explanation: EXPLANATIONS[verdict],
    counts: countFindings(findings),
    statements: [...trustStatements(result.alliance), ...coverageStatements(result), ...historyStatements(result)],
  }
}

export function countFindings(findings: readonly Finding[]): Record<FindingVerdict, number> {
  const counts = { false: 0, missing: 0, note: 0 }
  for (const { verdict } of findings) counts[verdict]++
  return counts
}

/** The words are there for comparing them afterwards, too. */
export function trustStatements(alliance: AllianceFacts | undefined): Statement[] {
  if (alliance === undefined) return [{ tone: 'warn', sentence: 'The file names no alliance that could be checked.' }]
  const { name, registry, trusted } = alliance
  const which = `The registry of ${quoted(name)}, version ${registry.version},`
  return [
    trusted
      ? { tone: 'good', sentence: `${which} goes on from the one that you were told of.` }
      : { tone: 'warn', sentence: `${which} is not shown to be the one of your alliance.` },
    { tone: 'plain', sentence: `Its words are: ${trustWords(registry).join(' ')}.` },
  ]
}

function coverageStatements({ header, counts, logs, nations }: AuditResult): Statement[] {
  const authors = nations.filter(nation => nation.logs.length > 0).length
  const statements: Statement[] = [
    {
      tone: 'plain',
      sentence:
        `${countOf(counts.entries, 'entry', 'entries')} in ${countOf(logs.length, 'log')} of ${countOf(authors, 'nation')}, ` +
        `${countOf(counts.signatures, 'signature')} of entries, ${countOf(counts.documents, 'document')}, ` +
        `${countOf(counts.checkpoints, 'checkpoint')} and ${countOf(counts.cosignatures, 'cosignature')} were checked.`,
    },
  ]
  if (header === undefined) return statements
  const from = header.exporter === undefined ? 'The exporter' : `${header.exporter}, who exported it,`
  statements.push({ tone: 'plain', sentence: `${from} says that it was made on ${momentOf(header.madeMs)}.` })
  const limits = [
    ...(header.logs.length > 0 ? [`only ${countOf(header.logs.length, 'log')}`] : []),
    ...(header.sinceMs > 0 ? [`only entries from ${momentOf(header.sinceMs)} on`] : []),
    ...(header.sinceSeq > 0 ? [`only entries from number ${header.sinceSeq} on`] : []),
    ...(header.withBodies ? [] : ['no bodies']),
  ]
  if (limits.length > 0) statements.push({ tone: 'plain', sentence: `It was asked to hold ${listOf(limits)}.` })
  return statements
}

function historyStatements({ logs }: AuditResult): Statement[] {
  const standing = logs.filter(({ aside }) => !aside)
  const total = standing.reduce((sum, { size }) => sum + size, 0)
  const covered = (tree: (log: LogFacts) => number | undefined) =>
    `${standing.reduce((sum, log) => sum + Math.min(log.size, tree(log) ?? 0), 0)} of ${countOf(total, 'entry', 'entries')}`
  const held = covered(log => log.standing?.quorate?.size)
  const lasting = covered(log => log.standing?.postQuantum?.size)
  const statements: Statement[] = [
    { tone: 'plain', sentence: `A quorum of the alliance has signed to hold ${held}.` },
    { tone: 'plain', sentence: `Post-quantum signatures of their authors cover ${lasting}.` },
  ]
  const forks = logs.reduce((sum, log) => sum + (log.standing?.conflicts.length ?? 0), 0)
  const erased = logs.reduce((sum, { erasures }) => sum + erasures.length, 0)
  if (forks > 0)
    statements.push({ tone: 'bad', sentence: `${countOf(forks, 'contradiction')} of an author: it said two things.` })
  if (erased > 0)
    statements.push({ tone: 'plain', sentence: `${countOf(erased, 'erasure')} by the nation that had published it.` })
  return statements
}
