import type { NationId } from '../base/ids.ts'
import type { Relation } from '../indicator/relation.ts'

/** What is asked of the view, and the form of what is answered. */

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it as `after` for the next page; absent after the last. */
  readonly next?: string
}

/** What has to do with a value without being it, the nearest first. */
export interface Related<Indicator> {
  readonly indicators: readonly { readonly relation: Exclude<Relation, 'exact'>; readonly indicator: Indicator }[]
  /** There are others. */
  readonly more: boolean
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
