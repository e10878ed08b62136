import { expect, test } from 'vitest'
import { createRegistryHints } from '../../src/node/network/registry-hints.ts'

const MINUTE_MS = 60_000

function setUp() {
  const state = { version: 5, nowMs: 1_000_000, fetches: 0 }
  const hints = createRegistryHints({
    version: () => state.version,
    fetch: () => void state.fetches++,
    clock: { now: () => state.nowMs },
  })
  /** A hint every second for so long; how many of them were followed. */
  const hintFor = (source: string, version: number, minutes: number): number => {
    const before = state.fetches
    for (let i = 0; i < minutes * 60; i++) {
      hints.hint(source, version)
      state.nowMs += 1000
    }
    return state.fetches - before
  }
  return { state, hints, hintFor }
}

test('R-1.10: a higher version is fetched at once, the same or a lower one never', () => {
  const { state, hints } = setUp()
  hints.hint('AAA', 5)
  hints.hint('AAA', 4)
  expect(state.fetches).toBe(0)
  hints.hint('AAA', 6)
  expect(state.fetches).toBe(1)
})

test('R-1.10: a liar who names 2^53-1 is followed ever more seldom, and an hour apart in the end', () => {
  const { hintFor, hints } = setUp()
  expect(hintFor('AAA', Number.MAX_SAFE_INTEGER, 60)).toBeLessThan(15)
  expect(hintFor('AAA', Number.MAX_SAFE_INTEGER, 24 * 60)).toBeLessThan(30)
  expect(hints.counts.heldBack).toBeGreaterThan(80_000)
})

test('a liar holds nobody off who tells the truth, and its own later truth is followed once something was new', () => {
  const { state, hintFor, hints } = setUp()
  hintFor('AAA', Number.MAX_SAFE_INTEGER, 60)
  const before = state.fetches
  hints.hint('BBB', 6)
  expect(state.fetches).toBe(before + 1)
  state.version = 6
  state.nowMs += 2 * 60 * MINUTE_MS
  expect(hintFor('AAA', 7, 1)).toBeGreaterThan(2)
})

test('a clock that was set back holds no hint back', () => {
  const { state, hints } = setUp()
  hints.hint('AAA', 6)
  state.nowMs -= 365 * 24 * 60 * MINUTE_MS
  hints.hint('AAA', 6)
  expect(state.fetches).toBe(2)
})

test('more sources than are remembered cost no more memory', () => {
  const { hints } = setUp()
  for (let i = 0; i < 5000; i++) hints.hint(`N${i}`, 9)
  hints.hint('N4999', 9)
  expect(hints.counts).toEqual({ followed: 5000, heldBack: 1 })
})
