import type { Claim } from './assertion.ts'

export type Validity = 'pending' | 'valid' | 'expired'

/** A claim is valid from `valid_from` (0: at once) until just before `valid_until` (0: without end). */
export function validityAt(claim: Pick<Claim, 'claim'>, nowMs: number): Validity {
  const { validFromMs, validUntilMs } = claim.claim
  if (validUntilMs !== 0 && nowMs >= validUntilMs) return 'expired'
  return nowMs < validFromMs ? 'pending' : 'valid'
}

/** An indicator lives while one of its claims does. */
export function isLive(indicator: { readonly claims: readonly Pick<Claim, 'claim'>[] }, nowMs: number): boolean {
  return indicator.claims.some(claim => validityAt(claim, nowMs) === 'valid')
}
