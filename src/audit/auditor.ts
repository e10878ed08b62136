import type { VerifySignatureAsync } from '../chain/verify-entry.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import type { AuditPart } from './part.ts'
import type { AuditResult } from './result.ts'

export interface AuditorOptions {
  /** What the auditor was told out of band; undefined: nothing, and the result says so. */
  readonly trust: TrustClaim | undefined
  /** Of entries, each checked behind the reading: on the thread pool, or at once. */
  readonly verify: VerifySignatureAsync
}

/** Verifies the parts of one export as they come, in memory that does not grow with the number of entries. */
export interface Auditor {
  /** Takes the next part, as `readAuditFile` gives them; resolves when there is room for another. */
  add(part: AuditPart): Promise<void>
  /** Ends it. `fault`: why nothing more could be read, from `readAuditFile`. */
  end(fault?: Error): Promise<AuditResult>
  /** Entries looked at so far, and how many the file announces. */
  progress(): { readonly entries: number; readonly total: number }
}

export interface AuditFileOptions extends AuditorOptions {
  readonly onProgress?: (progress: { readonly entries: number; readonly total: number }) => void
}

/** Verifies a whole export, from a file, a store or a browser alike. Throws what `source` throws. */
export type AuditFile = (source: AsyncIterable<Uint8Array>, options: AuditFileOptions) => Promise<AuditResult>
