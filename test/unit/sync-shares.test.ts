import { describe, expect, test } from 'vitest'
import type { LogIdHex } from '../../src/base/ids.ts'
import { createShares, type Offer, type Share, type ShareRules } from '../../src/sync/shares.ts'

const RULES: ShareRules = { entries: 100, aheadMax: 400, slowMs: 1000, writtenMs: 100_000 }

function offer(logId: string, held: number, to: number, more: Partial<Offer> = {}): Offer {
  return { logId: logId as LogIdHex, author: logId, held, to, allowedTo: to, mode: 'shared', ...more }
}

function createPullers(rules = RULES) {
  const shares = createShares(rules)
  const take = (puller: string, offers: readonly Offer[], nowMs = 0): Share | string => {
    const choice = shares.choose(puller, offers, nowMs)
    return choice.kind === 'share' ? choice.share : choice.kind
  }
  return { shares, take }
}

describe('what is missing is shared out', () => {
  test('no entry is fetched by two, and nothing far ahead of what is held', () => {
    const { take } = createPullers()
    const log = [offer('a', 30, 10_000)]
    const taken = ['x', 'y', 'x', 'y', 'x'].map(puller => take(puller, log))
    expect(taken).toEqual([
      { logId: 'a', from: 30, to: 100 },
      { logId: 'a', from: 100, to: 200 },
      { logId: 'a', from: 200, to: 300 },
      { logId: 'a', from: 300, to: 400 },
      { logId: 'a', from: 400, to: 430 },
    ])
    expect(take('y', log)).toBe('wait')
    expect(take('y', [offer('a', 10_000, 10_000)])).toBe('none')
  })

  test('what follows a GENESIS is fetched after it', () => {
    const { take } = createPullers()
    expect(take('x', [offer('a', 0, 1000)])).toEqual({ logId: 'a', from: 0, to: 100 })
    expect(take('y', [offer('a', 0, 1000)])).toBe('wait')
    expect(take('y', [offer('a', 1, 1000)])).toEqual({ logId: 'a', from: 100, to: 200 })
  })

  test('authors have their turns: a long log does not hold up short ones', () => {
    const { take } = createPullers()
    const offers = [offer('a', 1, 100_000), offer('b', 1, 50), offer('c', 1, 50)]
    const logs = Array.from({ length: 4 }, () => (take('x', offers) as Share).logId)
    expect(new Set(logs.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']))
    expect(logs[3]).toBe('a')
  })

  test('an author with many logs has one turn among all', () => {
    const { take } = createPullers()
    const many = Array.from({ length: 20 }, (_, i) => offer(`a${i}`, 1, 1000, { author: 'AAA' }))
    const offers = [...many, offer('b', 1, 1000, { author: 'BBB' })]
    const first = [take('x', offers), take('x', offers)] as Share[]
    expect(first.map(({ logId }) => logId)).toContain('b')
  })

  test('of what was given up, and of whom has left, others fetch it', () => {
    const { shares, take } = createPullers()
    const log = [offer('a', 1, 90)]
    take('x', log)
    expect(take('y', log)).toBe('wait')
    shares.giveUp('x', 'a' as LogIdHex)
    expect(take('y', log)).toEqual({ logId: 'a', from: 1, to: 90 })
    shares.leave('y')
    expect(take('z', log)).toEqual({ logId: 'a', from: 1, to: 90 })
  })

  test('who sends nothing of what all wait for loses it, and who sends keeps it', () => {
    const { shares, take } = createPullers()
    const log = [offer('a', 1, 100)]
    take('x', log, 0)
    expect(take('y', log, 900)).toBe('wait')
    shares.arrived('x', 'a' as LogIdHex, 90, 900)
    const rest = [offer('a', 90, 100)]
    expect(take('y', rest, 1500)).toBe('wait')
    expect(shares.isComing('y', 'a' as LogIdHex, 90, 1500)).toBe(true)
    expect(shares.isComing('y', 'a' as LogIdHex, 90, 2500)).toBe(false)
    expect(take('y', rest, 2500)).toEqual({ logId: 'a', from: 90, to: 100 })
  })

  test('what has come and is not held for very long is fetched again, by another and by whoever had it', () => {
    const { shares, take } = createPullers()
    const key = 'a' as LogIdHex
    take('x', [offer('a', 1, 100)], 0)
    shares.arrived('x', key, 90, 0)
    // Another branch was taken up, which begins below.
    const log = [offer('a', 20, 100)]
    expect(take('y', log, 99_000)).toBe('wait')
    expect([shares.isComing('x', key, 20, 99_000), shares.isComing('y', key, 20, 99_000)]).toEqual([true, true])
    expect([shares.isComing('x', key, 20, 100_001), shares.isComing('y', key, 20, 100_001)]).toEqual([false, false])
    expect(take('y', log, 100_001)).toEqual({ logId: 'a', from: 20, to: 100 })
  })

  test('who sends so little that the rest would take long loses it too', () => {
    const { shares, take } = createPullers()
    const log = (held: number) => [offer('a', held, 100)]
    take('x', log(0), 0)
    for (let held = 1, nowMs = 0; nowMs <= 1000; held++, nowMs += 200) {
      shares.arrived('x', 'a' as LogIdHex, held, nowMs)
      expect(take('y', log(held), nowMs)).toBe('wait')
    }
    expect(take('y', log(6), 1100)).toEqual({ logId: 'a', from: 6, to: 100 })
  })

  test('nobody loses a share because what it sent is being written', () => {
    const { shares, take } = createPullers()
    take('x', [offer('a', 1, 100)], 0)
    shares.arrived('x', 'a' as LogIdHex, 60, 10)
    expect(take('y', [offer('a', 30, 100)], 60_000)).toBe('wait')
  })

  test('who claims another branch holds up nobody who fetches the log', () => {
    const { take } = createPullers()
    const claimed = [offer('a', 50, 50, { mode: 'beside' })]
    expect(take('x', claimed)).toMatchObject({ logId: 'a' })
    expect(take('y', [offer('a', 50, 100)])).toEqual({ logId: 'a', from: 50, to: 100 })
    expect(take('z', claimed)).toMatchObject({ logId: 'a' })
  })

  test('a share that has arrived is not taken over while it is being written', () => {
    const { shares, take } = createPullers()
    const log = [offer('a', 1, 100)]
    take('x', log, 0)
    shares.arrived('x', 'a' as LogIdHex, 100, 10)
    expect(take('y', log, 60_000)).toBe('wait')
  })

  test('what one peer alone can show is fetched by one', () => {
    const { shares, take } = createPullers()
    const whole = [offer('a', 50, 100, { mode: 'whole' })]
    expect(take('x', whole)).toMatchObject({ logId: 'a' })
    expect(take('y', whole, 99_999)).toBe('wait')
    shares.leave('x')
    expect(take('y', whole, 99_999)).toMatchObject({ logId: 'a' })
  })

  test('what is over a quota is left for later, and other logs are not', () => {
    const { shares, take } = createPullers()
    const over = offer('a', 50, 100, { allowedTo: 50 })
    expect(take('x', [over, offer('b', 1, 9)])).toMatchObject({ logId: 'b' })
    expect(shares.choose('x', [over, offer('b', 9, 9)], 0)).toEqual({ kind: 'none', delayed: true })
    expect(take('x', [{ ...over, allowedTo: 60 }])).toEqual({ logId: 'a', from: 50, to: 60 })
  })
})
