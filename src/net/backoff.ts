/** The first wait after a failure, and the longest. */
const FIRST_MS = 1_000
const LONGEST_MS = 5 * 60_000

/**
 * Milliseconds to wait after the nth failure in a row (n >= 1): doubling from a second to five minutes, of which a
 * random half (`random` in [0, 1)) keeps the nodes of an alliance from calling a returning one all at once.
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20))
  return Math.round(full * (0.5 + random / 2))
}
