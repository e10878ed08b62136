import type { Hash } from '../base/ids.ts'
import type { CompactRange } from '../merkle/compact-range.ts'
import type { LogIdentity } from './genesis.ts'

/** A log as far as it is held: all that the next entry is checked against. */
export interface LogHead extends LogIdentity {
  /** Number of entries; the last one's seq is one less. Never 0. */
  readonly size: number
  /** Leaf of the last entry: the `prev` of the next. */
  readonly leaf: Hash
  /** A CLOSE stands; nothing follows it. */
  readonly closed: boolean
  /** The highest of all entries: below it an entry's content is void. */
  readonly registryVersion: number
  /** The latest of all entries, milliseconds since the epoch. */
  readonly timeMs: number
  readonly tree: CompactRange
}
