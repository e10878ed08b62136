const ADMITTED_MAX = 65_536
const admitted = new Set<string>()

/**
 * Runs the check of once a key: it costs a scalar multiplication, and every version of a
 * document names the same keys again. `name` tells kinds of keys apart and contains the whole key or a hash of it.
 */
export function admitOnce(name: string, check: () => void): void {
  if (admitted.has(name)) return
  check()
  if (admitted.size >= ADMITTED_MAX) admitted.clear()
  admitted.add(name)
}
