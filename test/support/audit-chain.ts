import { expect } from 'vitest'
import { checkAuditChain } from '../../src/policy/audit-chain.ts'
import { AUDIT_KIND, type AuditKind } from '../../src/policy/audit-record.ts'
import { AUDIT_PAGE_MAX } from '../../src/store/caps.ts'
import type { Store } from '../../src/store/store.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { AuditRecord } from '../../src/wire/gen/store.ts'

/** The records of a store, once its chain is found whole up to the head that the store keeps. */
export async function auditRecords(store: Store, kind?: AuditKind): Promise<AuditRecord[]> {
  const head = store.audit()
  const lines = await store.auditRecords(head.first, AUDIT_PAGE_MAX)
  if (lines.length > 0 || head.next > 0) {
    expect(checkAuditChain(lines, { head })).toMatchObject({ kind: 'good' })
  }
  expect(head.bytes).toBe(lines.reduce((sum, { bytes }) => sum + bytes.length, 0))
  const records = lines.map(({ bytes }) => decodeLoose(AuditRecord, bytes, false))
  return kind === undefined ? records : records.filter(record => record.kind === AUDIT_KIND[kind])
}
