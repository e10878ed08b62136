import type { Clock } from '../../base/ports.ts'

/**
 * Decides when what waits to be published goes out (gossip costs per message): at once while few messages have been
 * sent lately; under load, what arrives shares a message until the next may go, the window has passed, or the message is full.
 */
export interface Coalescer {
  /** Milliseconds until the next message may go: 0 at once. `fullness` is how much of a message is waiting, 1 is full. */
  waitMs(fullness: number): number
  /** A message has gone out. */
  sent(): void
}

/** Messages that may go out in a burst before any waits. */
const BURST_MESSAGES = 8
/** What is sent for long: a fifth of what gossip carries between ten nodes on two cores. */
const MESSAGES_PER_SECOND = 40

/** `windowMs` is the longest that anything waits; 0: nothing waits. */
export function createCoalescer(windowMs: number, clock: Clock): Coalescer {
  let allowance = BURST_MESSAGES
  let countedMs = clock.now()

  function refill(): void {
    const now = clock.now()
    const gained = (Math.max(0, now - countedMs) * MESSAGES_PER_SECOND) / 1000
    allowance = Math.min(BURST_MESSAGES, allowance + gained)
    countedMs = now
  }

  return {
    waitMs(fullness) {
      refill()
      if (fullness >= 1 || allowance >= 1) return 0
      return Math.min(windowMs, Math.ceil(((1 - allowance) * 1000) / MESSAGES_PER_SECOND))
    },
    sent() {
      refill()
      allowance = Math.max(0, allowance - 1)
    },
  }
}
