import { type AlertBook, alertParts } from './alert-book.ts'
import { type ExportQuery, type ExportSource, openExport } from './audit-export.ts'
import { type ProveQuery, proveEntry } from './audit-prove.ts'

/** What auditors ask of a running node; whoever asks is in its audit log (`audited-service.ts`). */
export interface AuditCommands {
  /** The bytes of an export. Throws UserError `log-unknown` or `log-ambiguous`. */
  exportHistory(query: ExportQuery): Promise<AsyncGenerator<Uint8Array, void>>
  /** The bytes of a proof of one entry. Throws UserError `log-unknown`, `log-ambiguous` or `entry-absent`. */
  proveEntry(query: ProveQuery): Promise<Uint8Array>
}

/** The parts of a node that answer. */
type AuditSources = Omit<ExportSource, 'alerts'> & Parameters<typeof proveEntry>[0] & { readonly alerts: AlertBook }

export function createAuditCommands(node: AuditSources): AuditCommands {
  const source: ExportSource = { ...node, alerts: () => alertParts(node.alerts) }
  return {
    exportHistory: async query => openExport(source, query),
    proveEntry: query => proveEntry(node, query),
  }
}

/** As the audit log names it: never more than what was asked for. */
export function exportName({ logs, withBodies, purpose }: ExportQuery): string {
  const of = logs.length === 0 ? 'all logs' : logs.join(', ').slice(0, NAME_LENGTH_MAX)
  return `${of} for ${purpose}${withBodies ? '' : ', without bodies'}`
}

const NAME_LENGTH_MAX = 400

export function proofName({ log, seq, withBody }: ProveQuery): string {
  return `proof of ${log}/${seq}${withBody ? '' : ', without body'}`
}
