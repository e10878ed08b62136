import { fromHex, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseHash } from '../../base/ids.ts'
import { type AuditHead, type AuditLine, type AuditVerdict, createAuditCheck } from '../../policy/audit-chain.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNREACHABLE } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape } from '../terminal/output.ts'
import { openExport } from './audit-export-file.ts'
import { readAudit } from './audit-pages.ts'

export interface AuditVerifyOptions {
  readonly from?: number
  readonly head?: readonly string[]
  readonly output: OutputFormat
}

interface Source {
  /** Of the first record that is to be there. */
  readonly from: number
  readonly head: AuditHead
  readonly lines: AsyncIterable<AuditLine>
}

interface Report {
  readonly result: AuditVerdict['kind']
  readonly records: number
  /** Numbers of the oldest and the newest record looked at. */
  readonly first: number
  readonly last: number
  readonly hash: string
  /** The first record that does not fit; null where none is. */
  readonly brokenAt: number | null
  readonly reason: string
}

const REPORT: Shape<Report> = {
  columns: [
    { name: 'result', cell: report => report.result },
    { name: 'records', cell: report => report.records },
    { name: 'first', cell: report => report.first },
    { name: 'last', cell: report => report.last },
    { name: 'hash', cell: report => report.hash },
    { name: 'broken_at', cell: report => report.brokenAt },
    { name: 'reason', cell: report => report.reason },
  ],
}

const EXIT_OF = { good: EXIT_OK, broken: EXIT_NO, undecided: EXIT_UNREACHABLE } as const

export async function verifyAudit(
  context: CliContext,
  file: string | undefined,
  options: AuditVerifyOptions,
): Promise<void> {
  const source = file === undefined ? await fromNode(context, options.from) : await openExport(file)
  const report = await checkSource(source, options)
  await printRecord(context.out, options.output, report, REPORT)
  context.setExitStatus(EXIT_OF[report.result])
}

async function fromNode(context: CliContext, from: number | undefined): Promise<Source> {
  const run = await readAudit(context.client(), from, 'verify')
  return { ...run, from: from ?? run.head.first }
}

async function checkSource({ from: begin, head, lines }: Source, options: AuditVerifyOptions): Promise<Report> {
  const from = Math.max(begin, options.from ?? 0)
  const noted = (options.head ?? []).map(text => parseHash(fromHex(text)))
  const check = createAuditCheck({ head, noted, partial: from > head.first })
  let first: number | undefined
  let records = 0
  let broken: { readonly at: number; readonly reason: string } | undefined
  try {
    for await (const line of lines) {
      if (line.number < from) continue
      first ??= line.number
      if (first > from) broken = { at: from, reason: `record ${from} is missing` }
      if (broken !== undefined || !check.add(line)) break
      records++
    }
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'audit-export-malformed')) throw error
    broken = { at: from + records, reason: error.message }
  }
  const verdict: AuditVerdict = broken === undefined ? check.end() : { kind: 'broken', ...broken }
  return reportOf(verdict, first ?? from, records)
}

function reportOf(verdict: AuditVerdict, first: number, records: number): Report {
  return {
    result: verdict.kind,
    records,
    first,
    last: Math.max(first, first + records - 1),
    hash: verdict.kind === 'good' ? toHex(verdict.head.hash) : '',
    brokenAt: verdict.kind === 'broken' ? verdict.at : null,
    reason: verdict.kind === 'good' ? '' : verdict.reason,
  }
}
