import { toHex } from '../../base/bytes.ts'
import type { Hash } from '../../base/ids.ts'
import { auditKindName } from '../../policy/audit-record.ts'
import type { AuditRecord } from '../../wire/gen/store.ts'

/** Who sends: the fields of an RFC 5424 header that stay the same. */
export interface SyslogSource {
  readonly hostname: string
  readonly pid: number
}

/** Facility 13, "log audit". */
const FACILITY = 13
const SEVERITY = { warning: 4, notice: 5, info: 6 } as const
type Severity = keyof typeof SEVERITY

/** 32473 is the enterprise number that RFC 5612 keeps for documentation: this project has none of its own. */
const SD_ID = 'tocsin@32473'
const WARNINGS = new Set(['refused', 'rejected', 'expired', 'dropped', 'truncated', 'lost'])
const VALUE_LENGTH_MAX = 128

/**
 * A record as it leaves the machine, over lines that others may read: number, hash, kind, who, why and how many. Whom an
 * item is for and which item it is stay here, where the record has them; its salt keeps the hash from telling.
 */
export function auditMessage(record: AuditRecord, hash: Hash, source: SyslogSource): string {
  const kind = auditKindName(record.kind)
  const severity = WARNINGS.has(kind) ? 'warning' : kind === 'read' ? 'info' : 'notice'
  const entry = record.logId.length === 0 ? '' : `${toHex(record.logId)}/${record.seq}`
  const rules = [...new Set(record.runs.map(run => run.rule).filter(rule => rule !== ''))]
  const codes = [...new Set(record.runs.map(run => run.code).filter(code => code !== ''))]
  const fields = {
    number: String(record.number),
    hash: toHex(hash),
    by: record.by,
    rule: record.rule !== '' ? record.rule : rules.join(', '),
    code: record.code !== '' ? record.code : codes.join(', '),
    entry,
    count: record.count === 0 ? '' : String(record.count),
  }
  const said = `${kind} by ${record.by}`
  return message({ severity, timeMs: record.timeMs, msgId: kind.replaceAll(' ', '-'), fields, said }, source)
}

/** The head of the chain: who keeps it can tell later that the log was not written anew. */
export function headMessage(head: { number: number; hash: Hash }, timeMs: number, source: SyslogSource): string {
  const fields = { number: String(head.number), hash: toHex(head.hash) }
  const said = `the audit log has come to record ${head.number}`
  return message({ severity: 'notice', timeMs, msgId: 'audit-head', fields, said }, source)
}

/** Facility 16, "local use 0", severity "notice". */
const CEF_PRIORITY = 16 * 8 + 5

/** A line of CEF, which no message may hold a line end of. */
export function cefMessage(line: string, timeMs: number, { hostname, pid }: SyslogSource): string {
  return `<${CEF_PRIORITY}>1 ${new Date(timeMs).toISOString()} ${hostField(hostname)} tocsin ${pid} export - ${line}`
}

interface Content {
  readonly severity: Severity
  readonly timeMs: number
  readonly msgId: string
  readonly fields: Readonly<Record<string, string>>
  readonly said: string
}

function message({ severity, timeMs, msgId, fields, said }: Content, { hostname, pid }: SyslogSource): string {
  const priority = FACILITY * 8 + SEVERITY[severity]
  const params = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
  const header = `<${priority}>1 ${new Date(timeMs).toISOString()} ${hostField(hostname)} tocsin ${pid} ${msgId}`
  return `${header} [${SD_ID}${params.join('')}] ${plain(said)}`
}

/** PRINTUSASCII of at most 255 characters. */
function hostField(hostname: string): string {
  const printable = hostname.replace(/[^\x21-\x7e]/g, '').slice(0, 255)
  return printable === '' ? '-' : printable
}

function escaped(value: string): string {
  return plain(value).replace(/["\\\]]/g, '\\$&')
}

/** Nothing that ends a message, and nothing without end. */
function plain(text: string): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, VALUE_LENGTH_MAX)
    .toWellFormed()
}
