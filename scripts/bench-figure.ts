/** One measured figure, as a benchmark reports it. */
export interface Measurement {
  /** What was measured, in words; the same from run to run. */
  readonly figure: string
  readonly value: number
  /** Such as `entries/s`, `ms`, `bytes`. */
  readonly unit: string
  /** What the machine does at most (or at least, for times) in the same unit, measured in the same run. */
  readonly floor?: number
}

/** A line of the output. */
export interface Figure extends Measurement {
  readonly bench: string
  /** `value / floor` */
  readonly ratio?: number
}

export type Report = (measurement: Measurement) => void

/** Throws `RangeError` on a value that is no measurement, so that a division by nothing does not pass for a result. */
export function buildFigure(bench: string, { figure, value, unit, floor }: Measurement): Figure {
  if (!Number.isFinite(value)) throw new RangeError(`${bench}: "${figure}" is ${value}`)
  if (floor === undefined) return { bench, figure, value: round(value), unit }
  if (!(Number.isFinite(floor) && floor > 0)) throw new RangeError(`${bench}: the floor of "${figure}" is ${floor}`)
  return { bench, figure, value: round(value), unit, floor: round(floor), ratio: round(value / floor) }
}

/** Four digits are more than a measurement repeats. */
function round(value: number): number {
  return Number(value.toPrecision(4))
}
