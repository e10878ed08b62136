import type { NationId } from '../base/ids.ts'
import type { Sight } from './sight.ts'

/** What changed of what shows: an ordered record of it that lasts, and tells whoever reads it nothing but what it sees. */

/** The last change of what shows of an id, as it is now for whoever asks. */
export interface ChangedId<Item> {
  /** Of the change: microseconds since the Unix epoch, strictly rising. It tells nothing of how many others there are. */
  readonly number: number
  readonly nation: NationId
  /** 16 bytes. */
  readonly id: Uint8Array
  /** `gone`: it showed, and does so no more, without its nation having withdrawn it. */
  readonly state: 'shows' | 'withdrawn' | 'gone'
  /** What shows of the id, or would if it was not withdrawn, ascending by kind; none where it is gone, or never was here. */
  readonly items: readonly Item[]
  /** Undefined where whoever asks may not see it, or there is none. */
  readonly withdrawal: Item | undefined
}

/** A change that is the last of an id for some readers, as it was for them. */
export interface MentionedChange<Item> extends ChangedId<Item> {
  /** Encoded audiences of what it told of; undefined: it concerns everybody. */
  readonly told: readonly Uint8Array[] | undefined
  /** What else its nation says under the id, of the kind of the first item: some readers see it in its place. */
  readonly rivals: readonly Item[]
  /** Whether an earlier change of the id is the last for some. */
  isStill(number: number): boolean
}

export interface ChangePage<Change> {
  /** Ascending by number. */
  readonly changes: readonly Change[]
  /** Give it as `after`. */
  readonly next: number
  /** Nothing came after it when this was read. */
  readonly end: boolean
}

export interface ChangeReads<Item> {
  /** No change has this number or a higher one yet. */
  nextChange(): number
  /**
   * Ids by the last change of what shows of them, from the first above `after` on, at most `limit` (capped at
   * CHANGES_PAGE_MAX): after 0 everything that shows comes once. It may be none though it is not the end.
   */
  changes(after: number, limit: number, sight?: Sight): Promise<ChangePage<ChangedId<Item>>>
  /** For whoever keeps account of what each reader is told: the same, but each change that is the last for somebody. */
  mentions(after: number, limit: number): Promise<ChangePage<MentionedChange<Item>>>
  /** Numbers of the last changes, in the order asked; undefined where nothing of an id ever showed. */
  changedAt(ids: readonly Pick<ChangedId<Item>, 'nation' | 'id'>[]): Promise<(number | undefined)[]>
  /** Calls `listener` after each write with a change, until what is returned is called. */
  onChange(listener: () => void): () => void
  /** How many changes are of ids that changed once more. */
  superseded(): number
  /** Forgets changes of ids that changed once more. No `after` becomes wrong by it. */
  compactChanges(signal?: AbortSignal): Promise<void>
}
