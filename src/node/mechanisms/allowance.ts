import type { Clock } from '../../base/ports.ts'

export interface AllowanceRules {
  /** At once, and at most saved up. */
  readonly burst: number
  readonly perSecond: number
}

/** Of the holders that nobody heard of for longest the first is forgotten, and then has its whole burst again. */
const HOLDERS_MAX = 1024

/** What each of many may have done for it: so much at once, and then so much a second. */
export function createAllowance({ burst, perSecond }: AllowanceRules, clock: Clock) {
  const holders = new Map<string, { readonly left: number; readonly sinceMs: number }>()

  function leftOf(holder: string, nowMs: number): number {
    const before = holders.get(holder) ?? { left: burst, sinceMs: nowMs }
    const earned = (Math.max(0, nowMs - before.sinceMs) / 1000) * perSecond
    return Math.min(burst, before.left + earned)
  }

  return {
    /** Whether there is one to take. */
    has: (holder: string): boolean => leftOf(holder, clock.now()) >= 1,
    /** Takes one, or `amount` where at least one is left; false where nothing is. */
    take(holder: string, amount = 1): boolean {
      const nowMs = clock.now()
      const left = leftOf(holder, nowMs)
      holders.delete(holder)
      holders.set(holder, { left: left < 1 ? left : left - amount, sinceMs: nowMs })
      if (holders.size > HOLDERS_MAX) holders.delete(holders.keys().next().value as string)
      return left >= 1
    },
  }
}
