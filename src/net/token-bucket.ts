export interface Rate {
  /** At once, and at most saved up. */
  readonly burst: number
  readonly perSecond: number
}

/** So much at once, and then so much a second. Pure: the time is passed in. */
export class TokenBucket {
  readonly #rate: Rate
  #left: number
  #atMs: number

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate
    this.#left = rate.burst
    this.#atMs = nowMs
  }

  /** Takes `count`; false, and nothing taken, where less than that is left. */
  take(count: number, nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#rate.perSecond
    this.#left = Math.min(this.#rate.burst, this.#left + earned)
    this.#atMs = nowMs
    if (this.#left < count) return false
    this.#left -= count
    return true
  }
}
