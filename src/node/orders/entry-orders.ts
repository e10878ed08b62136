import type { ErasureReason } from '../../chain/entry-content.ts'
import type { EntryView } from './entry-view.ts'

/** An entry by the id of its log in hex, whole or its first digits. */
export interface EntryQuery {
  readonly log: string
  readonly seq: number
}

export interface ErasureRequest extends EntryQuery {
  readonly reason: ErasureReason
  /** Destroys it here at once, too. */
  readonly now: boolean
}

export interface ErasureResult {
  /** `LOG/SEQ` of the TOMBSTONE. */
  readonly tombstone: string
  readonly destroyed: boolean
}

/** What operators ask of single entries. Throws UserError `log-unknown`, `log-ambiguous` or `entry-absent`. */
export interface EntryCommands {
  /** What the entry is, who holds it, and what became of it. */
  showEntry(query: EntryQuery): Promise<EntryView>
  /** Erases an entry of the own nation for all. Throws UserError `erasure-*` or why nothing can be signed. */
  eraseEntry(request: ErasureRequest): Promise<ErasureResult>
  /** Destroys here what its nation has erased. Throws UserError `erasure-absent`. */
  purgeEntry(query: EntryQuery): Promise<void>
}
