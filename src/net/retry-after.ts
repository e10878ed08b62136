/** Milliseconds that `Retry-After` asks for, as seconds or as a date, which counts from `nowMs`; undefined where it asks for none. */
export function parseRetryAfter(text: string, nowMs: number, msMax: number): number | undefined {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return ms > 0 ? Math.min(ms, msMax) : undefined
}
