import type { ExportedClaim, ExportedIndicator, ExportedWithdrawal } from '../../formats/exported.ts'
import type { Relation } from '../../indicator/relation.ts'
import type { WarningHit } from '../../policy/warninglists.ts'

/** What is asked of indicators, and what is answered. Times are milliseconds since the Unix epoch, 0 where unsaid. */
export interface Reading {
  lookup(values: readonly string[]): Promise<readonly LookupResult[]>
  list(query: ListQuery): Promise<IndicatorPage>
  /** By indicator id (hex, a unique prefix of 8 or more), by claim id, or by value. Null where nothing is held. */
  show(idOrValue: string): Promise<IndicatorView | null>
}

export interface IndicatorView extends ExportedIndicator {
  readonly state: IndicatorState
  /** What origins there are, and how they go back to each other. */
  readonly corroboration: string
  /** Warninglists that the value is on, what blocks first. */
  readonly warnings: readonly WarningHit[]
  readonly claims: readonly ClaimView[]
  readonly withdrawn: readonly WithdrawnView[]
  /** How the score comes about, a sentence each; with `show` alone. */
  readonly explanation?: readonly string[]
  /** Claims that the nation does not take; asked for with `show`, by whoever administers. */
  readonly aside?: readonly ClaimView[]
}

/** `disputed`: valid, and a nation says false-positive of it. `expired`, `pending`, `withdrawn`: all claims are. */
export const INDICATOR_STATES = ['active', 'disputed', 'pending', 'expired', 'withdrawn'] as const
export type IndicatorState = (typeof INDICATOR_STATES)[number]

export interface WithdrawnView extends ExportedWithdrawal {
  readonly claim: ClaimView
  /** Id of the claim that took its place; empty where none did. */
  readonly continuedAs: string
}

/** In the registry in force. */
export type NationStatus = 'ACTIVE' | 'SUSPENDED' | 'EXPELLED'

export interface ClaimView extends ExportedClaim {
  /** As of now: what a nation said before it was expelled stays, and is marked. */
  readonly nationStatus: NationStatus
  /** `LOG/SEQ`, the entry that carries it; empty for the bearer of a token. */
  readonly entry: string
  readonly original: string
  readonly conflict: boolean
  /** Why the nation does not take it; absent where it does. */
  readonly standing?: string
}

export interface LookupResult {
  readonly query: string
  /** 'related': not it, but something that has to do with it; 'invalid': the text is no value of any type. */
  readonly result: 'found' | 'related' | 'absent' | 'invalid'
  readonly reason: string
  readonly indicators: readonly IndicatorView[]
  /** Found by what they have to do with the value, the nearest first. */
  readonly related: readonly RelatedView[]
  /** There are more of them than a look-up tells. */
  readonly moreRelated: boolean
}

/** Claims and remarks that a look-up gives of what it tells of beside the value; `show` gives all. */
export const RELATED_CLAIMS_MAX = 4

export interface RelatedView {
  readonly relation: Exclude<Relation, 'exact'>
  /** With the first RELATED_CLAIMS_MAX of its claims and remarks of each kind. */
  readonly indicator: IndicatorView
}

export interface ListQuery {
  readonly type?: string
  readonly nation?: string
  readonly sinceMs?: number
  readonly untilMs?: number
  /** At most `LIST_LIMIT_MAX`. */
  readonly limit: number
  /** Opaque, from the page before. */
  readonly cursor?: string
  readonly scoreMin?: number
  /** One of these; `withdrawn` goes with no other, and with no times. */
  readonly states?: readonly IndicatorState[]
  /** Only what is on a warninglist. */
  readonly warned?: boolean
  /** Instead of the view, what the acceptance policy has put into quarantine. */
  readonly quarantined?: boolean
}

export const LIST_LIMIT_MAX = 1000

export interface IndicatorPage {
  readonly indicators: readonly IndicatorView[]
  /** Absent on the last page. */
  readonly next?: string
}
