import { expect, test } from 'vitest'
import { TLP } from '../../src/indicator/marking.ts'
import { charged, fullQuota, mayFetch, mayFetchFromMs, refilled, usedShare } from '../../src/policy/quota.ts'
import { bodyDays } from '../../src/policy/retention.ts'

const RULES = { dailyBytes: 1_000_000, dailyEntries: 1000 }
const HOUR_MS = 3_600_000

test('beyond a quota entries come at its rate, and not one of them earlier', () => {
  let left = charged(fullQuota(RULES, 0), 1000, 1000, RULES)
  expect(mayFetch(left)).toBe(0)
  left = refilled(left, RULES, 6 * HOUR_MS)
  expect(mayFetch(left)).toBe(250)
  left = charged(left, 1000, 250, RULES)
  expect(mayFetch(refilled(left, RULES, 6 * HOUR_MS))).toBe(0)
})

test('bytes count like entries, and a clock that is set back earns nothing', () => {
  const left = charged(fullQuota(RULES, 5000), 2_000_000, 1, RULES)
  expect(mayFetch(left)).toBe(0)
  expect(mayFetch(refilled(left, RULES, 0))).toBe(0)
  expect(mayFetch(refilled({ ...left, atMs: 0 }, RULES, 24 * HOUR_MS + 1))).toBe(0)
  expect(mayFetch(refilled(refilled(left, RULES, 24 * HOUR_MS + 5000), RULES, 48 * HOUR_MS))).toBeGreaterThan(900)
})

test('what was left is full again after a day, and a debt is never more than a day', () => {
  const left = charged(fullQuota(RULES, 0), 0, 1_000_000, RULES)
  expect(left.entries).toBe(-1000)
  const next = refilled(left, RULES, 24 * HOUR_MS)
  expect(mayFetch(refilled(next, RULES, 48 * HOUR_MS))).toBe(1000)
})

test('the share that is used is that of what is scarcer', () => {
  expect(usedShare(charged(fullQuota(RULES, 0), 100_000, 600, RULES), RULES)).toBeCloseTo(0.6)
  expect(usedShare(charged(fullQuota(RULES, 0), 700_000, 1, RULES), RULES)).toBeCloseTo(0.7)
})

test('a body is kept as long as the longest of what it holds', () => {
  const rules = { allianceDays: 730, ownDays: 90, daysByTlp: new Map([[TLP.RED, 30] as const]) }
  expect(bodyDays(rules, [TLP.RED])).toBe(30)
  expect(bodyDays(rules, [TLP.RED, TLP.GREEN])).toBe(90)
  expect(bodyDays(rules, [])).toBe(90)
  expect(bodyDays({ ...rules, ownDays: 0 }, [TLP.GREEN])).toBe(730)
})

test('when more of a nation comes is told to the moment', () => {
  for (const left of [
    charged(fullQuota(RULES, 7), 10, 1000, RULES),
    charged(fullQuota(RULES, 7), 1_400_000, 9, RULES),
  ]) {
    const fromMs = mayFetchFromMs(left, RULES)
    expect(mayFetch(refilled(left, RULES, fromMs - 100))).toBe(0)
    expect(mayFetch(refilled(left, RULES, fromMs))).toBeGreaterThan(0)
  }
  expect(mayFetchFromMs(fullQuota(RULES, 7), RULES)).toBe(7)
})
