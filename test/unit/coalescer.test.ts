import { expect, test } from 'vitest'
import { createCoalescer } from '../../src/node/mechanisms/coalescer.ts'

function atTime(windowMs: number) {
  const clock = { ms: 1_000_000, now: () => clock.ms }
  return { clock, coalescer: createCoalescer(windowMs, clock) }
}

test('an idle node sends a single publish at once', () => {
  const { coalescer } = atTime(250)
  expect(coalescer.waitMs(0.01)).toBe(0)
})

test('under load the window applies, and never longer than itself', () => {
  const { coalescer } = atTime(250)
  for (let i = 0; i < 8; i++) coalescer.sent()
  expect(coalescer.waitMs(0.01)).toBeGreaterThan(0)
  expect(coalescer.waitMs(0.01)).toBeLessThanOrEqual(250)
})

test('a short window bounds every wait', () => {
  const { coalescer } = atTime(3)
  for (let i = 0; i < 100; i++) coalescer.sent()
  expect(coalescer.waitMs(0.01)).toBe(3)
})

test('whoever publishes one at a time is hardly held up', () => {
  const { clock, coalescer } = atTime(250)
  let waited = 0
  for (let i = 0; i < 100; i++) {
    const waitMs = coalescer.waitMs(0.01)
    waited += waitMs
    clock.ms += waitMs
    coalescer.sent()
  }
  expect(waited / 100).toBeLessThanOrEqual(25)
})

test('a full message never waits', () => {
  const { coalescer } = atTime(250)
  for (let i = 0; i < 100; i++) coalescer.sent()
  expect(coalescer.waitMs(1)).toBe(0)
})

test('after a pause the next publish goes at once again', () => {
  const { clock, coalescer } = atTime(250)
  for (let i = 0; i < 100; i++) coalescer.sent()
  clock.ms += 250
  expect(coalescer.waitMs(0.01)).toBe(0)
})

test('a clock that goes back does not block for ever', () => {
  const { clock, coalescer } = atTime(250)
  for (let i = 0; i < 100; i++) coalescer.sent()
  clock.ms -= 3_600_000
  coalescer.waitMs(0.01)
  clock.ms += 250
  expect(coalescer.waitMs(0.01)).toBe(0)
})

test('a window of zero never waits', () => {
  const { coalescer } = atTime(0)
  for (let i = 0; i < 100; i++) coalescer.sent()
  expect(coalescer.waitMs(0.01)).toBe(0)
})
