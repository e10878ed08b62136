import type { ErrorCode } from '../../base/codes.ts'
import type { ImportCounts, Remark } from './import-tally.ts'

/** What operators ask of the feeds. */
export interface FeedCommands {
  /** In the order of the configuration. */
  feeds(): readonly FeedView[]
  /**
   * Polls it now, and resolves when that is done. Throws UserError `feed-unknown`, or `feed-polling` while it is being
   * polled; what goes wrong with the poll itself stands in the report.
   */
  pollFeed(name: string, dryRun: boolean): Promise<FeedReport>
  /** What waited may come in with the next poll, which begins at once. Throws UserError `feed-unknown`. */
  releaseFeed(name: string): Promise<void>
}

/** Of one poll, in its file. */
export const REFUSED_KEPT_MAX = 10_000

export interface FeedReport extends ImportCounts {
  readonly startedMs: number
  readonly seconds: number
  readonly dryRun: boolean
  /** Claims of ours that their source has taken back or changed. */
  readonly withdrawn: number
  /** What was refused, by code; there are no more of them than codes. */
  readonly refusals: readonly Remark[]
  /** The file with the first REFUSED_KEPT_MAX of what was refused; empty where there is none. */
  readonly deadLetter: string
  readonly fault: FeedFault | null
}

export interface FeedFault {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
}

/** `held`: it goes on with `feed release`. `failing`: the last poll failed. */
export type FeedState = 'waiting' | 'polling' | 'failing' | 'held'

/** How far a feed has come. */
export interface FeedProgress {
  /** Of what the source has given and stands, as we have published it. */
  readonly entries: number
  /** In a row. */
  readonly failures: number
  /** 0: since never. */
  readonly failingSinceMs: number
  readonly succeededMs: number
  readonly nextMs: number
  readonly last: FeedReport | null
}

export interface FeedView extends FeedProgress {
  readonly name: string
  readonly kind: 'taxii' | 'misp' | 'folder'
  /** URL or path. */
  readonly from: string
  readonly everySeconds: number
  readonly dryRun: boolean
  readonly state: FeedState
  /** Since the node started. */
  readonly totals: FeedTotals
}

export interface FeedTotals {
  readonly polls: number
  readonly failures: number
  readonly new: number
  readonly duplicate: number
  readonly refused: number
  readonly withdrawn: number
}
