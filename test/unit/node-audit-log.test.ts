import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { createAuditLog } from '../../src/node/audit/audit-log.ts'
import { startAuditRetention } from '../../src/node/audit/audit-retention.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import type { AuditDecision } from '../../src/policy/audit-record.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { CommitOptions, Store, StoreBatch } from '../../src/store/store.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { failingLevel } from '../support/failing-level.ts'

const DAY_MS = 86_400_000
const read: AuditDecision = { kind: 'read', by: 'local', name: 'lookup', count: 1 }
const refused: AuditDecision = { kind: 'refused', by: 'anna', code: 'guard-denied', count: 2 }

function logOn(store: Pick<Store, 'commit'>, now = () => 1) {
  return createAuditLog({ store, clock: { now }, random: systemRandom, logger: silentLogger })
}

describe('a decision that is recorded', () => {
  test('is in the store when that is said, in the order of the calls', async () => {
    await using store = await openStore({ memory: true })
    const log = logOn(store)
    await Promise.all([log.record(read), log.record(refused), log.record({ ...read, count: 9 })])
    const records = await auditRecords(store)
    expect(records.map(({ kind, by, count }) => [kind, by, count])).toEqual([
      [12, 'local', 1],
      [5, 'anna', 2],
      [12, 'local', 9],
    ])
  })

  test('shares its write with those that come meanwhile, which is fsynced unless all are reads', async () => {
    await using store = await openStore({ memory: true })
    const writes: { readonly count: number; readonly sync: boolean }[] = []
    const commit = (batch: StoreBatch, { sync = false }: CommitOptions = {}) => {
      writes.push({ count: batch.audit?.add?.length ?? 0, sync })
      return store.commit(batch, { sync })
    }
    const log = logOn({ commit })
    await Promise.all(Array.from({ length: 3000 }, () => log.record(read)))
    expect(writes.reduce((sum, { count }) => sum + count, 0)).toBe(3000)
    expect(writes.length).toBeLessThan(10)
    expect(writes.every(({ sync }) => !sync)).toBe(true)
    await Promise.all([log.record(read), log.record(refused), log.record(read)])
    expect(writes.some(({ sync }) => sync)).toBe(true)
  })

  test('says nothing by its hash: two of one content have different ones', async () => {
    await using store = await openStore({ memory: true })
    const log = logOn(store)
    await log.record(read)
    await log.record(read)
    const [first, second] = await auditRecords(store)
    expect(first?.salt).toHaveLength(16)
    expect(first?.salt).not.toEqual(second?.salt)
  })
})

describe('where the store cannot be written', () => {
  test('a decision is refused, and a read goes ahead and is made good by a record as soon as there is one', async () => {
    const failing = failingLevel(memoryLevel(), 4, 'refused')
    await using store = await openStore({ level: failing.level })
    const log = logOn(store)
    while (store.state === 'open') await log.record(read)
    const held = (await auditRecords(store)).length
    expect(log.lost()).toBe(1)
    await expect(log.record(refused)).rejects.toMatchObject({ code: 'store-failed' })
    await log.record(read)
    expect(log.lost()).toBe(2)
    await store.recover()
    await log.resume()
    expect(log.lost()).toBe(0)
    await log.record(refused)
    expect((await auditRecords(store)).slice(held).map(({ kind, count }) => [kind, count])).toEqual([
      [27, 2],
      [5, 2],
    ])
  })
})

describe('the log is kept within its limits', () => {
  function retention(store: Store, limits: { keepDays: number; mibMax: number }, now: () => number) {
    const audit = logOn(store, now)
    return startAuditRetention({ store, audit, limits, clock: { now }, logger: silentLogger })
  }

  test('for ever, where nothing else is said', async () => {
    await using store = await openStore({ memory: true })
    for (let i = 0; i < 10; i++) await logOn(store).record(read)
    const keeper = retention(store, { keepDays: 0, mibMax: 16 }, () => 4000 * DAY_MS)
    await keeper.sweep()
    await keeper.stop()
    expect(store.audit()).toMatchObject({ first: 0, next: 10 })
  })

  test('by age: what is older goes, and a record names the hash before the rest', async () => {
    await using store = await openStore({ memory: true })
    let day = 1
    const log = logOn(store, () => day * DAY_MS)
    for (; day <= 10; day++) await log.record(read)
    const keeper = retention(store, { keepDays: 4, mibMax: 16 }, () => day * DAY_MS)
    await keeper.sweep()
    const records = await auditRecords(store)
    expect(records[0]).toMatchObject({ number: 6, timeMs: 7 * DAY_MS })
    const truncated = records.at(-1)
    expect(truncated).toMatchObject({ kind: 26, count: 6, by: 'node' })
    expect(truncated?.subject).toEqual(records[0]?.prev)
    await keeper.sweep()
    expect(store.audit()).toMatchObject({ first: 6, next: 11 })
    day = 1000
    await keeper.sweep()
    await keeper.stop()
    expect((await auditRecords(store)).map(({ kind }) => kind)).toEqual([26, 26])
  })

  test('by size: the oldest go until a tenth of it is free', async () => {
    await using store = await openStore({ memory: true })
    const log = logOn(store)
    const long = { ...read, name: 'x'.repeat(500) }
    await Promise.all(Array.from({ length: 6000 }, () => log.record(long)))
    const mibMax = 1
    expect(store.audit().bytes).toBeGreaterThan(2 * 1024 * 1024)
    const keeper = retention(store, { keepDays: 0, mibMax }, () => 2)
    await keeper.sweep()
    await keeper.stop()
    expect(store.audit().bytes).toBeLessThan(0.95 * 1024 * 1024)
    expect(store.audit().bytes).toBeGreaterThan(0.8 * 1024 * 1024)
    await auditRecords(store)
  })
})
