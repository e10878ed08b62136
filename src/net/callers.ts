import type { NetCounters } from './counters.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

/** Inbound connections before anybody is known: all that is bounded is by address, and in all. */
export interface CallerLimits {
  /** Unfinished handshakes, in all and of one address. */
  readonly handshakesMax: number
  readonly handshakesMaxPerAddress: number
  /** Calls of one address. */
  readonly calls: Rate
  /** Addresses that are remembered. */
  readonly addressesMax: number
}

export const CALLER_LIMITS: CallerLimits = {
  handshakesMax: 256,
  handshakesMaxPerAddress: 16,
  calls: { burst: 40, perSecond: 20 },
  addressesMax: 4_096,
}

/** A connection that has not shown its key yet. */
export interface Calling {
  readonly address: string
  /** Closes it. */
  end(reason: string): void
}

/** From whom most calls were turned away of late. */
export interface WorstCaller {
  readonly address: string
  readonly turnedAway: number
}

interface Caller {
  readonly calls: TokenBucket
  readonly handshakes: Set<Calling>
  turnedAway: number
  atMs: number
}

const HALF_LIFE_MS = 5 * 60_000

/**
 * Who may begin a handshake. Where there is no room left, the oldest one of the address with the most makes room: an
 * honest handshake takes milliseconds, and those that fill the room sit there. Pure: the time is passed in.
 */
export class Callers {
  readonly #limits: CallerLimits
  readonly #exempt: ReadonlySet<string>
  readonly #counters: NetCounters
  readonly #callers = new Map<string, Caller>()
  #handshakes = 0

  /** `exempt`: addresses that nodes of one site or machine share: the limits of one address are not theirs. */
  constructor(limits: CallerLimits, exempt: ReadonlySet<string>, counters: NetCounters) {
    this.#limits = limits
    this.#exempt = exempt
    this.#counters = counters
  }

  /** Whether the handshake may begin; whoever begins it calls `done` in the end. */
  begin(calling: Calling, nowMs: number): boolean {
    const caller = this.#caller(calling.address, nowMs)
    if (!this.isExempt(calling.address)) {
      const isRoom = caller.handshakes.size < this.#limits.handshakesMaxPerAddress
      if (!isRoom || !caller.calls.take(1, nowMs)) {
        this.turnedAway(calling.address, nowMs)
        return false
      }
    }
    if (this.#handshakes >= this.#limits.handshakesMax) this.#makeRoom(nowMs)
    caller.handshakes.add(calling)
    this.#handshakes++
    return true
  }

  /** The handshake is over, well or badly. */
  done(calling: Calling): void {
    if (this.#callers.get(calling.address)?.handshakes.delete(calling)) this.#handshakes--
  }

  /** Notes a call that led nowhere. */
  turnedAway(address: string, nowMs: number): void {
    this.#counters.callsTurnedAway++
    const caller = this.#caller(address, nowMs)
    caller.turnedAway = decayed(caller, nowMs) + 1
    caller.atMs = nowMs
  }

  /** Null where nobody called in vain of late. */
  worst(nowMs: number): WorstCaller | null {
    let worst: WorstCaller | null = null
    for (const [address, caller] of this.#callers) {
      const turnedAway = Math.round(decayed(caller, nowMs))
      if (turnedAway > (worst?.turnedAway ?? 0)) worst = { address, turnedAway }
    }
    return worst
  }

  isExempt(address: string): boolean {
    return this.#exempt.has(address)
  }

  #caller(address: string, nowMs: number): Caller {
    const known = this.#callers.get(address)
    const caller = known ?? {
      calls: new TokenBucket(this.#limits.calls, nowMs),
      handshakes: new Set(),
      turnedAway: 0,
      atMs: nowMs,
    }
    this.#callers.delete(address)
    this.#callers.set(address, caller)
    if (known === undefined && this.#callers.size > this.#limits.addressesMax) this.#forgetOne()
    return caller
  }

  /** Whoever has not called for longest; not one that has a handshake under way, of which there are fewer. */
  #forgetOne(): void {
    for (const [address, { handshakes }] of this.#callers) {
      if (handshakes.size > 0) continue
      this.#callers.delete(address)
      return
    }
  }

  #makeRoom(nowMs: number): void {
    let most: Caller | undefined
    for (const caller of this.#callers.values()) {
      if (caller.handshakes.size > (most?.handshakes.size ?? 0)) most = caller
    }
    const [oldest] = most?.handshakes ?? []
    if (oldest === undefined) return
    this.done(oldest)
    this.turnedAway(oldest.address, nowMs)
    oldest.end('it made room for another')
  }
}

function decayed({ turnedAway, atMs }: Caller, nowMs: number): number {
  return turnedAway * 2 ** ((atMs - nowMs) / HALF_LIFE_MS)
}
