import { expect, test } from 'vitest'
import { createTurns } from '../../src/node/mechanisms/turns.ts'

test('runs one after the other, in the order of the calls', async () => {
  const inTurn = createTurns()
  const steps: string[] = []
  const work = (name: string, ticks: number) => async () => {
    steps.push(`${name} begins`)
    for (let i = 0; i < ticks; i++) await null
    steps.push(`${name} ends`)
    return name
  }
  expect(await Promise.all([inTurn(work('a', 5)), inTurn(work('b', 0)), inTurn(work('c', 2))])).toEqual(['a', 'b', 'c'])
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('a failure reaches its own caller and nobody else', async () => {
  const inTurn = createTurns()
  const failing = inTurn(async () => {
    throw new Error('no')
  })
  const next = inTurn(async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
