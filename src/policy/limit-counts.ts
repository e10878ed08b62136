import type { LimitedRule } from './guard.ts'

/** How many items have left by each rule that counts them, minute by minute. */
export interface LimitCounts {
  /** Within the hour before `nowMs`. */
  used(rule: LimitedRule, nowMs: number): number
  /** Counts one for all of the rules, or for none: then the rule that has had its fill. */
  take(rules: readonly LimitedRule[], nowMs: number): LimitedRule | undefined
}

const MINUTE_MS = 60_000
const MINUTES = 60

export function createLimitCounts(): LimitCounts {
  /** Rule names are those of a policy, which bounds them; a minute has one count. */
  const byRule = new Map<string, Map<number, number>>()

  function used({ name }: LimitedRule, nowMs: number): number {
    const since = Math.floor(nowMs / MINUTE_MS) - MINUTES
    const minutes = byRule.get(name)
    let sum = 0
    for (const [minute, count] of minutes ?? []) {
      if (minute > since) sum += count
      else minutes?.delete(minute)
    }
    return sum
  }

  return {
    used,
    take(rules, nowMs) {
      const full = rules.find(rule => used(rule, nowMs) >= rule.limitPerHour)
      if (full !== undefined) return full
      const minute = Math.floor(nowMs / MINUTE_MS)
      for (const { name } of rules) {
        const minutes = byRule.get(name) ?? new Map<number, number>()
        byRule.set(name, minutes.set(minute, (minutes.get(minute) ?? 0) + 1))
      }
      return undefined
    },
  }
}
