import { DAY_MS } from './doc-fields.ts'

/** */
export const WARN_DAYS = [60, 30, 7, 1] as const
export const GRACE_DAYS = 30

/**
 * What the expiry of a document means now. It never closes a connection and never voids an entry.
 * - `warn`: fewer than `warnDays` days are left.
 * - `expired`: membership changes by a valid next version alone; everything else goes on.
 * - `lapsed`: 30 days past: under a lapsed registry nobody publishes; to a nation whose document lapsed nobody seals.
 */
export type Expiry =
  | { readonly kind: 'valid'; readonly daysLeft: number }
  | { readonly kind: 'warn'; readonly daysLeft: number; readonly warnDays: (typeof WARN_DAYS)[number] }
  | { readonly kind: 'expired' | 'lapsed'; readonly daysPast: number }

/** Days are whole ones, rounded down. */
export function checkExpiry(expiresMs: number, nowMs: number): Expiry {
  const pastMs = nowMs - expiresMs
  if (pastMs >= 0) {
    return { kind: pastMs >= GRACE_DAYS * DAY_MS ? 'lapsed' : 'expired', daysPast: Math.floor(pastMs / DAY_MS) }
  }
  const daysLeft = Math.floor(-pastMs / DAY_MS)
  const warnDays = WARN_DAYS.findLast(days => -pastMs <= days * DAY_MS)
  return warnDays === undefined ? { kind: 'valid', daysLeft } : { kind: 'warn', daysLeft, warnDays }
}
