/** The last moment that STIX and RFC 3339 can say. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** As STIX writes a time: with milliseconds and Z. What others gave and is beyond the year 9999 is its end. */
export function stixTime(timeMs: number): string {
  return new Date(Math.min(timeMs, LAST_MS)).toISOString()
}
