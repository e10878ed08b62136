import { toHex } from '../../base/bytes.ts'
import type { AuditLine } from '../../policy/audit-chain.ts'
import { auditHash, auditKindName } from '../../policy/audit-record.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { AuditRecord, type AuditRun } from '../../wire/gen/store.ts'
import { type Shape, timeCell } from '../terminal/output.ts'

/** A record as people read it. */
export interface AuditView {
  readonly number: number
  readonly timeMs: number
  readonly kind: string
  readonly by: string
  readonly name: string
  readonly rule: string
  readonly code: string
  readonly audience: string
  readonly readers: readonly string[]
  readonly item: string
  /** `LOG/SEQ`. */
  readonly entry: string
  readonly subject: string
  readonly count: number
  readonly index: number
  readonly runs: readonly {
    readonly count: number
    readonly by: string
    readonly rule: string
    readonly changedBy: readonly string[]
    readonly approver: string
    readonly code: string
  }[]
  readonly hash: string
}

/** Undefined where the bytes are no record. */
export function auditView({ bytes }: AuditLine): AuditView | undefined {
  const record = decoded(bytes)
  if (record === undefined) return undefined
  const { number, timeMs, by, name, rule, code, audience, readers, count, index } = record
  return {
    ...{ number, timeMs, kind: auditKindName(record.kind), by, name, rule, code, audience, readers },
    item: toHex(record.item),
    entry: record.logId.length === 0 ? '' : `${toHex(record.logId)}/${record.seq}`,
    subject: toHex(record.subject),
    ...{ count, index, runs: record.runs.map(runView) },
    hash: toHex(auditHash(bytes)),
  }
}

function runView({ approver, ...run }: AuditRun): AuditView['runs'][number] {
  return { ...run, approver: toHex(approver) }
}

function decoded(bytes: Uint8Array): AuditRecord | undefined {
  try {
    return decodeLoose(AuditRecord, bytes, true)
  } catch {
    return undefined
  }
}

const SHORT = 12

export const AUDIT: Shape<AuditView> = {
  columns: [
    { name: 'number', cell: view => view.number },
    { name: 'time', cell: view => timeCell(view.timeMs) },
    { name: 'kind', cell: view => view.kind },
    { name: 'by', cell: view => view.by },
    { name: 'count', cell: view => (view.count === 0 ? '' : view.count) },
    { name: 'about', cell: aboutOf },
    { name: 'why', cell: whyOf },
    { name: 'readers', cell: view => [view.audience, view.readers.join(' ')].filter(text => text !== '').join(': ') },
  ],
}

function aboutOf({ name, item, entry, subject }: AuditView): string {
  const [log = '', seq = ''] = entry.split('/')
  const place = entry === '' ? '' : `entry ${log.slice(0, SHORT)}/${seq}`
  const parts = [name, item && `item ${item.slice(0, SHORT)}`, place, subject && `id ${subject.slice(0, SHORT)}`]
  return parts.filter(part => part !== '').join(', ')
}

function whyOf({ rule, code, runs }: AuditView): string {
  const ofRuns = runs.map(run => {
    const changed = run.changedBy.length === 0 ? '' : ` changed by ${run.changedBy.join(' and ')}`
    const approved = run.approver === '' ? '' : ` approved by key ${run.approver.slice(0, SHORT)}`
    return `${run.count} × ${[run.rule, run.code].filter(text => text !== '').join(' ') || 'no rule'}${changed}${approved}`
  })
  return [rule, code, ...ofRuns].filter(text => text !== '').join('; ')
}
