/** A line through measurements, with what is known of how steep it is. */
export interface Slope {
  /** In units of y an hour, for times in seconds. */
  readonly perHour: number
  /** Half of the interval that holds the true slope in 95 of 100 cases, as if the errors were independent. */
  readonly marginPerHour: number
  /** Whether that interval holds 0, or the slope moves y by less than a hundredth of its mean in the time that was measured. */
  readonly isFlat: boolean
}

export interface Point {
  readonly seconds: number
  readonly value: number
}

const SECONDS_PER_HOUR = 3600
const Z_95 = 1.96
const SMALL = 0.01

/** Least squares; undefined for fewer than three points. */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  if (points.length < 3) return undefined
  const meanOf = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [meanOf(point => point.seconds), meanOf(point => point.value)]
  const spread = points.reduce((sum, point) => sum + (point.seconds - x) ** 2, 0)
  if (spread === 0) return undefined
  const slope = points.reduce((sum, point) => sum + (point.seconds - x) * (point.value - y), 0) / spread
  const residual = points.reduce((sum, point) => sum + (point.value - y - slope * (point.seconds - x)) ** 2, 0)
  const margin = Z_95 * Math.sqrt(residual / (points.length - 2) / spread)
  const duration = points.at(-1)!.seconds - points[0]!.seconds
  const isFlat = Math.abs(slope) <= margin || Math.abs(slope * duration) < SMALL * Math.abs(y)
  return { perHour: slope * SECONDS_PER_HOUR, marginPerHour: margin * SECONDS_PER_HOUR, isFlat }
}

/** Of an unsorted list; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
