import type { Clock } from '../base/ports.ts'

/**
 * Decides when what waits to be published goes out (gossip costs per message): at once while few messages have been
 * sent lately; under load, what arrives shares a message until the window has passed or the message is full.
 */
export interface Coalescer {
  /** Milliseconds until the next message may go: 0 at once. `fullness` is how much of a message is waiting, 1 is full. */
  waitMs(fullness: number): number
  /** A message has gone out. */
  sent(): void
}

/** Messages that may go out in a burst before the window applies. */
const BURST_MESSAGES = 8

export function createCoalescer(windowMs: number, clock: Clock): Coalescer {
  let allowance = BURST_MESSAGES
  let countedMs = clock.now()

  function refill(): void {
    const now = clock.now()
    const gained = windowMs === 0 ? BURST_MESSAGES : Math.max(0, now - countedMs) / windowMs
    allowance = Math.min(BURST_MESSAGES, allowance + gained)
    countedMs = now
  }

  return {
    waitMs(fullness) {
      refill()
      if (fullness >= 1 || allowance >= 1) return 0
      return Math.ceil((1 - allowance) * windowMs)
    },
    sent() {
      refill()
      allowance = Math.max(0, allowance - 1)
    },
  }
}
