import { describe, expect, test } from 'vitest'
import { concat, fromHex, toHex, u8, utf8 } from '../../src/base/bytes.ts'
import { StoreError } from '../../src/base/errors.ts'
import { sha256 } from '../../src/base/hash.ts'
import type { Hash } from '../../src/base/ids.ts'
import {
  appendLeaf,
  type CompactRange,
  compactRangeAt,
  decodeCompactRange,
  EMPTY_RANGE,
  encodeCompactRange,
  rangeRoot,
} from '../../src/merkle/compact-range.ts'
import {
  buildConsistency,
  buildOpenConsistency,
  rootsFromOpenConsistency,
  verifyConsistency,
} from '../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves, hashAtFromTiles } from '../../src/merkle/proof-source.ts'
import { buildSubtreePath, nodePlaceOf, verifyLeafRange } from '../../src/merkle/subtree.ts'
import { EMPTY_ROOT, nodeHash, rootOf } from '../../src/merkle/tree-hash.ts'

const SIZE_MAX = 70
const leaves: Hash[] = Array.from({ length: SIZE_MAX }, (_, i) => sha256(utf8(`leaf ${i}`)))
const hashAt = hashAtFromLeaves(leaves)
const roots = Array.from({ length: SIZE_MAX + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)))

/** The definition of RFC 6962 §2.1, word for word. */
function naiveRoot(list: readonly Hash[]): Hash {
  if (list.length === 0) return sha256(new Uint8Array(0))
  if (list.length === 1) return list[0]!
  let k = 1
  while (k * 2 < list.length) k *= 2
  return sha256(concat(u8(1), naiveRoot(list.slice(0, k)), naiveRoot(list.slice(k))))
}

/** Every path that differs from `path` by one step: one left out, one more, two swapped, one changed. */
function damaged(path: readonly Hash[]): Hash[][] {
  const stranger = sha256(utf8('stranger'))
  const variants: Hash[][] = [
    [...path, stranger],
    [stranger, ...path],
  ]
  path.forEach((_, i) => {
    variants.push(path.toSpliced(i, 1), path.toSpliced(i, 1, stranger), path.toSpliced(i, 0, path[i]!))
    if (i > 0) variants.push(path.toSpliced(i - 1, 2, path[i]!, path[i - 1]!))
  })
  return variants
}

describe('known answers of Certificate Transparency', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const ct = inputs.map(input => sha256(concat(u8(0), fromHex(input))))
  const hex = (path: readonly Hash[]) => path.map(toHex)

  test('the root of each size', () => {
    expect(inputs.map((_, i) => toHex(rootOf(ct.slice(0, i + 1))))).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ])
    expect(rootOf([])).toEqual(EMPTY_ROOT)
  })

  test('the inclusion path of the first of eight leaves', () => {
    expect(hex(buildInclusion(hashAtFromLeaves(ct), 0, 8))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ])
  })

  test('the consistency proofs from 6 to 8 and from 2 to 5', () => {
    expect(hex(buildConsistency(hashAtFromLeaves(ct), 6, 8))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
    expect(hex(buildConsistency(hashAtFromLeaves(ct), 2, 5))).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ])
  })
})

