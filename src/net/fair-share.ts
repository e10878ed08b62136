import { type Rate, TokenBucket } from './token-bucket.ts'

/** How much of the time this process worked since it was asked last, from 0 to 1. */
type Utilisation = () => number

interface FairShareRules {
  readonly windowMs: number
  /** Utilisation from which there is no time for everything. */
  readonly busyFrom: number
  /** What a neighbour that takes more than half is held to while others wait. */
  readonly held: Rate
}

const FAIR_SHARE: FairShareRules = { windowMs: 500, busyFrom: 0.9, held: { burst: 1_000, perSecond: 500 } }

/** Neighbours that pass on so little do not count as waiting. */
const WAITING_MIN = 1

/**
 * Fair queueing among neighbours, where one brings more messages than there is time for: as long as others bring some
 * too, whoever brings more than half of all is held to a rate. What is passed over then is not judged, so that it counts
 * for nothing, and comes from another neighbour or by sync. Pure but for what it is given.
 */
export class FairShare<Neighbour extends object> {
  readonly #rules: FairShareRules
  readonly #utilisation: Utilisation
  #startMs: number
  #counts = new Map<Neighbour, number>()
  #held: Neighbour | null = null
  #bucket: TokenBucket | null = null

  constructor(utilisation: Utilisation, nowMs: number, rules: FairShareRules = FAIR_SHARE) {
    this.#utilisation = utilisation
    this.#startMs = nowMs
    this.#rules = rules
  }

  /** Whether there is time for so many messages of this neighbour. */
  take(neighbour: Neighbour, messages: number, nowMs: number): boolean {
    if (nowMs - this.#startMs >= this.#rules.windowMs) this.#turn(nowMs)
    this.#counts.set(neighbour, (this.#counts.get(neighbour) ?? 0) + messages)
    if (neighbour !== this.#held || this.#bucket === null) return true
    return this.#bucket.take(messages, nowMs)
  }

  #turn(nowMs: number): void {
    const held = this.#utilisation() >= this.#rules.busyFrom ? this.#greedy(nowMs - this.#startMs) : null
    if (held !== this.#held) this.#bucket = held === null ? null : new TokenBucket(this.#rules.held, nowMs)
    this.#held = held
    this.#counts = new Map()
    this.#startMs = nowMs
  }

  #greedy(elapsedMs: number): Neighbour | null {
    const all = [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
    for (const [neighbour, count] of this.#counts) {
      const isFast = count > (this.#rules.held.perSecond * elapsedMs) / 1000
      if (isFast && count > all / 2 && all - count >= WAITING_MIN) return neighbour
    }
    return null
  }
}
