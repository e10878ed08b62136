import { countOf, listOf } from '../registry/phrase.ts'
import { markdownTable, markdownText as text } from './markdown-text.ts'
import type { AuditReport, ReportedDocument, ReportedFinding, ReportedLog, ReportedNation } from './report.ts'
import type { Answer } from './report-answers.ts'

/** More findings make nothing plainer; the JSON has them all. */
const FINDINGS_SHOWN_MAX = 200

const VERDICTS: Readonly<Record<AuditReport['verdict'], string>> = {
  proved: 'Everything is proved.',
  false: 'Something is false.',
  missing: 'Not everything can be decided: something is missing.',
}

const QUESTIONS: Readonly<Record<Answer['question'], string>> = {
  trust: 'Are these the keys of the alliance that was confirmed?',
  signed: 'Is every entry signed by whom it says, in an unbroken order?',
  'one-story': 'Did everybody tell all others the same?',
  held: 'Who held what, and when?',
  erased: 'What was erased, and by whom?',
  'post-quantum': 'What holds even if Ed25519 is broken one day?',
}

const ANSWERS: Readonly<Record<Answer['answer'], string>> = {
  yes: 'Yes. ',
  no: 'No. ',
  undecided: 'Undecided. ',
  facts: '',
}

const FINDING_VERDICTS: Readonly<Record<ReportedFinding['verdict'], string>> = {
  false: 'false',
  missing: 'missing',
  note: 'note',
}

/** What no verdict says. */
const LIMITS: readonly string[] = [
  '## What this cannot show',
  '',
  '- What sealed entries say, what was withdrawn in them, and whether any of it is true.',
  '- That a log ended here: what its author signed later, and gave to none of those whose files were looked at, is not seen. Exports of several nations, compared with "tocsin audit diff", leave less room for that.',
  '- When an entry was made, other than as its author says; it is no younger than the first receipt for it.',
  '- Who has read what, and what was passed on by other ways.',
  '',
]

/** The report for people to read: the verdicts first, then the grounds. */
export function writeAuditMarkdown(report: AuditReport): string {
  const { alliance } = report
  return [
    `# Audit of ${alliance === null ? 'an alliance' : text(alliance.name)}`,
    '',
    `**${VERDICTS[report.verdict]}**`,
    '',
    ...report.answers.map(
      ({ question, answer, says }, i) => `${i + 1}. *${QUESTIONS[question]}* ${ANSWERS[answer]}${text(says)}`,
    ),
    '',
    ...findingsSection(report),
    ...fileSection(report),
    ...governanceSection(report),
    ...report.nations.flatMap(nation => nationSection(nation, report)),
    ...alertsSection(report),
    ...LIMITS,
  ].join('\n')
}

function findingsSection({ findings, findingsLeftOut }: AuditReport): string[] {
  const shown = findings.slice(0, FINDINGS_SHOWN_MAX)
  const rows = shown.map(({ verdict, nation, says }) => [FINDING_VERDICTS[verdict], nation ?? '', text(says)])
  const more = findings.length - shown.length + findingsLeftOut
  return [
    '## What was found',
    '',
    ...(rows.length === 0 ? ['Nothing that is false, missing or strange.', ''] : []),
    ...markdownTable(['Verdict', 'Nation', 'Finding'], rows),
    ...(more > 0 ? [`${countOf(more, 'finding')} more are in the report as JSON.`, ''] : []),
  ]
}

function fileSection({ export: made, alliance, counts }: AuditReport): string[] {
  const asked = made && [
    made.logs.length === 0 ? 'all logs' : countOf(made.logs.length, 'log'),
    sinceOf(made),
    made.withBodies ? 'with what is sealed' : 'without what is sealed',
  ]
  const amounts = [
    countOf(counts.documents, 'document'),
    countOf(counts.entries, 'entry', 'entries'),
    countOf(counts.checkpoints, 'checkpoint'),
    countOf(counts.cosignatures, 'cosignature'),
    countOf(counts.proofs, 'proof'),
  ]
  return [
    '## What was looked at',
    '',
    ...(made
      ? [`- Exported by ${made.exporter ?? 'nobody named'} on ${moment(made.made)}: ${asked!.join(', ')}.`]
      : []),
    ...(alliance
      ? [
          `- Alliance ${text(alliance.name)}, registry version ${alliance.registryVersion}, fingerprint \`${alliance.fingerprint}\`, valid until ${moment(alliance.expires)}.`,
          `- Alliance id \`${alliance.id}\`.`,
        ]
      : []),
    `- It holds ${listOf(amounts)}.`,
    '',
  ]
}

function sinceOf({ since, sinceSeq }: NonNullable<AuditReport['export']>): string {
  if (since !== null) return `entries since ${moment(since)}`
  return sinceSeq === 0 ? 'from the beginning' : `from entry ${sinceSeq} of each on`
}

/** Who decided what for all: a nation's own documents stand with it. */
function governanceSection({ history }: AuditReport): string[] {
  const registries = history.filter(({ document }) => document === 'registry')
  return registries.length === 0 ? [] : ['## What the governors decided', '', ...registries.flatMap(documentLines)]
}

/** Where nothing is said it is in force, or was. */
const DOCUMENT_STANDING: Readonly<Record<string, string>> = { aside: ' (not in force)', open: ' (not decided)' }

function documentLines({ issued, version, standing, signers, changes }: ReportedDocument): string[] {
  const by = [...new Set(signers.map(({ nation, key }) => `${nation} (${key} key)`))]
  return [
    `**Version ${version}**${DOCUMENT_STANDING[standing] ?? ''}, ${moment(issued)}, signed by ${listOf(by)}:`,
    '',
    ...changes.map(change => `- ${text(change)}`),
    '',
  ]
}

