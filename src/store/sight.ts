import { EMPTY } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'

/** What of the opened items the nation takes into its view. Must answer the same for the same item. */
export interface Acceptance {
  /** 32 bytes, of the rules; empty where everything is taken. */
  readonly hash: Uint8Array
  /** Withdrawals are not asked about: they count in any case. */
  takes(item: { readonly nation: NationId; readonly item: Uint8Array }): boolean
}

/** What a new store goes by. */
export const ACCEPT_ALL: Acceptance = { hash: EMPTY, takes: () => true }

/** One entry's word for an item, for whoever decides on what is to be seen. */
export interface Mention {
  readonly nation: NationId
  /** Canonical bytes of the `Item` message. */
  readonly item: Uint8Array
  /** The encoded name of the audience; empty: the whole alliance. */
  readonly audience: Uint8Array
}

/**
 * Who looks, and so what there is: with a sight, everything is as if nothing else were held. is applied to
 * what is seen, times and entries are those of mentions that are seen, pages are filled with it, and page marks name
 * nothing but it. That something is withdrawn counts for everybody. Answers read as much as they must.
 */
export interface Sight {
  readonly sees: (mention: Mention) => boolean
  /** What the nation's rules keep out of the view, instead of the view. */
  readonly aside?: boolean
}
