import type { ErasureReason } from '../chain/entry-content.ts'
import type { EntryPosition } from '../store/store.ts'
import type { Node } from './daemon.ts'
import { type EntryView, entryView } from './entry-view.ts'
import { findLog } from './log-name.ts'
import { placeName } from './purging.ts'

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

export function createEntryCommands(node: Node): EntryCommands {
  function placeOf({ log, seq }: EntryQuery): EntryPosition {
    const { logId } = findLog(
      [...node.store.logs()].map(({ head }) => head),
      log,
    )
    return { logId, seq }
  }

  return {
    showEntry: async query => entryView(node, placeOf(query)),
    async eraseEntry({ reason, now, ...query }) {
      const target = placeOf(query)
      const tombstone = await node.erasure.erase(target, reason, BY)
      if (now) await node.purging.purge(target, BY)
      return { tombstone: placeName(tombstone), destroyed: now }
    },
    purgeEntry: async query => node.purging.purge(placeOf(query), BY),
  }
}

/** The user of the machine. */
const BY = 'local'
