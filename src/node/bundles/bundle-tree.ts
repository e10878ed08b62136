import type { Hash } from '../../base/ids.ts'
import { appendLeaf, type CompactRange, rangeRoot } from '../../merkle/compact-range.ts'
import { type HashAt, TILE_LEVELS } from '../../merkle/proof-source.ts'
import { buildSubtreePath } from '../../merkle/subtree.ts'
import { nodeHash } from '../../merkle/tree-hash.ts'

/** Leaves of one tile. */
const TILE_LEAVES = 2 ** TILE_LEVELS

/**
 * The tree of a log of which a file holds what begins at some entry. Kept are one hash for 256 leaves and what is above
 * them; leaves are read again where a path needs them.
 */
export interface BundleTree {
  /** The entries before it are known by their compact range alone. */
  readonly from: number
  readonly size: number
  /** Of all entries so far. */
  root(): Hash
  add(leaf: Hash): void
  /** From the leaves `[at, at + count)` to the root of the first `size`; `leavesOf` gives leaves from a seq on. */
  prove(at: number, count: number, size: number, leavesOf: LeavesOf): Promise<readonly Hash[]>
}

/** The leaves of `[from, to)`, all of which are in the file. */
export type LeavesOf = (from: number, to: number) => Promise<readonly Hash[]>

export function createBundleTree(before: CompactRange): BundleTree {
  const { size: from } = before
  const peaks = peaksByPlace(before)
  const nodes = new Map<string, Hash>()
  let range = before

  /** Reads the leaves of these tiles, and answers for all that is above the others. */
  async function nodesWith(tiles: ReadonlySet<number>, leavesOf: LeavesOf): Promise<HashAt> {
    const leaves = new Map<number, Hash>()
    for (const tile of tiles) {
      const start = Math.max(from, tile * TILE_LEAVES)
      const end = Math.min(range.size, (tile + 1) * TILE_LEAVES)
      const read = start < end ? await leavesOf(start, end) : []
      for (const [i, leaf] of read.entries()) leaves.set(start + i, leaf)
    }
    const hashAt: HashAt = (level, index) => {
      const known = peaks.get(placeOf(level, index)) ?? nodes.get(placeOf(level, index))
      if (known !== undefined) return known
      if (level > 0) return nodeHash(hashAt(level - 1, index * 2), hashAt(level - 1, index * 2 + 1))
      const leaf = leaves.get(index)
      if (leaf === undefined) throw new RangeError(`leaf ${index} of a file that begins at ${from}`)
      return leaf
    }
    return hashAt
  }

  return {
    from,
    get size() {
      return range.size
    },
    root: () => rangeRoot(range),
    add(leaf) {
      range = appendLeaf(range, leaf, (level, index, hash) => {
        if (level >= TILE_LEVELS) nodes.set(placeOf(level, index), hash)
      })
    },
    async prove(at, count, size, leavesOf) {
      // A path goes along whole tiles, but where the entries are and where the tree ends.
      const tiles = new Set([at, size - 1].map(seq => Math.floor(seq / TILE_LEAVES)))
      return buildSubtreePath(await nodesWith(tiles, leavesOf), at, count, size)
    },
  }
}

function peaksByPlace({ size, peaks }: CompactRange): ReadonlyMap<string, Hash> {
  const places = new Map<string, Hash>()
  let start = 0
  for (let level = Math.ceil(Math.log2(size + 1)); level >= 0; level--) {
    const width = 2 ** level
    if (Math.floor(size / width) % 2 === 0) continue
    places.set(placeOf(level, start / width), peaks[places.size]!)
    start += width
  }
  return places
}

function placeOf(level: number, index: number): string {
  return `${level}/${index}`
}
