import type { NationId } from '../base/ids.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import type { DigestedClaim } from '../indicator/view-digest.ts'
import type { Sight } from './sight.ts'
import type { ItemId, StoredIndicator, StoredItem } from './store.ts'

/** What is asked of the view. */

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it as `after` for the next page; absent after the last. */
  readonly next?: string
}

export interface IndicatorFilter {
  readonly type?: string
  /** Only indicators with a claim of this nation. */
  readonly nation?: NationId
  /** Instead, those of which every claim is withdrawn. */
  readonly withdrawn?: boolean
  /** `next` of the page before. */
  readonly after?: string
  /** At most LIST_PAGE_MAX. */
  readonly limit: number
}

export interface ItemFilter {
  /** Item.type of the protocol; all when left out. */
  readonly kind?: number
  readonly type?: string
  readonly nation?: NationId
  /** Inclusive. */
  readonly sinceMs?: number
  readonly after?: string
  readonly limit: number
}

export interface ViewReads {
  lookup(type: string, value: string): Promise<StoredIndicator | undefined>
  /** Answers in the order asked; at most LOOKUPS_MAX at once. */
  lookupMany(subjects: readonly TypedValue[], sight?: Sight): Promise<(StoredIndicator | undefined)[]>
  /** The same, and what is left of indicators whose claims are all withdrawn. */
  recall(subjects: readonly TypedValue[], sight?: Sight): Promise<(StoredIndicator | undefined)[]>
  /** What shows under one id: a claim, and perhaps its withdrawal. */
  itemsOfId(id: ItemId): Promise<StoredItem[]>
  /** Ascending by type and value. */
  listIndicators(filter: IndicatorFilter, sight?: Sight): Promise<Page<StoredIndicator>>
  /** What indicators are about whose id begins so, in lower-case hex, whoever may see them. Reads all keys of the view. */
  subjectsById(prefix: string): AsyncIterable<TypedValue>
  /** By time when `sinceMs` is given or no nation, else by nation and id. */
  listItems(filter: ItemFilter, sight?: Sight): Promise<Page<StoredItem>>
  /** SHA-256 over all view records in key order; equal on nodes that hold the same. Hex. */
  viewDigest(): Promise<string>
  /** The claims that show, ascending by type, value, nation and id: what `createViewDigest` is made from. */
  shownClaims(): AsyncIterable<DigestedClaim>
  /** Every view record, for comparison byte by byte. */
  dumpView(): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
}
