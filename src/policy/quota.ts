/** How much of a nation's logs is taken in at full speed, and how fast beyond that. Pure: time is passed in. */

export interface QuotaRules {
  readonly dailyBytes: number
  readonly dailyEntries: number
}

/** What is left of a quota. Both fill up again within a day. */
export interface QuotaLeft {
  readonly bytes: number
  readonly entries: number
  readonly atMs: number
}

const DAY_MS = 86_400_000

export function fullQuota(rules: QuotaRules, nowMs: number): QuotaLeft {
  return { bytes: rules.dailyBytes, entries: rules.dailyEntries, atMs: nowMs }
}

/** As of now. A clock that was set back earns nothing. */
export function refilled({ bytes, entries, atMs }: QuotaLeft, rules: QuotaRules, nowMs: number): QuotaLeft {
  const share = Math.min(1, Math.max(0, nowMs - atMs) / DAY_MS)
  return {
    bytes: Math.min(rules.dailyBytes, bytes + share * rules.dailyBytes),
    entries: Math.min(rules.dailyEntries, entries + share * rules.dailyEntries),
    atMs: nowMs,
  }
}

/** What came counts whole, also where it was more than was left; of a debt a day's quota at most is kept. */
export function charged(left: QuotaLeft, bytes: number, entries: number, rules: QuotaRules): QuotaLeft {
  return {
    bytes: Math.max(-rules.dailyBytes, left.bytes - bytes),
    entries: Math.max(-rules.dailyEntries, left.entries - entries),
    atMs: left.atMs,
  }
}

/** How many entries may be fetched now. A few bytes that are left let one bundle in. */
export function mayFetch({ bytes, entries }: QuotaLeft): number {
  return bytes <= 0 ? 0 : Math.max(0, Math.floor(entries))
}

/** When more may be fetched; now where it may. */
export function mayFetchFromMs({ bytes, entries, atMs }: QuotaLeft, { dailyBytes, dailyEntries }: QuotaRules): number {
  const days = Math.max(0, bytes <= 0 ? (1 - bytes) / dailyBytes : 0, (1 - entries) / dailyEntries)
  return atMs + Math.ceil(days * DAY_MS)
}

/** The share of the day's quota that is used up, of bytes or entries, whichever is more. */
export function usedShare({ bytes, entries }: QuotaLeft, { dailyBytes, dailyEntries }: QuotaRules): number {
  return Math.max(1 - bytes / dailyBytes, 1 - entries / dailyEntries)
}
