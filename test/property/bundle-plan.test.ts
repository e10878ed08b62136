import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodePlaceOf } from '../../src/merkle/subtree.ts'
import { nextBundle } from '../../src/sync/bundle-plan.ts'

const sizes = fc.record({
  size: fc.integer({ min: 1, max: 3000 }),
  from: fc.integer({ min: 0, max: 2999 }),
  extra: fc.integer({ min: 0, max: 600 }),
  entriesMax: fc.integer({ min: 1, max: 256 }),
})

test('bundles cover a range without gap or overlap, and each within the proven tree is one subtree of it', () => {
  fc.assert(
    fc.property(sizes, ({ size: proven, from, extra, entriesMax }) => {
      const to = Math.max(from + 1, proven + extra)
      let at = from
      while (at < to) {
        const bundle = nextBundle(at, to, proven, entriesMax)
        expect(bundle.from).toBe(at)
        expect(bundle.count).toBeGreaterThan(0)
        expect(bundle.count).toBeLessThanOrEqual(entriesMax)
        if (at < proven) expect(nodePlaceOf(at, bundle.count, proven)).toBeDefined()
        at += bundle.count
      }
      expect(at).toBe(to)
    }),
  )
})

test('a range that ends inside the proven tree is still made of whole subtrees', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 0, max: 1999 }),
      fc.integer({ min: 1, max: 2000 }),
      (to, from, beyond) => {
        fc.pre(from < to)
        for (let at = from; at < to; ) {
          const bundle = nextBundle(at, to, to + beyond)
          expect(bundle.from + bundle.count).toBeLessThanOrEqual(to)
          expect(nodePlaceOf(bundle.from, bundle.count, to + beyond)).toBeDefined()
          at += bundle.count
        }
      },
    ),
  )
})

test('full tiles are fetched as tiles', () => {
  expect(nextBundle(512, 100_000, 100_000)).toEqual({ from: 512, count: 256 })
  expect(nextBundle(768, 1000, 1000)).toEqual({ from: 768, count: 232 })
})
