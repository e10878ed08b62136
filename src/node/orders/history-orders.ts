export interface HistoryRequest {
  readonly nation: string
  /** Undefined: what went to the whole alliance. */
  readonly group: string | undefined
  /** Epochs opened from then on. */
  readonly sinceMs: number
}

export interface HistoryResult {
  /** `LOG/SEQ` of each grant. */
  readonly entries: readonly string[]
  /** Epochs that were not granted, by the reason. */
  readonly left: {
    readonly 'reads-already': number
    readonly 'other-audience': number
    readonly before: number
    readonly ceiling: number
    readonly guard: number
  }
}
