import { AUDIT_LIMIT_MAX } from '../../node/audit/audit-page.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRows } from '../terminal/output.ts'
import { readAudit } from './audit-pages.ts'
import { AUDIT, type AuditView, auditView } from './audit-view.ts'

export interface AuditListOptions {
  readonly since?: number
  readonly kind?: string
  readonly about?: string
  readonly limit: number
  readonly output: OutputFormat
}

/** Reads backwards, a page at a time, until there are enough of them. */
export async function listAudit(context: CliContext, options: AuditListOptions): Promise<void> {
  const client = context.client()
  const { head } = await client.audit({ from: 0, limit: 1, purpose: 'list' })
  const found: AuditView[] = []
  for (let to = head.next; to > head.first && found.length < options.limit; ) {
    const from = Math.max(head.first, to - AUDIT_LIMIT_MAX)
    const views: AuditView[] = []
    for await (const line of (await readAudit(client, from, 'list')).lines) {
      if (line.number >= to) break
      const view = auditView(line)
      if (view !== undefined) views.push(view)
    }
    found.unshift(...views.filter(view => isAskedFor(view, options)))
    // Clocks may have been set back; a whole page before the time asked for is far enough.
    if (options.since !== undefined && views.every(({ timeMs }) => timeMs < options.since!)) break
    to = from
  }
  const shown = found.slice(-options.limit)
  await printRows(context.out, options.output, shown, AUDIT)
  if (found.length > shown.length) context.say(`These are the newest ${shown.length}; --limit gives more.`)
}

function isAskedFor(view: AuditView, { since, kind, about }: AuditListOptions): boolean {
  if (since !== undefined && view.timeMs < since) return false
  if (kind !== undefined && view.kind !== kind) return false
  return about === undefined || textsOf(view).some(text => text.includes(about))
}

function textsOf({ by, name, rule, item, entry, subject, audience, readers, runs }: AuditView): readonly string[] {
  const ofRuns = runs.flatMap(run => [run.by, run.rule, ...run.changedBy, run.approver])
  return [by, name, rule, item, entry, subject, audience, ...readers, ...ofRuns]
}
