import { expect, test } from 'vitest'
import { collectAsideRuns, type Trunk } from '../../src/audit/aside-runs.ts'
import { compactRangeAt, rangeRoot } from '../../src/merkle/compact-range.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import type { ParsedEntry } from '../../src/wire/entry.ts'
import { batchOf, grow, hashAtOf, leavesOf, logOf, type TestLog } from '../support/chain-fixture.ts'

const trunk = logOf(10)

function trunkOf(log: TestLog): Trunk {
  const leaves = leavesOf(log.entries)
  return { leafAt: seq => leaves[seq], rangeAt: size => compactRangeAt(hashAtOf(log), size) }
}

/** As a store gives them: by seq, those of one seq in the order of their leaves. */
async function* inOrder(...entries: readonly (readonly ParsedEntry[])[]): AsyncGenerator<ParsedEntry> {
  yield* entries.flat().toSorted((a, b) => a.header.seq - b.header.seq || Buffer.compare(a.leaf, b.leaf))
}

const RUNS_MAX = 100

test('a branch is one run, with the leaves of the log before it', async () => {
  const branch = logOf(8, 'branch', 4)
  const { runs, leftOut } = await collectAsideRuns(inOrder(branch.entries.slice(4)), trunkOf(trunk), RUNS_MAX)
  expect(runs).toEqual([
    { from: 4, before: compactRangeAt(hashAtOf(trunk), 4), leaves: leavesOf(branch.entries.slice(4)) },
  ])
  expect(leftOut).toBe(0)
})

test('branches of one place are kept apart, and one that leaves another branch knows the leaves of both', async () => {
  const first = logOf(8, 'first', 4)
  const second = logOf(7, 'second', 4)
  const twig = grow({ ...first, entries: first.entries.slice(0, 6) }, batchOf('twig 6'), batchOf('twig 7'))
  const held = inOrder(first.entries.slice(4), second.entries.slice(4), twig.entries.slice(6))
  const { runs, leftOut } = await collectAsideRuns(held, trunkOf(trunk), RUNS_MAX)
  expect(leftOut).toBe(0)
  expect(runs.map(({ from, leaves }) => [from, leaves.length]).sort()).toEqual([
    [4, 3],
    [4, 4],
    [6, 2],
  ])
  for (const { from, before, leaves } of runs) {
    const log = [first, second, twig].find(
      ({ entries }) => leavesOf(entries).at(from + leaves.length - 1) === leaves.at(-1),
    )!
    expect(leavesOf(log.entries.slice(from))).toEqual(leaves)
    expect(rangeRoot(before)).toEqual(rootOf(leavesOf(log.entries.slice(0, from))))
  }
})

test('what follows nothing that is held is counted and left out, and so are runs beyond the cap', async () => {
  const branch = logOf(8, 'branch', 4)
  const { runs, leftOut } = await collectAsideRuns(inOrder(branch.entries.slice(6)), trunkOf(trunk), RUNS_MAX)
  expect([runs, leftOut]).toEqual([[], 2])
  const other = logOf(6, 'other', 4)
  const capped = await collectAsideRuns(inOrder(branch.entries.slice(4), other.entries.slice(4)), trunkOf(trunk), 1)
  expect(capped.runs).toHaveLength(1)
  expect(capped.leftOut + capped.runs[0]!.leaves.length).toBe(6)
})
