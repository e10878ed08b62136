/** A record of the database. */
export type Row = readonly [key: Uint8Array, value: Uint8Array]

/** What keeps a store in order, while it is in use. */
export interface Upkeep {
  /**
   * Reads every record of one moment, while others are written: its form, the chains of the entries and of the audit log,
   * and whether what is derived from others is what they give. Signatures are not checked. Throws the signal's reason.
   */
  check(signal?: AbortSignal): Promise<StoreCheck>
  /**
   * Every record of primary data, of one moment, in the order of its key: what a backup holds. What is derived, and what
   * is about to be signed, is left out.
   */
  primaryRows(): AsyncGenerator<readonly Row[]>
  /** On disk; undefined where it is in memory. */
  size(): Promise<StoreSize | undefined>
}

export interface StoreSize {
  /** Of all its files. */
  readonly bytes: number
  /** Room left on the disk that it is on. */
  readonly freeBytes: number
}

/** What there is of a store. */
export interface StoreHoldings {
  readonly records: number
  readonly logs: number
  readonly entries: number
  readonly items: number
  readonly documents: number
  readonly evidence: number
  /** Records of the audit log. */
  readonly audit: number
}

/** What `Upkeep.check` finds. */
export interface StoreCheck extends StoreHoldings {
  /** Records of primary data that are not whole, or not there. */
  readonly lost: number
  /** What can be computed anew, and is not what it must be. */
  readonly derived: number
  /** The first of both. */
  readonly faults: readonly StoreFault[]
  /** Whether the view is what computing it anew gives; 'stale': it is about to be computed anew. */
  readonly view: 'same' | 'different' | 'stale' | 'unknown'
}

/** Something in a store that is not as it must be. */
export interface StoreFault {
  /** 'lost': primary data that is not there or not whole; 'derived': what can be computed anew from the rest. */
  readonly harm: 'lost' | 'derived'
  /** What kind of record, such as `entry` or `item`. */
  readonly record: string
  readonly sentence: string
}
