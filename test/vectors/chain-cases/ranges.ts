import { toHex } from '../../../src/base/bytes.ts'
import type { Hash } from '../../../src/base/ids.ts'
import { buildEntry } from '../../../src/chain/next-entry.ts'
import { hashAtFromLeaves } from '../../../src/merkle/proof-source.ts'
import { buildSubtreePath } from '../../../src/merkle/subtree.ts'
import { rootOf } from '../../../src/merkle/tree-hash.ts'
import { encodeEnvelope, type ParsedEntry } from '../../../src/wire/entry.ts'
import {
  alliance,
  batchOf,
  bytesOf,
  leavesOf,
  logOf,
  openLog,
  type TestLog,
  withBadSignature,
} from '../../support/chain-fixture.ts'
import type { ChainVector, NamedVectors } from './vector.ts'

const log = logOf(11)

interface Bundle {
  readonly entries: readonly ParsedEntry[]
  readonly path: readonly Hash[]
  readonly size: number
  readonly root: Hash
}

/** The bundle `[from, from + count)` of a tree of these entries. */
function bundleOf(entries: readonly ParsedEntry[], from: number, count: number): Bundle {
  const leaves = leavesOf(entries)
  const path = buildSubtreePath(hashAtFromLeaves(leaves), from, count, leaves.length)
  return { entries: entries.slice(from, from + count), path, size: leaves.length, root: rootOf(leaves) }
}

function rangeVector(
  rule: string,
  title: string,
  { entries, path, size, root }: Bundle,
  outcome: string,
  more: Record<string, unknown> = {},
  of: TestLog = log,
): ChainVector {
  return {
    rule,
    title,
    input: {
      kind: 'range',
      allianceId: toHex(alliance),
      genesis: toHex(encodeEnvelope(of.entries[0]!)),
      tree: { size, root: toHex(root) },
      envelopes: entries.map(entry => toHex(encodeEnvelope(entry))),
      path: path.map(toHex),
    },
    expect: { outcome, ...more },
  }
}

/** Entry 5 follows another entry 4 than the one in the tree; both are signed. */
function brokenLog(): ParsedEntry[] {
  const stray = logOf(6, 'stray', 4).entries[5]!
  const place = { logId: log.identity.logId, seq: 5, prev: stray.prev }
  return log.entries.with(5, buildEntry(alliance, place, batchOf('main 5'), log.signer.sign)).slice(0, 6)
}

export function rangeVectors(): NamedVectors {
  const middle = bundleOf(log.entries, 4, 4)
  const last = bundleOf(log.entries, 8, 3)
  const foreign = openLog({ nation: 'BBB' }).entries[0]!
  const bad = log.entries.map((entry, i) => (i === 6 ? withBadSignature(entry) : entry))
  const rotten = relinked(bad)
  return {
    'R-2.4-first-bundle': rangeVector(
      'R-2.4',
      'the first eight of eleven entries',
      bundleOf(log.entries, 0, 8),
      'verified',
    ),
    'R-2.4-middle-bundle': rangeVector('R-2.4', 'entries 4 to 7 of eleven', middle, 'verified'),
    'R-2.4-last-bundle': rangeVector('R-2.4', 'the last, shorter bundle: entries 8 to 10 of eleven', last, 'verified'),
    'R-2.4-whole-log': rangeVector('R-2.4', 'all eleven entries and no path', bundleOf(log.entries, 0, 11), 'verified'),
    'R-2.4-bad-leaf-in-a-proven-bundle': rangeVector(
      'R-2.4',
      'a signature that fails in a bundle that is proved: to be found when the owed check is made',
      bundleOf(rotten, 4, 4),
      'verified',
      { badSignatures: [6] },
    ),
    'R-2.4-path-a-step-short': rangeVector(
      'R-2.4',
      'a path without its last step',
      { ...middle, path: middle.path.slice(0, -1) },
      'range-not-proven',
    ),
    'R-2.4-path-a-step-long': rangeVector(
      'R-2.4',
      'a path with a step too many',
      { ...middle, path: [...middle.path, bytesOf('step')] },
      'range-not-proven',
    ),
    'R-2.4-path-swapped': rangeVector(
      'R-2.4',
      'two steps of the path exchanged',
      { ...middle, path: middle.path.toReversed() },
      'range-not-proven',
    ),
    'R-2.4-path-step-length': rangeVector(
      'R-2.4',
      'a step of 31 bytes',
      { ...middle, path: [middle.path[0]!.subarray(1) as Hash, middle.path[1]!] },
      'wire-field-length',
    ),
    'R-2.4-leaf-exchanged': rangeVector(
      'R-2.4',
      'an entry with another signature',
      { ...middle, entries: middle.entries.with(3, withBadSignature(middle.entries[3]!)) },
      'range-not-proven',
    ),
    'R-2.4-another-root': rangeVector(
      'R-2.4',
      'the root of another size',
      { ...middle, root: rootOf(leavesOf(log.entries.slice(0, 10))) },
      'range-not-proven',
    ),
    'R-2.4-not-one-subtree': rangeVector(
      'R-2.4',
      'entries 2 to 5, which no single node covers',
      { ...middle, entries: log.entries.slice(2, 6) },
      'range-not-proven',
    ),
    'R-2.4-short-of-the-end': rangeVector(
      'R-2.4',
      'a shorter bundle that does not reach the end',
      { ...last, entries: last.entries.slice(0, -1), size: 12 },
      'range-not-proven',
    ),
    'R-0.1-hole-in-a-range': rangeVector(
      'R-0.1',
      'a bundle with a hole',
      { ...middle, entries: middle.entries.toSpliced(1, 1) },
      'range-not-contiguous',
    ),
    'R-0.1-order-of-a-range': rangeVector(
      'R-0.1',
      'a bundle out of order',
      { ...middle, entries: middle.entries.toReversed() },
      'range-not-contiguous',
    ),
    'R-0.1-foreign-entry-in-a-range': rangeVector(
      'R-0.1',
      'a bundle with an entry of another log',
      { ...middle, entries: middle.entries.with(2, foreign) },
      'entry-wrong-log',
    ),
    'R-2.5-broken-prev-in-a-proven-bundle': rangeVector(
      'R-2.5',
      'a link that is broken inside the tree of its author',
      bundleOf(brokenLog(), 4, 2),
      'broken-prev',
      { seq: 4 },
    ),
  }
}

/** The entries after a changed one, linked and signed anew. */
function relinked(entries: readonly ParsedEntry[]): ParsedEntry[] {
  const result: ParsedEntry[] = []
  for (const entry of entries) {
    const { seq } = entry.header
    const prev = result.at(-1)?.leaf ?? entry.prev
    const place = { logId: entry.logId, seq, prev }
    const linked = seq <= 6 ? entry : buildEntry(alliance, place, batchOf(`main ${seq}`), log.signer.sign)
    result.push(linked)
  }
  return result
}