describe(`every size up to ${SIZE_MAX}`, () => {
  test('a compact range grows to the root of the definition, and back from its bytes and from the store', () => {
    let range: CompactRange = EMPTY_RANGE
    leaves.forEach((leaf, i) => {
      range = appendLeaf(range, leaf)
      expect(rangeRoot(range)).toEqual(roots[i + 1])
      expect(rootOf(leaves.slice(0, i + 1))).toEqual(roots[i + 1])
      expect(decodeCompactRange(encodeCompactRange(range))).toEqual(range)
      expect(compactRangeAt(hashAt, i + 1)).toEqual(range)
    })
    expect(rangeRoot(EMPTY_RANGE)).toEqual(EMPTY_ROOT)
  })

  test('inclusion of every leaf holds, and with one step too many, too few, swapped or changed it does not', () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      for (let index = 0; index < size; index++) {
        const path = buildInclusion(hashAt, index, size)
        const proof = { leaf: leaves[index]!, index, size, root: roots[size]!, path }
        expect(verifyInclusion(proof)).toBe(true)
        expect(verifyInclusion({ ...proof, leaf: sha256(utf8('other')) })).toBe(false)
        expect(verifyInclusion({ ...proof, index: size })).toBe(false)
        if (size % 7 === 0)
          for (const bad of damaged(path)) expect(verifyInclusion({ ...proof, path: bad })).toBe(false)
      }
    }
  })

  test('a leaf is included at no other place than its own', () => {
    const size = 37
    for (let index = 0; index < size; index++) {
      const path = buildInclusion(hashAt, index, size)
      const places = leaves
        .slice(0, size)
        .flatMap((_, at) =>
          verifyInclusion({ leaf: leaves[index]!, index: at, size, root: roots[size]!, path }) ? [at] : [],
        )
      expect(places).toEqual([index])
    }
  })

  test('consistency between every two sizes holds, and a damaged proof does not', () => {
    for (let toSize = 1; toSize <= SIZE_MAX; toSize++) {
      for (let fromSize = 0; fromSize <= toSize; fromSize++) {
        const path = buildConsistency(hashAt, fromSize, toSize)
        const proof = { fromSize, fromRoot: roots[fromSize]!, toSize, toRoot: roots[toSize]!, path }
        expect(verifyConsistency(proof)).toBe(true)
        if (fromSize < toSize) expect(verifyConsistency({ ...proof, fromRoot: roots[fromSize + 1]! })).toBe(false)
        if (toSize % 11 === 0)
          for (const bad of damaged(path)) expect(verifyConsistency({ ...proof, path: bad })).toBe(false)
      }
    }
  })

  test('an open consistency path leads to both roots, and a damaged one to neither', () => {
    for (let toSize = 2; toSize <= SIZE_MAX; toSize++) {
      for (let fromSize = 1; fromSize < toSize; fromSize++) {
        const path = buildOpenConsistency(hashAt, fromSize, toSize)
        const shown = rootsFromOpenConsistency(fromSize, toSize, path)
        expect(shown).toEqual({ fromRoot: roots[fromSize], toRoot: roots[toSize] })
        if (toSize % 11 !== 0) continue
        for (const bad of damaged(path)) {
          expect(rootsFromOpenConsistency(fromSize, toSize, bad)?.toRoot).not.toEqual(roots[toSize])
        }
      }
    }
  })

  test('each range that is one node of the tree is provable, and no other is', () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      for (let from = 0; from < size; from++) {
        for (let count = 1; from + count <= size; count++) {
          if (nodePlaceOf(from, count, size) === undefined) continue
          const path = buildSubtreePath(hashAt, from, count, size)
          const range = { from, leaves: leaves.slice(from, from + count), size, root: roots[size]!, path }
          expect(verifyLeafRange(range)).toBe(true)
          expect(verifyLeafRange({ ...range, from: from + count })).toBe(false)
          expect(verifyLeafRange({ ...range, leaves: range.leaves.slice(1) })).toBe(false)
          if (size % 23 === 0)
            for (const bad of damaged(path)) expect(verifyLeafRange({ ...range, path: bad })).toBe(false)
        }
      }
    }
    expect(nodePlaceOf(4, 8, 70)).toBeUndefined()
    expect(nodePlaceOf(0, 3, 70)).toBeUndefined()
    expect(nodePlaceOf(64, 6, 70)).toEqual({ level: 3, index: 8, nodes: 9 })
    expect(nodePlaceOf(64, 5, 70)).toBeUndefined()
  })
})

describe('a store that keeps one hash per 256 leaves', () => {
  const many: Hash[] = Array.from({ length: 1000 }, (_, i) => sha256(utf8(`many ${i}`)))
  const kept = new Map<string, Hash>()
  many.reduce((range, leaf, i) => {
    kept.set(`0/${i}`, leaf)
    return appendLeaf(range, leaf, (level, index, hash) => {
      if (level % 8 === 0) kept.set(`${level}/${index}`, hash)
    })
  }, EMPTY_RANGE)
  const stored = hashAtFromTiles((level, index) => {
    const hash = kept.get(`${level}/${index}`)
    if (hash === undefined) throw new Error(`${level}/${index} was never kept`)
    return hash
  })

  test('gives the bundle of every aligned 256 leaves and of the shorter last one its path', () => {
    expect([...kept.keys()].filter(key => key.startsWith('8/'))).toEqual(['8/0', '8/1', '8/2'])
    for (const size of [256, 257, 511, 512, 600, 768, 1000]) {
      for (let from = 0; from < size; from += 256) {
        const bundle = many.slice(from, Math.min(from + 256, size))
        const path = buildSubtreePath(stored, from, bundle.length, size)
        const range = { from, leaves: bundle, size, root: naiveRoot(many.slice(0, size)), path }
        expect(verifyLeafRange(range)).toBe(true)
        expect(verifyLeafRange({ ...range, leaves: bundle.with(0, EMPTY_ROOT) })).toBe(false)
      }
    }
  })

  test('has no path for a range that two nodes cover', () => {
    expect(() => buildSubtreePath(stored, 128, 256, 1000)).toThrow(RangeError)
  })
})

test('a node never hashes like a leaf', () => {
  const [left, right] = [leaves[0]!, leaves[1]!]
  expect(nodeHash(left, right)).not.toEqual(sha256(concat(u8(0), left, right)))
})

test('refuses a stored compact range whose length does not fit its size', () => {
  const bytes = encodeCompactRange(compactRangeAt(hashAt, 5))
  expect(() => decodeCompactRange(bytes.slice(0, -1))).toThrow(StoreError)
  expect(() => decodeCompactRange(bytes.slice(0, 8))).toThrow(StoreError)
  expect(() => decodeCompactRange(new Uint8Array(3))).toThrow(StoreError)
})
