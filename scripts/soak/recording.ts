import type { Mark, Panel } from './plot.ts'
import { type Point, percentile, type Slope, slopeOf } from './regression.ts'
import type { Usage } from './sampling.ts'

export interface Sample extends Usage {
  readonly nation: string
  /** Since the beginning of the run. */
  readonly seconds: number
}

/** From the acknowledgement of a publish until all that run then show it. */
export interface Latency {
  readonly seconds: number
  readonly ms: number
}

/** All that a run has shown. */
export interface Recording {
  readonly samples: readonly Sample[]
  readonly latencies: readonly Latency[]
  readonly kills: readonly Mark[]
  /** From the restart of a killed daemon until it holds what the others held then. */
  readonly catchUpsMs: readonly number[]
  readonly published: number
  readonly withdrawn: number
  readonly sightings: number
  /** Publishes that a daemon did not acknowledge, since it was killed meanwhile. */
  readonly unanswered: number
  readonly end: {
    readonly equal: boolean
    /** Of what was acknowledged and not withdrawn, what some nation does not show. */
    readonly lost: number
    readonly differences: readonly string[]
    readonly indicators: number
    readonly diskBytes: number
  }
}

const MEASURES = [
  { name: 'rssMib', title: 'Memory resident', unit: 'MiB' },
  { name: 'heapMib', title: 'Heap in use', unit: 'MiB' },
  { name: 'handles', title: 'Open files and sockets', unit: 'count' },
  { name: 'diskMib', title: 'Disk', unit: 'MiB' },
] as const

/** The first part of a run, in which caches fill, says nothing of a trend. */
const WARM_UP = 0.25

export function panelsOf({ samples, latencies }: Recording): readonly Panel[] {
  const nations = [...new Set(samples.map(({ nation }) => nation))]
  const panels = MEASURES.map(({ name, title, unit }) => ({
    title,
    unit,
    series: nations.map(nation => ({ name: nation, points: pointsOf(samples, nation, name) })),
  }))
  const seen = latencies.map(({ seconds, ms }) => ({ seconds, value: ms }))
  return [
    ...panels,
    { title: 'From publish until seen at all', unit: 'ms', series: [{ name: 'each probe', points: seen }] },
  ]
}

function pointsOf(samples: readonly Sample[], nation: string, name: keyof Usage): readonly Point[] {
  return samples
    .filter(sample => sample.nation === nation)
    .map(sample => ({ seconds: sample.seconds, value: sample[name] }))
}

/** Slopes are those of the first nation, which nobody kills. */
export function summaryOf(recording: Recording): Record<string, unknown> {
  const { samples, latencies, kills, catchUpsMs, end } = recording
  const first = samples[0]?.nation ?? ''
  const lastSeconds = samples.at(-1)?.seconds ?? 0
  const isWarm = ({ seconds }: Point) => seconds > lastSeconds * WARM_UP
  const slopes = MEASURES.map(({ name }) => [name, slopeText(slopeOf(pointsOf(samples, first, name).filter(isWarm)))])
  const ms = latencies.map(latency => latency.ms)
  const late = latencies.filter(({ seconds }) => seconds > lastSeconds * WARM_UP)
  return {
    published: recording.published,
    sightings: recording.sightings,
    withdrawn: recording.withdrawn,
    unanswered: recording.unanswered,
    kills: kills.length,
    catchUpMs: { p50: rounded(percentile(catchUpsMs, 0.5)), max: rounded(Math.max(0, ...catchUpsMs)) },
    latencyMs: { probes: ms.length, p50: rounded(percentile(ms, 0.5)), p99: rounded(percentile(ms, 0.99)) },
    slopesPerHour: Object.fromEntries([
      ...slopes,
      ['latencyMs', slopeText(slopeOf(late.map(({ seconds, ms: value }) => ({ seconds, value }))))],
    ]),
    bytesPerIndicator: rounded(end.diskBytes / Math.max(1, end.indicators)),
    ...end,
  }
}

function slopeText(slope: Slope | undefined): string {
  if (slope === undefined) return 'too short'
  const steepness = `${slope.perHour.toFixed(2)} ± ${slope.marginPerHour.toFixed(2)}`
  return slope.isFlat ? `flat (${steepness})` : steepness
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null
}