function nationSection(nation: ReportedNation, { history }: AuditReport): string[] {
  const documents = history.filter(step => step.document === 'nation' && step.nation === nation.nation)
  return [
    `## ${nation.nation}${nation.label === '' ? '' : `, ${text(nation.label)}`}`,
    '',
    `${STATUS[nation.status]} ${nation.documentVersion === 0 ? 'No document of it is in force.' : `Version ${nation.documentVersion} of its document is in force.`}`,
    '',
    ...documents.flatMap(documentLines),
    ...nation.logs.flatMap(logSection),
  ]
}

const STATUS: Readonly<Record<ReportedNation['status'], string>> = {
  active: 'A member.',
  suspended: 'A suspended member.',
  expelled: 'Expelled.',
  unknown: 'Not named by the registry in force.',
}

function logSection(log: ReportedLog): string[] {
  const { receipts, erasures } = log
  return [
    `### Log \`${log.log.slice(0, 16)}\`${log.aside ? ', a branch that does not stand' : ''}`,
    '',
    ...logLines(log).map(line => `- ${line}`),
    '',
    ...markdownTable(
      ['Held by', 'Entries', 'Said on'],
      receipts.map(({ nation, size, at }) => [nation, `${size}`, moment(at)]),
    ),
    ...markdownTable(
      ['Erased entry', 'Ordered by entry', 'On', 'Reason', 'Destroyed at'],
      erasures.map(({ seq, at, target, reason, purged }) => [
        `${target.log.slice(0, 16)}/${target.seq}`,
        `${seq}`,
        moment(at),
        reason,
        purged.map(each => `${each.nation} (${moment(each.at)})`).join(', '),
      ]),
    ),
  ]
}

function logLines(log: ReportedLog): string[] {
  const { entries, standing, predecessor, successor, gaps, forks } = log
  const range = log.from === 0 ? countOf(log.size, 'entry', 'entries') : `entries ${log.from} to ${log.size - 1}`
  const times =
    entries.first === null || entries.last === null ? '' : `, dated ${moment(entries.first)} to ${moment(entries.last)}`
  const kinds = Object.entries(entries.byKind).filter(([, count]) => count > 0)
  return [
    `${capital(range)}${times}${kinds.length === 0 ? '' : `: ${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}`}.`,
    `Signed by the key \`${log.signKey}\`, incarnation ${log.incarnation}.`,
    ...(predecessor
      ? [`It carries on log \`${predecessor.log.slice(0, 16)}\` at ${countOf(predecessor.size, 'entry', 'entries')}.`]
      : []),
    ...(log.closed ? [`It is closed${successor ? `, and log \`${successor.slice(0, 16)}\` carries it on` : ''}.`] : []),
    ...(entries.void > 0 ? [`${countOf(entries.void, 'entry is', 'entries are')} on the chain without effect.`] : []),
    ...(entries.bodiesMissing > 0
      ? [
          `The content of ${countOf(entries.bodiesMissing, 'entry', 'entries')} is not in the file; erased: ${entries.bodiesErased}.`,
        ]
      : []),
    ...(gaps.length > 0
      ? [
          `Missing: ${gaps.map(({ seq, count }) => (count === 1 ? `${seq}` : `${seq} to ${seq + count - 1}`)).join(', ')}.`,
        ]
      : []),
    ...(forks.length > 0
      ? [`Its author is proved to have signed two different things from entry ${Math.min(...forks)} on.`]
      : []),
    ...(standing ? standingLines(standing) : []),
  ]
}

function standingLines({
  limit,
  reason,
  checkpointSize,
  quorate,
  postQuantum,
}: NonNullable<ReportedLog['standing']>): string[] {
  return [
    limit === null ? 'All of it stands.' : `It stands below entry ${limit} (${REASONS[reason] ?? text(reason)}).`,
    checkpointSize === 0
      ? 'Its author made no checkpoint.'
      : `Its author’s last checkpoint is of ${countOf(checkpointSize, 'entry', 'entries')}.`,
    quorate
      ? `A quorum of nations held ${quorate.size} of them${quorate.since === null ? '' : ` on ${moment(quorate.since)}`}: nobody can undo that.`
      : 'No quorum of nations has held any of it.',
    postQuantum
      ? `The first ${postQuantum.size} are signed with ML-DSA-44 too, on ${moment(postQuantum.at)}: a later break of Ed25519 cannot rewrite them.`
      : 'None is signed with ML-DSA-44: whoever breaks Ed25519 could rewrite it.',
  ]
}

const REASONS: Readonly<Record<string, string>> = {
  unauthorised: 'no document in force names its key',
  bounded: 'its key or nation was revoked there',
  suspended: 'its nation is suspended',
  conflict: 'its author signed two different things',
  'bad-leaf': 'its author put something into it that is no entry',
}

function alertsSection({ alerts }: AuditReport): string[] {
  if (alerts.length === 0) return []
  const rows = alerts.map(({ at, nation, code, says }) => [moment(at), nation ?? '', text(code), text(says)])
  return [
    '## What the exporter noted',
    '',
    'Nobody signed this.',
    '',
    ...markdownTable(['Date', 'Nation', 'Code', 'Note'], rows),
  ]
}

/** `2026-01-31 10:20:30 UTC`. */
function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

function capital(phrase: string): string {
  return `${phrase.slice(0, 1).toUpperCase()}${phrase.slice(1)}`
}
