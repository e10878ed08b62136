import { auditHash, encodeAuditRecord } from '../policy/audit-record.ts'
import { AUDIT_DROP_MAX } from './caps.ts'
import type { Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { damaged, misuse } from './failures.ts'
import { auditKey } from './keys.ts'
import { auditLine } from './meta.ts'
import type { AuditChange } from './store.ts'

/** Gives each decision its place in the chain: there is one writer, and so one order. */
export async function writeAudit(
  change: AuditChange = {},
  draft: Draft,
  db: Pick<Reads, 'getMany'>,
  writes: Writes,
): Promise<void> {
  const { add = [], dropBelow } = change
  const before = draft.audit
  for (const event of add) {
    const { next, hash, bytes } = draft.audit
    const record = encodeAuditRecord(event, next, hash)
    writes.push([auditKey(next), record])
    draft.audit = { ...draft.audit, next: next + 1, hash: auditHash(record), bytes: bytes + record.length }
  }
  if (dropBelow !== undefined) await dropOldest(dropBelow, before.next, draft, db, writes)
  if (draft.audit !== before) writes.push(auditLine(draft.audit))
}

/** Of what was there before this batch, so that the record that says so always stays. */
async function dropOldest(
  below: number,
  heldBefore: number,
  draft: Draft,
  db: Pick<Reads, 'getMany'>,
  writes: Writes,
): Promise<void> {
  const { first, bytes } = draft.audit
  if (below <= first) return
  if (below > heldBefore || below - first > AUDIT_DROP_MAX || draft.audit.next === heldBefore) {
    throw misuse('the audit log is to lose what it must not lose', { below, first })
  }
  const keys = Array.from({ length: below - first }, (_, i) => auditKey(first + i))
  let dropped = 0
  for (const [i, record] of (await db.getMany(keys)).entries()) {
    if (record === undefined) throw damaged(`record ${first + i} of the audit log is missing`)
    dropped += record.length
    writes.push([keys[i]!, undefined])
  }
  draft.audit = { ...draft.audit, first: below, bytes: bytes - dropped }
}
