import { createTimeBarCounter, type TimeBarCounter, type TimeBars } from './time-bars.ts'

/** Where in the file an ENTRIES part stands, and what of its run is in it. */
export interface EntryPlace {
  /** Of the record, its length field first. */
  readonly offset: number
  /** How many envelopes of the run stand before it: what a row is numbered by, since a spoiled file may skip or repeat a seq. */
  readonly first: number
  readonly count: number
  readonly highestSeq: number
}

/** The entries of one run of a file, which are read again when somebody looks at them. */
export interface RunIndex {
  readonly entries: number
  /** The part that holds row `row`; undefined beyond the end. */
  placeOf(row: number): EntryPlace | undefined
  /** A part near which entry `seq` stands, if it is there. */
  placeNear(seq: number): EntryPlace | undefined
  readonly bars: TimeBars | undefined
}

export interface EntryIndex {
  /** `heads`: of those envelopes that have a header that can be read. */
  add(run: number, offset: number, count: number, heads: readonly { seq: number; timeMs: number }[]): void
  run(run: number): RunIndex
}

interface Run {
  readonly places: EntryPlace[]
  readonly times: TimeBarCounter
  entries: number
}

/** Some sixty bytes for each part of up to 256 entries, and the bars. */
export function createEntryIndex(): EntryIndex {
  const runs = new Map<number, Run>()
  return {
    add(number, offset, count, heads) {
      const run = runs.get(number) ?? { places: [], times: createTimeBarCounter(), entries: 0 }
      runs.set(number, run)
      const before = run.places.at(-1)?.highestSeq ?? -1
      const highestSeq = heads.reduce((highest, { seq }) => Math.max(highest, seq), before)
      run.places.push({ offset, first: run.entries, count, highestSeq })
      run.entries += count
      for (const { timeMs } of heads) run.times.add(timeMs)
    },
    run(number) {
      const { places, entries, times } = runs.get(number) ?? { places: [], entries: 0, times: createTimeBarCounter() }
      return {
        entries,
        placeOf: row => places[lowest(places.length, i => places[i]!.first + places[i]!.count > row)],
        placeNear: seq => places[lowest(places.length, i => places[i]!.highestSeq >= seq)],
        bars: times.read(),
      }
    },
  }
}

/** The lowest index that holds, where all after one that holds do too; `length` where none does. */
function lowest(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
