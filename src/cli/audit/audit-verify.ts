import { type AuditProgress, auditFile } from '../../audit/auditor.ts'
import type { AuditVerdict, Finding } from '../../audit/finding.ts'
import type { AuditResult, LogFacts } from '../../audit/result.ts'
import { toHex } from '../../base/bytes.ts'
import { visibleJson } from '../../base/visible-text.ts'
import { verifyEd25519Async } from '../../crypto/ed25519-native.ts'
import { parseTrustClaim, type TrustClaim } from '../../registry/trust-claim.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNDECIDED } from '../terminal/exit.ts'
import { printRecord, printRows, type Shape, timeCell } from '../terminal/output.ts'
import { openExport } from './audit-file.ts'
import { openEntriesBar } from './audit-progress.ts'

export interface AuditVerifyFileOptions {
  readonly trust: string
  readonly output: 'table' | 'json'
}

const EXIT_OF: Readonly<Record<AuditVerdict, number>> = { proved: EXIT_OK, false: EXIT_NO, missing: EXIT_UNDECIDED }

const SAYS: Readonly<Record<AuditVerdict, string>> = {
  proved: 'Everything in it is proved.',
  false: 'Something in it is not true.',
  missing: 'It cannot be decided: something is missing.',
}

/** Verifies an export. Uses no home, no daemon and no network. */
export async function verifyExport(context: CliContext, file: string, options: AuditVerifyFileOptions): Promise<void> {
  const trust = parseTrustClaim(options.trust)
  await reportAudit(context, await auditExport(context, await openExport(file), trust), options.output)
}

/** With a bar of how far it has come. */
export async function auditExport(
  context: CliContext,
  source: AsyncIterable<Uint8Array>,
  trust: TrustClaim | undefined,
): Promise<AuditResult> {
  using bar = openEntriesBar(context, 'verifying')
  const onProgress = ({ entries, total }: AuditProgress) => bar.show(entries, total)
  return await auditFile(source, { trust, verify: verifyEd25519Async, onProgress })
}

/** Prints what an audit came to, and sets the exit status: 0 all proved, 1 something is false, 2 something is missing. */
export async function reportAudit(
  context: CliContext,
  result: AuditResult,
  output: AuditVerifyFileOptions['output'],
): Promise<void> {
  if (output === 'json') await context.out.write(`${visibleJson(JSON.stringify(result, plain, 2))}\n`)
  else await printTables(context, result)
  context.say(SAYS[result.verdict])
  context.setExitStatus(EXIT_OF[result.verdict])
}

async function printTables({ out }: CliContext, result: AuditResult): Promise<void> {
  await printRecord(out, 'table', result, SUMMARY)
  if (result.logs.length > 0) await out.write('\n')
  await printRows(out, 'table', result.logs, LOGS)
  if (result.findings.length > 0) await out.write('\n')
  await printRows(out, 'table', result.findings, FINDINGS)
}

/** Bytes as hexadecimal digits. */
function plain(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? toHex(value) : value
}

const SUMMARY: Shape<AuditResult> = {
  columns: [
    { name: 'verdict', cell: ({ verdict }) => verdict },
    { name: 'alliance', cell: ({ alliance }) => alliance?.name ?? null },
    {
      name: 'registry',
      cell: ({ alliance }) => (alliance ? `version ${alliance.registry.version}, ${alliance.fingerprint}` : null),
    },
    { name: 'trusted', cell: ({ alliance }) => (alliance?.trusted ? 'it contains what you confirmed' : 'no') },
    {
      name: 'exported',
      cell: ({ header }) => (header ? `${timeCell(header.madeMs)} by ${header.exporter ?? '-'}` : null),
    },
    { name: 'documents', cell: ({ counts }) => counts.documents },
    { name: 'entries', cell: ({ counts }) => counts.entries },
    { name: 'checkpoints', cell: ({ counts }) => counts.checkpoints },
    { name: 'cosignatures', cell: ({ counts }) => counts.cosignatures },
    { name: 'proofs', cell: ({ counts }) => counts.proofs },
    { name: 'findings', cell: ({ findings, findingsLeftOut }) => findings.length + findingsLeftOut },
  ],
}

const LOGS: Shape<LogFacts> = {
  columns: [
    { name: 'nation', cell: ({ nation }) => nation },
    { name: 'log', cell: ({ log }) => log.slice(0, 16) },
    { name: 'entries', cell: ({ from, size }) => (from === 0 ? size : `${from} to ${size - 1}`) },
    { name: 'stands', cell: standsCell },
    { name: 'quorate', cell: ({ standing }) => standing?.quorate?.size ?? null },
    { name: 'since', cell: ({ standing }) => timeCell(standing?.quorate?.timeMs ?? 0) },
    { name: 'held_by', cell: ({ receipts }) => receipts.map(({ nation, size }) => `${nation}:${size}`).join(' ') },
    { name: 'post_quantum', cell: ({ standing }) => standing?.postQuantum?.size ?? null },
    { name: 'erased', cell: ({ erasures }) => erasures.length },
  ],
}

function standsCell({ standing, aside }: LogFacts): string {
  if (aside || standing === undefined) return aside ? 'aside' : ''
  return standing.limit === undefined ? 'whole' : `below ${standing.limit} (${standing.reason})`
}

const FINDINGS: Shape<Finding> = {
  columns: [
    { name: 'verdict', cell: ({ verdict }) => verdict },
    { name: 'code', cell: ({ code }) => code },
    { name: 'place', cell: placeCell },
    { name: 'says', cell: ({ sentence }) => sentence },
  ],
}

function placeCell({ log, seq, size, nation, version }: Finding): string {
  if (log !== undefined)
    return `${log.slice(0, 16)}${seq === undefined ? (size === undefined ? '' : `@${size}`) : `/${seq}`}`
  const document = version === undefined ? '' : `v${version}`
  return [nation, document].filter(Boolean).join(' ')
}
