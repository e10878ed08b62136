import { toBase64, toHex } from '../../base/bytes.ts'
import type { Store } from '../../store/store.ts'

export interface AuditQuery {
  readonly from: number
  /** At most `AUDIT_LIMIT_MAX`. */
  readonly limit: number
  /** What for: it is itself in the log. */
  readonly purpose: 'list' | 'verify' | 'export'
}

export const AUDIT_LIMIT_MAX = 4096

export interface AuditPage {
  /** How far the log went when this was asked; a record of the question is after it. */
  readonly head: { readonly first: number; readonly next: number; readonly hash: string }
  /** Each as base64 of its bytes, with the number under which it is kept. */
  readonly records: readonly { readonly number: number; readonly bytes: string }[]
}

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
