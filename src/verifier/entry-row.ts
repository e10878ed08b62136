import { toHex } from '../base/bytes.ts'
import { visibleText } from '../base/visible-text.ts'
import { KIND, parseEnvelope } from '../wire/entry.ts'

/** An entry as the list of a log shows it. */
export type EntryRow =
  | {
      readonly kind: 'entry'
      readonly seq: number
      /** As its author says. */
      readonly timeMs: number
      readonly what: string
      readonly leaf: string
      /** As the header says. */
      readonly bodyBytes: number
      readonly bodyHere: boolean
    }
  /** Its bytes cannot be read. */
  | { readonly kind: 'unreadable'; readonly why: string }

const KIND_NAMES = new Map<number, string>([
  [KIND.GENESIS, 'Genesis'],
  [KIND.BATCH, 'Batch'],
  [KIND.KEY_GRANT, 'Key grant'],
  [KIND.TOMBSTONE, 'Tombstone'],
  [KIND.CLOSE, 'Close'],
  [KIND.COMPLAINT, 'Complaint'],
])

export function buildEntryRow(envelope: Uint8Array): EntryRow {
  try {
    const { header, leaf, body } = parseEnvelope(envelope)
    return {
      kind: 'entry',
      seq: header.seq,
      timeMs: header.timeMs,
      what: KIND_NAMES.get(header.kind) ?? `Kind ${header.kind}`,
      leaf: toHex(leaf),
      bodyBytes: header.bodyLen,
      bodyHere: body.length > 0 || header.bodyLen === 0,
    }
  } catch (error) {
    return { kind: 'unreadable', why: visibleText(error instanceof Error ? error.message : String(error)) }
  }
}
