import { expect, test } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { startStoreKeeper } from '../../src/node/home/store-keeper.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { fullLevel } from '../support/full-level.ts'

function failed(error: unknown): boolean {
  return error instanceof StoreError
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 300) throw new Error('not reached')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('brings a store back once the disk takes writes, tells so once, and leaves nothing behind', async () => {
  const disk = fullLevel(memoryLevel())
  await using store = await openStore({ level: disk.level })
  let recoveries = 0
  const keeper = startStoreKeeper({ store, recovered: () => recoveries++, logger: silentLogger, firstTryMs: 5 })
  await new Promise(resolve => setTimeout(resolve, 30))
  expect(recoveries).toBe(0)

  disk.full = true
  await expect(store.commit({ notes: new Map([['a', Uint8Array.of(1)]]) })).rejects.toSatisfy(failed)
  await new Promise(resolve => setTimeout(resolve, 60))
  expect(store.state).toBe('failed')
  expect(recoveries).toBe(0)

  disk.full = false
  await until(() => recoveries === 1)
  expect(store.state).toBe('open')
  await store.commit({ notes: new Map([['a', Uint8Array.of(2)]]) })
  expect(await store.note('a')).toEqual(Uint8Array.of(2))
  expect(await store.note('trial')).toBeUndefined()
  await new Promise(resolve => setTimeout(resolve, 30))
  expect(recoveries).toBe(1)
  await keeper.stop()
})

test('tries ever more seldom while it is in vain', async () => {
  const tries: number[] = []
  const store = {
    state: 'failed' as const,
    recover: async () => void tries.push(performance.now()),
    commit: async () => {
      throw new StoreError('store-full', 'the disk is full')
    },
  }
  const keeper = startStoreKeeper({ store, recovered() {}, logger: silentLogger, firstTryMs: 4 })
  await until(() => tries.length >= 5)
  await keeper.stop()
  const waits = tries.slice(1).map((at, i) => at - tries[i]!)
  expect(waits.at(-1)!).toBeGreaterThan(3 * waits[0]!)
  const { length } = tries
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(tries).toHaveLength(length)
})
