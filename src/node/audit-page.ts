import { toBase64, toHex } from '../base/bytes.ts'
import type { Store } from '../store/store.ts'
import { AUDIT_LIMIT_MAX, type AuditPage, type AuditQuery } from './node-service.ts'

/** Bytes as they are kept: whoever asks recomputes the chain from them. */
export async function readAuditPage(
  store: Pick<Store, 'audit' | 'auditRecords'>,
  { from, limit }: AuditQuery,
): Promise<AuditPage> {
  const { first, next, hash } = store.audit()
  const lines = await store.auditRecords(from, Math.min(limit, AUDIT_LIMIT_MAX))
  const records = lines.map(({ number, bytes }) => ({ number, bytes: toBase64(bytes) }))
  return { head: { first, next, hash: toHex(hash) }, records }
}
