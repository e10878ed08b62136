import { expect, test } from 'vitest'
import { createFairTurns } from '../../src/node/mechanisms/fair-turns.ts'

test('who brings a thousand pieces of work delays another by no more than those under way', async () => {
  const turns = createFairTurns(2)
  const done: string[] = []
  const work = (name: string) =>
    turns.run(name, async () => {
      await new Promise(resolve => setImmediate(resolve))
      done.push(name)
    })
  const all = [...Array.from({ length: 1000 }, () => work('AAA')), work('BBB')]
  await Promise.all(all)
  expect(done.indexOf('BBB')).toBeLessThan(6)
  expect(done).toHaveLength(1001)
})

test('work that fails frees its place', async () => {
  const turns = createFairTurns(1)
  await expect(turns.run('AAA', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await turns.run('AAA', async () => 7)).toBe(7)
})
