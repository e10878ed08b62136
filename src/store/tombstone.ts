import type { LogId } from '../base/ids.ts'

interface Place {
  readonly logId: LogId
  readonly seq: number
}

/** A TOMBSTONE and what it names, which need not be here yet. */
export interface StoredTombstone {
  readonly target: Place
  /** The TOMBSTONE itself, of a log that is held. */
  readonly by: Place
  readonly reason: number
  /** Since when it stands here, in milliseconds that this node ran in all; undefined: it does not, or nobody has looked. */
  readonly sinceRanMs: number | undefined
  /** When what it names was destroyed here; 0: it was not. */
  readonly purgedMs: number
}

/** `stands`: below the limit of its log, and of the nation whose log it names. */
export interface Tombstone extends StoredTombstone {
  readonly stands: boolean
}
