import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, u8, u32be } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import type { Hash } from '../../src/base/ids.ts'
import { appendLeaf, compactRangeAt, EMPTY_RANGE, rangeRoot } from '../../src/merkle/compact-range.ts'
import { buildConsistency, verifyConsistency } from '../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { buildSubtreePath, nodePlaceOf, verifyLeafRange } from '../../src/merkle/subtree.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'

const SIZE_MAX = 600
const leaves: Hash[] = Array.from({ length: SIZE_MAX }, (_, i) => sha256(u32be(i)))
const hashAt = hashAtFromLeaves(leaves)
const size = fc.integer({ min: 1, max: SIZE_MAX })

function naiveRoot(list: readonly Hash[]): Hash {
  if (list.length === 1) return list[0]!
  const k = 2 ** (Math.ceil(Math.log2(list.length)) - 1)
  return sha256(concat(u8(1), naiveRoot(list.slice(0, k)), naiveRoot(list.slice(k))))
}

test('roots are those of the naive tree, at once or leaf by leaf', () => {
  fc.assert(
    fc.property(size, n => {
      const list = leaves.slice(0, n)
      expect(rootOf(list)).toEqual(naiveRoot(list))
      expect(rangeRoot(list.reduce((range, leaf) => appendLeaf(range, leaf), EMPTY_RANGE))).toEqual(naiveRoot(list))
    }),
    { numRuns: 30 },
  )
})

test('appending to a range read from the store is appending to the log', () => {
  fc.assert(
    fc.property(size, size, (a, b) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      const grown = leaves
        .slice(from, to)
        .reduce((range, leaf) => appendLeaf(range, leaf), compactRangeAt(hashAt, from))
      expect(grown).toEqual(compactRangeAt(hashAt, to))
    }),
    { numRuns: 50 },
  )
})

test('a proof holds for its tree and for no tree with another leaf', () => {
  fc.assert(
    fc.property(size, fc.nat(SIZE_MAX - 1), fc.nat(SIZE_MAX - 1), (n, i, j) => {
      const [index, changed] = [i % n, j % n]
      const other = leaves.slice(0, n).with(changed, sha256(u32be(SIZE_MAX)))
      const path = buildInclusion(hashAt, index, n)
      const proof = { leaf: leaves[index]!, index, size: n, path }
      expect(verifyInclusion({ ...proof, root: rootOf(leaves.slice(0, n)) })).toBe(true)
      expect(verifyInclusion({ ...proof, root: rootOf(other) })).toBe(false)
    }),
    { numRuns: 100 },
  )
})

test('consistency holds exactly where the smaller tree is a prefix of the larger', () => {
  fc.assert(
    fc.property(size, size, fc.nat(SIZE_MAX - 1), (a, b, j) => {
      const [fromSize, toSize] = a < b ? [a, b] : [b, a]
      const changed = j % toSize
      const other = leaves.slice(0, toSize).with(changed, sha256(u32be(SIZE_MAX)))
      const path = buildConsistency(hashAtFromLeaves(other), fromSize, toSize)
      const fromRoot = rootOf(leaves.slice(0, fromSize))
      expect(verifyConsistency({ fromSize, fromRoot, toSize, toRoot: rootOf(other), path })).toBe(changed >= fromSize)
    }),
    { numRuns: 100 },
  )
})

test('a range of leaves is provable exactly where one node covers it', () => {
  fc.assert(
    fc.property(size, fc.nat(SIZE_MAX - 1), fc.integer({ min: 1, max: 256 }), (n, start, length) => {
      const from = start % n
      const count = Math.min(length, n - from)
      fc.pre(nodePlaceOf(from, count, n) !== undefined)
      const root = rootOf(leaves.slice(0, n))
      const path = buildSubtreePath(hashAt, from, count, n)
      expect(verifyLeafRange({ from, leaves: leaves.slice(from, from + count), size: n, root, path })).toBe(true)
    }),
    { numRuns: 100 },
  )
})
