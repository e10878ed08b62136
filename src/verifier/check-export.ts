import { createAuditor } from '../audit/auditor.ts'
import { type PlacedPart, readAuditFile } from '../audit/file.ts'
import type { AuditResult } from '../audit/result.ts'
import { ProtocolError } from '../base/errors.ts'
import type { VerifySignatureAsync } from '../chain/verify-entry.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import { decodeLoose } from '../wire/codec.ts'
import { EntryHeader, Envelope } from '../wire/gen/tocsin.ts'
import { createEntryIndex, type EntryIndex } from './entry-index.ts'

export interface ExportCheck {
  readonly source: AsyncIterable<Uint8Array>
  readonly trust: TrustClaim | undefined
  readonly verify: VerifySignatureAsync
  readonly onProgress: (progress: { readonly bytes: number; readonly entries: number }) => void
}

/** Audits an export, and notes on the way where its entries stand, so that they can be looked at afterwards. */
export async function checkExport(check: ExportCheck): Promise<{ result: AuditResult; index: EntryIndex }> {
  const auditor = createAuditor(check)
  const index = createEntryIndex()
  let fault: ProtocolError | undefined
  try {
    for await (const { part, offset } of readAuditFile(check.source, 'audit')) {
      if (part.kind === 'entries') noteEntries(index, part, offset)
      await auditor.add(part)
      check.onProgress({ bytes: offset, entries: auditor.progress().entries })
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    fault = error
  }
  return { result: await auditor.end(fault), index }
}

type EntriesPart = Extract<PlacedPart['part'], { readonly kind: 'entries' }>

function noteEntries(index: EntryIndex, { run, envelopes }: EntriesPart, offset: number): void {
  index.add(run, offset, envelopes.length, envelopes.flatMap(headOf))
}

/** The auditor reads the entries for what they prove; this is for finding them again. */
function headOf(envelope: Uint8Array): { seq: number; timeMs: number }[] {
  try {
    const { header } = decodeLoose(Envelope, envelope, true)
    const { seq, timeMs } = decodeLoose(EntryHeader, header, true)
    return [{ seq, timeMs }]
  } catch {
    return []
  }
}
