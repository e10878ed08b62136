import { KIND } from '../wire/entry.ts'
import type { EntryKind } from './result.ts'

const NAMES: Readonly<Record<number, EntryKind>> = {
  [KIND.GENESIS]: 'genesis',
  [KIND.BATCH]: 'batch',
  [KIND.KEY_GRANT]: 'key-grant',
  [KIND.TOMBSTONE]: 'tombstone',
  [KIND.CLOSE]: 'close',
  [KIND.COMPLAINT]: 'complaint',
}

/** `kind` of a header, as reports name it. */
export function entryKindOf(kind: number): EntryKind {
  return NAMES[kind] ?? 'other'
}
