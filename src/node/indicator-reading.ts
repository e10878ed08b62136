import type { Relation } from '../indicator/relation.ts'
import type { OpinionKind } from '../indicator/remark.ts'
import type { WarningHit } from '../policy/warninglists.ts'

/** What is asked of indicators, and what is answered. Times are milliseconds since the Unix epoch, 0 where unsaid. */
export interface Reading {
  lookup(values: readonly string[]): Promise<readonly LookupResult[]>
  list(query: ListQuery): Promise<IndicatorPage>
  /** By indicator id (hex, a unique prefix of 8 or more), by claim id, or by value. Null where nothing is held. */
  show(idOrValue: string): Promise<IndicatorView | null>
}

export interface IndicatorView {
  readonly id: string
  readonly type: string
  readonly value: string
  readonly nations: readonly string[]
  readonly tlp: string
  readonly confidence: number | null
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly validUntilMs: number
  readonly labels: readonly string[]
  readonly state: IndicatorState
  /** 0 to 100, as of now and by the national policy. */
  readonly score: number
  /** The least number of origins that do not go back to each other, and what they are. */
  readonly origins: number
  readonly corroboration: string
  /** Warninglists that the value is on, what blocks first. */
  readonly warnings: readonly WarningHit[]
  readonly claims: readonly ClaimView[]
  readonly sightings: readonly SightingView[]
  /** The last of each nation. */
  readonly opinions: readonly OpinionView[]
  readonly withdrawn: readonly WithdrawnView[]
  /** How the score comes about, a sentence each; with `show` alone. */
  readonly explanation?: readonly string[]
  /** Claims that the nation does not take; asked for with `show`, by whoever administers. */
  readonly aside?: readonly ClaimView[]
}

/** `disputed`: valid, and a nation says false-positive of it. `expired`, `pending`, `withdrawn`: all claims are. */
export const INDICATOR_STATES = ['active', 'disputed', 'pending', 'expired', 'withdrawn'] as const
export type IndicatorState = (typeof INDICATOR_STATES)[number]

export interface SightingView {
  readonly id: string
  readonly nation: string
  readonly tlp: string
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly source: string
  readonly publishedMs: number
}

export interface OpinionView {
  readonly id: string
  readonly nation: string
  readonly tlp: string
  readonly opinion: OpinionKind
  /** `NATION/ID` of the claim that it is about; empty for the indicator as such. */
  readonly about: string
  readonly comment: string
  readonly publishedMs: number
}

export interface WithdrawnView {
  readonly claim: ClaimView
  /** 0 where whoever reads may not see it, nor why. */
  readonly withdrawnMs: number
  readonly reason: string
  /** Id of the claim that took its place; empty where none did. */
  readonly continuedAs: string
}

/** In the registry in force. */
export type NationStatus = 'ACTIVE' | 'SUSPENDED' | 'EXPELLED'

export interface ClaimView {
  readonly id: string
  readonly nation: string
  /** As of now: what a nation said before it was expelled stays, and is marked. */
  readonly nationStatus: NationStatus
  readonly tlp: string
  readonly pap: string
  readonly exercise: boolean
  readonly confidence: number | null
  /** `LOG/SEQ`, the entry that carries it; empty for the bearer of a token. */
  readonly entry: string
  readonly publishedMs: number
  readonly validFromMs: number
  readonly validUntilMs: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly original: string
  readonly name: string
  readonly description: string
  readonly labels: readonly string[]
  readonly references: readonly {
    readonly sourceName: string
    readonly url: string
    readonly externalId: string
    readonly description: string
  }[]
  readonly source: string
  readonly sourceId: string
  /** Empty where its author does not say. */
  readonly lineage: 'observed' | 'relayed' | ''
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
