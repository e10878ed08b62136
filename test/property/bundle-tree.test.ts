import fc from 'fast-check'
import { expect, test } from 'vitest'
import { u32be } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { compactRangeAt, rangeRoot } from '../../src/merkle/compact-range.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { verifyLeafRange } from '../../src/merkle/subtree.ts'
import { createBundleTree } from '../../src/node/bundles/bundle-tree.ts'
import { nextBundle } from '../../src/sync/bundle-plan.ts'

const LEAVES_MAX = 1500
const leaves = Array.from({ length: LEAVES_MAX }, (_, i) => sha256(u32be(i)))
const hashAt = hashAtFromLeaves(leaves)

/** whoever has a log from some entry on can prove all of it that a peer who has the whole log can. */
test('a file that begins anywhere proves its entries in every tree that ends in it', async () => {
  const places = fc
    .tuple(fc.integer({ min: 0, max: LEAVES_MAX - 1 }), fc.nat(), fc.nat(), fc.nat())
    .map(([from, a, b, c]) => {
      const end = from + 1 + (a % (LEAVES_MAX - from))
      const size = from + 1 + (b % (end - from))
      return { from, end, size, at: from + (c % (size - from)) }
    })
  await fc.assert(
    fc.asyncProperty(places, async ({ from, end, size, at }) => {
      const tree = createBundleTree(compactRangeAt(hashAt, from))
      for (const leaf of leaves.slice(from, end)) tree.add(leaf)
      expect(tree.root()).toEqual(rangeRoot(compactRangeAt(hashAt, end)))
      const { count } = nextBundle(at, size, size)
      const read = async (first: number, last: number) => {
        expect(first).toBeGreaterThanOrEqual(from)
        expect(last).toBeLessThanOrEqual(end)
        return leaves.slice(first, last)
      }
      const path = await tree.prove(at, count, size, read)
      const root = rangeRoot(compactRangeAt(hashAt, size))
      expect(verifyLeafRange({ from: at, leaves: leaves.slice(at, at + count), size, root, path })).toBe(true)
    }),
    { numRuns: 150 },
  )
})
