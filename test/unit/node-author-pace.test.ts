import { expect, test } from 'vitest'
import { createAuthorPace } from '../../src/node/intake/author-pace.ts'

const RULES = { entries: { burst: 10, perSecond: 2 }, kib: { burst: 100, perSecond: 10 } }

test('who sends too fast is left to sync until it has slowed down, and nobody else is', () => {
  let nowMs = 0
  const pace = createAuthorPace({ now: () => nowMs }, { has: () => true }, RULES)
  for (let i = 0; i < 10; i++) {
    expect(pace.has('AAA')).toBe(true)
    pace.took('AAA', 500)
  }
  expect(pace.has('AAA')).toBe(false)
  expect(pace.has('BBB')).toBe(true)
  nowMs += 1000
  expect(pace.has('AAA')).toBe(true)
})

test('bytes count too', () => {
  const pace = createAuthorPace({ now: () => 0 }, { has: () => true }, RULES)
  pace.took('AAA', 65_536)
  expect(pace.has('AAA')).toBe(true)
  pace.took('AAA', 65_536)
  expect(pace.has('AAA')).toBe(false)
})

test('beyond the quota of the day nothing comes by gossip', () => {
  const pace = createAuthorPace({ now: () => 0 }, { has: nation => nation !== 'AAA' }, RULES)
  expect([pace.has('AAA'), pace.has('BBB')]).toEqual([false, true])
})
