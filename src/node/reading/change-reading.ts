import type { IndicatorView } from './indicator-reading.ts'

/** What changes in what shows, in its order and as it is for whoever reads. */
export interface ChangeReading {
  /** The place in the order from which what is yet to come is told. */
  changesNow(): Promise<string>
  /** At least once, in order, a page at a time. Throws UserError `stream-cursor`. */
  changes(query: ChangeQuery): Promise<ChangeEvents>
  /** Calls `listener` when there may be more, until what is returned is called. */
  onChange(listener: () => void): () => void
}

/**
 * `indicator`, `sighting`, `opinion`: something is said, or is said differently. `withdrawn`: by its nation. `gone`: it
 * shows no more, though its nation did not withdraw it.
 */
export const CHANGE_EVENTS = ['indicator', 'sighting', 'opinion', 'withdrawn', 'gone'] as const
export type ChangeKind = (typeof CHANGE_EVENTS)[number]

export interface ChangeFilter {
  /** All where left out. */
  readonly events?: readonly ChangeKind[]
  /** Types of indicators. What is gone has none any more, and is told in any case. */
  readonly types?: readonly string[]
  /** Nations that say it. */
  readonly nations?: readonly string[]
  /** Of what is said, 0 to 100; what is withdrawn or gone is told in any case. */
  readonly scoreMin?: number
}

export interface ChangeQuery extends ChangeFilter {
  /** `cursor` of the last event, or what `changesNow` says; '0': from the beginning, so that all that shows is told. */
  readonly after: string
  readonly limit: number
}

export const CHANGES_LIMIT_MAX = 256

export interface ChangeEvents {
  readonly events: readonly ChangeEvent[]
  /** Give it as `after`. */
  readonly next: string
  /** Nothing came after it when this was read. */
  readonly end: boolean
}

export interface ChangeEvent {
  readonly cursor: string
  readonly event: ChangeKind
  /** When it came about here, milliseconds since the Unix epoch. */
  readonly changedMs: number
  /** Whose item it is, and its id in hex. */
  readonly nation: string
  readonly id: string
  /** Of the indicator that it is about; '' where that is not known any more. */
  readonly type: string
  readonly value: string
  /** Of a withdrawal; '' where there is none, or whoever reads may not see it. */
  readonly reason: string
  /** The indicator as it is now, all claims merged; null where nothing is left of it. */
  readonly indicator: IndicatorView | null
}
