import type { Clock } from '../../base/ports.ts'
import type { FeedIntake } from './feed-intake.ts'
import type { FeedLedger } from './feed-ledger.ts'

/** What the reader of each kind of feed works with. */
export interface FeedPollContext {
  readonly ledger: FeedLedger
  readonly intake: FeedIntake
  readonly dryRun: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}
