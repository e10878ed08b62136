/** How many entries fall into each stretch of time; bar `i` covers `[fromMs + i * barMs, fromMs + (i + 1) * barMs)`. */
export interface TimeBars {
  readonly fromMs: number
  readonly barMs: number
  readonly counts: readonly number[]
}

export interface TimeBarCounter {
  add(timeMs: number): void
  /** Undefined where nothing was added. */
  read(): TimeBars | undefined
}

const BARS_MAX = 128
const BAR_MS_MIN = 60_000

/** Counts in a bounded number of bars, whatever the times are: where there would be more, each two become one. */
export function createTimeBarCounter(): TimeBarCounter {
  let barMs = BAR_MS_MIN
  let counts = new Map<number, number>()
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return {
    add(timeMs) {
      const at = Math.floor(timeMs / barMs)
      low = Math.min(low, at)
      high = Math.max(high, at)
      counts.set(at, (counts.get(at) ?? 0) + 1)
      while (high - low >= BARS_MAX) {
        barMs *= 2
        low = Math.floor(low / 2)
        high = Math.floor(high / 2)
        counts = halved(counts)
      }
    },
    read() {
      if (counts.size === 0) return undefined
      const bars = Array.from({ length: high - low + 1 }, (_, i) => counts.get(low + i) ?? 0)
      return { fromMs: low * barMs, barMs, counts: bars }
    },
  }
}

/** All of them as one, in bars as wide as the widest or wider. */
export function mergeTimeBars(all: readonly TimeBars[]): TimeBars | undefined {
  if (all.length === 0) return undefined
  const untilMs = Math.max(...all.map(({ fromMs, barMs, counts }) => fromMs + barMs * counts.length))
  let barMs = Math.max(...all.map(bars => bars.barMs))
  const startOf = () => Math.floor(Math.min(...all.map(({ fromMs }) => fromMs)) / barMs) * barMs
  while (untilMs - startOf() > barMs * BARS_MAX) barMs *= 2
  const fromMs = startOf()
  const counts = Array.from({ length: Math.ceil((untilMs - fromMs) / barMs) }, () => 0)
  for (const bars of all) {
    bars.counts.forEach((count, i) => {
      counts[Math.floor((bars.fromMs + i * bars.barMs - fromMs) / barMs)]! += count
    })
  }
  return { fromMs, barMs, counts }
}

function halved(counts: ReadonlyMap<number, number>): Map<number, number> {
  const half = new Map<number, number>()
  for (const [at, count] of counts) half.set(Math.floor(at / 2), (half.get(Math.floor(at / 2)) ?? 0) + count)
  return half
}
