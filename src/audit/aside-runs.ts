import { equalBytes, toHex } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import { appendLeaf, type CompactRange, EMPTY_RANGE } from '../merkle/compact-range.ts'
import type { ParsedEntry } from '../wire/entry.ts'

/** Consecutive entries of a branch that does not stand. */
export interface AsideRun {
  /** Seq of the first. */
  readonly from: number
  /** All leaves of the branch before it. */
  readonly before: CompactRange
  /** Of its entries, ascending by seq. */
  readonly leaves: readonly Hash[]
}

/** The log that the branches leave. */
export interface Trunk {
  /** Undefined where it does not go so far. */
  leafAt(seq: number): Hash | undefined
  rangeAt(size: number): CompactRange
}

export interface AsideRuns {
  readonly runs: readonly AsideRun[]
  /** Entries that are in no run: what they follow is not held, or there are too many runs. */
  readonly leftOut: number
}

type Link = Pick<ParsedEntry, 'leaf' | 'prev'> & { readonly header: { readonly seq: number } }
type Growing = { readonly from: number; readonly before: CompactRange; readonly leaves: Hash[] }

/** Sorts what is kept of branches, ascending by seq, into runs; a branch may leave another branch. */
export async function collectAsideRuns(links: AsyncIterable<Link>, trunk: Trunk, runsMax: number): Promise<AsideRuns> {
  const runs: Growing[] = []
  /** Which run holds a leaf. */
  const homes = new Map<string, Growing>()
  let leftOut = 0

  function beforeOf(seq: number, prev: Hash): CompactRange | undefined {
    if (seq === 0) return EMPTY_RANGE
    const onTrunk = trunk.leafAt(seq - 1)
    if (onTrunk !== undefined && equalBytes(onTrunk, prev)) return trunk.rangeAt(seq)
    const home = homes.get(toHex(prev))
    if (home === undefined || seq <= home.from) return undefined
    return home.leaves.slice(0, seq - home.from).reduce((range, leaf) => appendLeaf(range, leaf), home.before)
  }

  function runFor(seq: number, prev: Hash): Growing | undefined {
    const home = homes.get(toHex(prev))
    if (home !== undefined && home.from + home.leaves.length === seq) return home
    const before = runs.length < runsMax ? beforeOf(seq, prev) : undefined
    if (before === undefined) return undefined
    const run = { from: seq, before, leaves: [] }
    runs.push(run)
    return run
  }

  for await (const { header, leaf, prev } of links) {
    const run = runFor(header.seq, prev)
    if (run === undefined) {
      leftOut++
      continue
    }
    run.leaves.push(leaf)
    homes.set(toHex(leaf), run)
  }
  return { runs, leftOut }
}
