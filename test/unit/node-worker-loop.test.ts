import { expect, test } from 'vitest'
import { createWorkerLoop } from '../../src/node/mechanisms/worker-loop.ts'

function failOnError(error: unknown): never {
  throw error
}

test('a wake during a run asks for one more run, and never for two at once', async () => {
  let runs = 0
  let atOnce = 0
  const loop = createWorkerLoop(async () => {
    expect(++atOnce).toBe(1)
    await new Promise(resolve => setImmediate(resolve))
    atOnce--
    runs++
  }, failOnError)
  loop.wake()
  for (let i = 0; i < 10; i++) loop.wake()
  await loop.settled()
  expect(runs).toBe(2)
})

test('a wake is not lost, however soon after the last run it comes', async () => {
  for (let delay = 0; delay < 12; delay++) {
    let runs = 0
    const loop = createWorkerLoop(async () => void runs++, failOnError)
    loop.wake()
    for (let i = 0; i < delay; i++) await null
    const before = runs
    loop.wake()
    await loop.settled()
    expect(runs, `after ${delay} microtasks`).toBe(Math.max(1, before + (before === 0 ? 0 : 1)))
  }
})

test('a wake out of the last run is not lost', async () => {
  let runs = 0
  const loop = createWorkerLoop(async () => {
    if (++runs < 5) queueMicrotask(loop.wake)
  }, failOnError)
  loop.wake()
  for (let i = 0; i < 100; i++) await null
  expect(runs).toBe(5)
})

test('a run that throws is told of and does not end the loop', async () => {
  const errors: unknown[] = []
  let runs = 0
  const loop = createWorkerLoop(
    async () => {
      if (++runs === 1) throw new Error('once')
    },
    error => errors.push(error),
  )
  loop.wake()
  await loop.settled()
  loop.wake()
  await loop.settled()
  expect(runs).toBe(2)
  expect(errors).toEqual([new Error('once')])
})

test('stopping waits for the run under way and starts no other', async () => {
  let runs = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const loop = createWorkerLoop(async () => {
    runs++
    await promise
  }, failOnError)
  loop.wake()
  loop.wake()
  const stopped = loop.stop()
  resolve()
  await stopped
  loop.wake()
  await loop.settled()
  expect(runs).toBe(1)
})
