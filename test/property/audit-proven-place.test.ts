import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isIncluded, treeUpTo } from '../../src/audit/proven-place.ts'
import { parseHash } from '../../src/base/ids.ts'
import { compactRangeAt } from '../../src/merkle/compact-range.ts'
import { buildInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { bytesOf } from '../support/chain-fixture.ts'

const leaves = Array.from({ length: 200 }, (_, i) => bytesOf(`leaf ${i}`))
const hashAt = hashAtFromLeaves(leaves)

const places = fc
  .tuple(fc.integer({ min: 1, max: leaves.length }), fc.nat())
  .map(([size, nat]) => ({ size, seq: nat % size }))

function placeOf(seq: number) {
  return { seq, leaf: leaves[seq]!, before: compactRangeAt(hashAt, seq) }
}

it('shows with one path that the entry is in the tree and that the tree goes on from the one that ends with it', () => {
  fc.assert(
    fc.property(places, ({ size, seq }) => {
      const place = placeOf(seq)
      expect(treeUpTo(place)).toEqual({ size: seq + 1, root: rootOf(leaves.slice(0, seq + 1)) })
      const path = buildInclusion(hashAt, seq, size)
      expect(isIncluded(place, rootOf(leaves.slice(0, size)), { size, path })).toBe(true)
    }),
  )
})

it('believes no other leaves before the entry than those of the path', () => {
  fc.assert(
    fc.property(
      places.filter(({ seq }) => seq > 0),
      fc.nat(),
      ({ size, seq }, nat) => {
        const place = placeOf(seq)
        const inclusion = { size, path: buildInclusion(hashAt, seq, size) }
        const root = rootOf(leaves.slice(0, size))
        const { peaks } = place.before
        const at = nat % peaks.length
        const other = peaks.with(at, parseHash(bytesOf('another peak')))
        expect(isIncluded({ ...place, before: { size: seq, peaks: other } }, root, inclusion)).toBe(false)
        const fewer = peaks.toSpliced(at, 1)
        expect(isIncluded({ ...place, before: { size: seq, peaks: fewer } }, root, inclusion)).toBe(false)
      },
    ),
  )
})
