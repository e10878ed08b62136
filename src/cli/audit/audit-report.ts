import { resolve } from 'node:path'
import type { AuditVerdict } from '../../audit/finding.ts'
import { type AuditReport, buildAuditReport } from '../../audit/report.ts'
import { writeAuditMarkdown } from '../../audit/report-markdown.ts'
import type { AuditResult } from '../../audit/result.ts'
import { visibleJson } from '../../base/visible-text.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { parseTrustClaim, type TrustClaim } from '../../registry/trust-claim.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNDECIDED } from '../terminal/exit.ts'
import { openExport } from './audit-file.ts'
import { auditOwnStore } from './audit-own.ts'
import { auditExport } from './audit-verify.ts'

export interface AuditReportOptions {
  readonly trust?: string
  readonly output: 'markdown' | 'json'
  readonly outputFile?: string
  readonly force?: boolean
}

const EXIT_OF: Readonly<Record<AuditVerdict, number>> = { proved: EXIT_OK, false: EXIT_NO, missing: EXIT_UNDECIDED }

const WRITE: Readonly<Record<AuditReportOptions['output'], (report: AuditReport) => string>> = {
  markdown: writeAuditMarkdown,
  json: report => `${visibleJson(JSON.stringify(report, null, 2))}\n`,
}

/** Verifies an export, or what this node holds, and writes a report of it. */
export async function reportHistory(
  context: CliContext,
  file: string | undefined,
  options: AuditReportOptions,
): Promise<void> {
  const trust = options.trust === undefined ? undefined : parseTrustClaim(options.trust)
  const replace = options.force === true
  const target = options.outputFile && resolve(options.outputFile)
  if (target && !replace) await assertAbsent(target)
  const result = await auditSource(context, file, trust)
  const text = WRITE[options.output](buildAuditReport(result))
  if (target) {
    await writeWhole(target, text, { replace })
    context.say(`The report is in ${options.outputFile}.`)
  } else {
    await context.out.write(text)
  }
  context.setExitStatus(EXIT_OF[result.verdict])
}

async function auditSource(
  context: CliContext,
  file: string | undefined,
  trust: TrustClaim | undefined,
): Promise<AuditResult> {
  if (file === undefined) return auditOwnStore(context, trust)
  return auditExport(context, await openExport(file), trust)
}
