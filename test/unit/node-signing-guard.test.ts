import { expect, test } from 'vitest'
import { type NationId, parseNationId } from '../../src/base/ids.ts'
import { createSigningGuard } from '../../src/node/writing/signing-guard.ts'

function guardOf(others: number, faults = 0) {
  const nations: NationId[] = Array.from({ length: others }, (_, i) => parseNationId(`N${String(i).padStart(2, '0')}`))
  const clock = { ms: 1_000_000, now: () => clock.ms }
  const guard = createSigningGuard({ clock, otherNations: () => nations, faultsTolerated: () => faults })
  return { guard, clock, nations }
}

test('an alliance with no other active nation waits for nobody', () => {
  expect(guardOf(0).guard.state()).toEqual({ kind: 'open' })
})

test.each([
  [1, 0, 1],
  [2, 0, 2],
  [4, 1, 2],
  [9, 3, 4],
  [30, 10, 11],
])('with %i other nations and %i that may lie, %i have to answer', (others, faults, needed) => {
  const { guard, nations } = guardOf(others, faults)
  for (const nation of nations.slice(0, needed)) {
    expect(guard.state()).toMatchObject({ kind: 'waiting', needed })
    guard.answer(nation)
    guard.answer(nation)
  }
  expect(guard.state()).toEqual({ kind: 'open' })
})

test('after a minute one answer is enough, and none is not', () => {
  const { guard, clock, nations } = guardOf(9, 3)
  clock.ms += 60_000
  expect(guard.state()).toEqual({ kind: 'waiting', answered: 0, needed: 4 })
  guard.answer(nations[4]!)
  expect(guard.state()).toEqual({ kind: 'open' })
})

test('only other active nations count', () => {
  const { guard } = guardOf(2)
  guard.answer(parseNationId('OWN'))
  guard.answer(parseNationId('GONE'))
  expect(guard.state()).toMatchObject({ kind: 'waiting', answered: 0 })
})

test('stays open once it is, whatever becomes of the alliance', () => {
  const { guard, nations } = guardOf(1)
  guard.answer(nations[0]!)
  expect(guard.state().kind).toBe('open')
  nations.push(parseNationId('NEW'), parseNationId('NEWER'))
  expect(guard.state().kind).toBe('open')
})

test('a head ahead stops it, open or not, until a new incarnation', () => {
  for (const before of ['waiting', 'open'] as const) {
    const { guard, nations } = guardOf(1)
    if (before === 'open') guard.answer(nations[0]!)
    expect(guard.state().kind).toBe(before)
    guard.stop(5, 9, 'DEU')
    guard.stop(5, 100, 'FRA')
    expect(guard.state()).toEqual({ kind: 'stopped', heldHere: 5, heldThere: 9, by: 'DEU' })
    guard.answer(nations[0]!)
    expect(guard.state().kind).toBe('stopped')
    guard.incarnated()
    expect(guard.state()).toEqual({ kind: 'open' })
  }
})
