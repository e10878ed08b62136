const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/
const US_PER_MS = 1000

/** Microseconds since the Unix epoch of an RFC 3339 time in UTC, finer digits cut; undefined for what is none. */
export function parseMicrosecondTime(text: string): number | undefined {
  const [, seconds, fraction = ''] = TIME.exec(text) ?? []
  if (seconds === undefined) return undefined
  const ms = Date.parse(`${seconds}Z`)
  // Date.parse takes February 30th for March 2nd.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(seconds)) return undefined
  return Math.max(0, ms * US_PER_MS + Number(fraction.slice(0, 6).padEnd(6, '0')))
}

/** With six digits, as TAXII 2.1 §2 wants it. */
export function microsecondTime(us: number): string {
  const ms = Math.floor(us / US_PER_MS)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us % US_PER_MS).padStart(3, '0')}Z`
}
