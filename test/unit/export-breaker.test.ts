import { describe, expect, test } from 'vitest'
import { type Admitted, judgeChange, mayGo } from '../../src/policy/export-breaker.ts'

const RULES = {
  growth: { count: 100, share: 0.5 },
  perNation: { count: 50, share: 0.2 },
  shrink: { count: 10, share: 0.25 },
  holdFirst: false,
}
const NONE: Admitted = { total: 0, byNation: new Map() }

function judge(
  added: Readonly<Record<string, number>>,
  more: { before?: number; removed?: number } = {},
  admitted = NONE,
) {
  const { before = 100, removed = 0 } = more
  return judgeChange({ before, added: new Map(Object.entries(added)), removed }, RULES, admitted)
}

describe('the breaker lets', () => {
  test('pass what is within its limits', () => {
    expect(judge({ DEU: 50, FRA: 50 }, { removed: 25 })).toMatchObject({ reasons: [] })
  })

  test('what others say pass while one nation is held', () => {
    const verdict = judge({ DEU: 51, FRA: 40, 'DEU FRA': 1 })
    expect(verdict).toMatchObject({ heldNations: ['DEU'], holdsGrowth: false, holdsAll: false })
    expect([mayGo(verdict, 'DEU'), mayGo(verdict, 'FRA'), mayGo(verdict, 'DEU FRA')]).toEqual([false, true, true])
    expect(verdict.reasons).toEqual(['DEU says 52 new entries; 50 may be new'])
  })

  test('the first export pass, unless it is told not to', () => {
    const first = { before: undefined, added: new Map([['DEU', 1_000_000]]), removed: 0 }
    expect(judgeChange(first, RULES, NONE).holdsGrowth).toBe(false)
    expect(judgeChange(first, { ...RULES, holdFirst: true }, NONE).holdsGrowth).toBe(true)
  })

  test('a large export change by its share', () => {
    expect(judge({ DEU: 20_000 }, { before: 100_000 }).reasons).toEqual([])
    expect(judge({ DEU: 20_001 }, { before: 100_000 }).heldNations).toEqual(['DEU'])
  })
})

describe('the breaker holds', () => {
  test('two nations that say the same', () => {
    const verdict = judge({ 'DEU FRA': 51 })
    expect(verdict.heldNations).toEqual(['DEU', 'FRA'])
    expect(mayGo(verdict, 'DEU FRA')).toBe(false)
    expect(mayGo(verdict, 'DEU FRA POL')).toBe(true)
  })

  test('many nations that say much together', () => {
    const verdict = judge({ DEU: 40, FRA: 40, POL: 40 })
    expect(verdict).toMatchObject({ heldNations: [], holdsGrowth: true })
    expect(mayGo(verdict, 'FRA')).toBe(false)
  })

  test('what comes little by little', () => {
    const admitted = { total: 45, byNation: new Map([['DEU', 45]]) }
    expect(judge({ DEU: 5 }, {}, admitted).reasons).toEqual([])
    expect(judge({ DEU: 6 }, {}, admitted).heldNations).toEqual(['DEU'])
  })

  test('everything where too much would leave', () => {
    expect(judge({}, { removed: 26 })).toMatchObject({ holdsAll: true })
  })
})
