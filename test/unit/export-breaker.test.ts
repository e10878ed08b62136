import { describe, expect, test } from 'vitest'
import { type Admitted, judgeChange, mayGo } from '../../src/policy/export-breaker.ts'

const RULES = {
  growth: { count: 100, share: 0.5 },
  perNation: { count: 50, share: 0.2 },
  shrink: { count: 10, share: 0.25 },
  holdFirst: false,
}
const NONE: Admitted = { added: 0, byNation: new Map(), removed: 0, withdrawnBy: new Map() }

function judge(
  added: Readonly<Record<string, number>>,
  more: { before?: number; removed?: number; withdrawn?: Readonly<Record<string, number>> } = {},
  admitted = NONE,
) {
  const { before = 100, removed = 0, withdrawn = {} } = more
  const change = {
    before,
    added: new Map(Object.entries(added)),
    removed,
    withdrawn: new Map(Object.entries(withdrawn)),
  }
  return judgeChange(change, RULES, admitted)
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
    const first = { before: undefined, added: new Map([['DEU', 1_000_000]]), removed: 0, withdrawn: new Map() }
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
    expect(verdict).toMatchObject({ heldNations: ['DEU', 'FRA', 'POL'] })
    expect(mayGo(verdict, 'FRA')).toBe(false)
  })

  test('those who fill it, and not a nation that says its part of it', () => {
    const admitted = {
      ...NONE,
      added: 98,
      byNation: new Map([
        ['DEU', 49],
        ['FRA', 49],
      ]),
    }
    const verdict = judge({ DEU: 1, FRA: 1, POL: 20 }, {}, admitted)
    expect(verdict.heldNations).toEqual(['DEU', 'FRA'])
    expect([mayGo(verdict, 'DEU FRA'), mayGo(verdict, 'POL')]).toEqual([false, true])
    expect(verdict.reasons).toEqual(['120 entries would be new; 100 may be, and 33 of each of 3 nations'])
    expect(judge({ POL: 34 }, {}, admitted).heldNations).toEqual(['POL'])
  })

  test('what comes little by little', () => {
    const admitted = { ...NONE, added: 45, byNation: new Map([['DEU', 45]]) }
    expect(judge({ DEU: 5 }, {}, admitted).reasons).toEqual([])
    expect(judge({ DEU: 6 }, {}, admitted).heldNations).toEqual(['DEU'])
  })

  test('everything where too much would leave, at once or little by little', () => {
    expect(judge({}, { removed: 26 })).toMatchObject({ holdsAll: true })
    expect(judge({}, { removed: 1 }, { ...NONE, removed: 25 })).toMatchObject({ holdsAll: true })
    expect(judge({}, {}, { ...NONE, removed: 26 })).toMatchObject({ holdsAll: false })
  })

  test('everything where one nation withdraws more than it could add', () => {
    expect(judge({}, { withdrawn: { DEU: 50, FRA: 50 } }).reasons).toEqual([])
    const verdict = judge({}, { withdrawn: { DEU: 51 } })
    expect(verdict).toMatchObject({ holdsAll: true, reasons: ['DEU withdraws 51 entries; 50 may leave at once'] })
    expect(judge({}, { withdrawn: { DEU: 1 } }, { ...NONE, withdrawnBy: new Map([['DEU', 50]]) }).holdsAll).toBe(true)
  })
})
