import type { Clock } from '../../base/ports.ts'
import { type AllowanceRules, createAllowance } from '../mechanisms/allowance.ts'

/** How fast entries of one nation are taken from gossip: what goes beyond is left to sync, and nothing is lost. */
export interface AuthorPace {
  /** Whether one more is taken. Asked before its signature is checked: only what the author has signed is counted. */
  has(nation: string): boolean
  took(nation: string, bytes: number): void
}

export interface PaceRules {
  readonly entries: AllowanceRules
  readonly kib: AllowanceRules
}

/** Several times what a node signs by itself, and all of a burst that fits into the buffers. */
const PACE: PaceRules = {
  entries: { burst: 16_384, perSecond: 1024 },
  kib: { burst: 128 * 1024, perSecond: 8 * 1024 },
}

export function createAuthorPace(
  clock: Clock,
  quotas: { has(nation: string): boolean },
  rules: PaceRules = PACE,
): AuthorPace {
  const entries = createAllowance(rules.entries, clock)
  const kib = createAllowance(rules.kib, clock)
  return {
    has: nation => entries.has(nation) && kib.has(nation) && quotas.has(nation),
    took(nation, bytes) {
      entries.take(nation)
      kib.take(nation, Math.ceil(bytes / 1024))
    },
  }
}
