/** What is asked of indicators, and what is answered. Times are milliseconds since the Unix epoch, 0 where unsaid. */
export interface Reading {
  lookup(values: readonly string[]): Promise<readonly LookupResult[]>
  list(query: ListQuery): Promise<IndicatorPage>
  /** By indicator id (hex, a unique prefix of 8 or more) or by value. Null where nothing is held. */
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
  readonly claims: readonly ClaimView[]
  /** Claims that the nation does not take; asked for with `show`, by whoever administers. */
  readonly aside?: readonly ClaimView[]
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
  readonly conflict: boolean
  /** Why the nation does not take it; absent where it does. */
  readonly standing?: string
}

export interface LookupResult {
  readonly query: string
  /** 'found', 'absent', or 'invalid' where the text is no value of any type. */
  readonly result: 'found' | 'absent' | 'invalid'
  readonly reason: string
  readonly indicators: readonly IndicatorView[]
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
  /** Instead of the view, what the acceptance policy has put into quarantine. */
  readonly quarantined?: boolean
}

export const LIST_LIMIT_MAX = 1000

export interface IndicatorPage {
  readonly indicators: readonly IndicatorView[]
  /** Absent on the last page. */
  readonly next?: string
}
