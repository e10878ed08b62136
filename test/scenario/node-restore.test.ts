import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TO_BE_RENEWED } from '../../src/node/home/renewal-note.ts'
import { markedAs } from '../../src/node/home/restore.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { buildStore, repairStore } from '../../src/store/repair.ts'
import type { Row } from '../../src/store/upkeep.ts'
import { failingLevel } from '../support/failing-level.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  systemClock,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'

const NOW_MS = Date.now()
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => domainDraft(`${prefix}-${i}.example`))

async function rowsOf({ node }: RunningNode): Promise<(readonly Row[])[]> {
  const rows: (readonly Row[])[] = []
  for await (const chunk of node.store.primaryRows()) rows.push(chunk)
  return rows
}

async function* again(rows: readonly (readonly Row[])[]) {
  yield* rows
}

async function restored(alliance: TestAlliance, rows: readonly (readonly Row[])[]): Promise<string> {
  const at = join(alliance.members[0]!.home, '..', 'restored')
  const finish = markedAs('restored', NOW_MS, () => 1)
  expect(await buildStore(at, again(rows), finish)).toMatchObject({ lost: 0, faults: [] })
  return at
}

async function assertEqual(nodes: readonly RunningNode[]): Promise<void> {
  await converged(nodes)
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
  for (const { node } of nodes) {
    expect(node.store.counts().evidence).toBe(0)
    expect(await node.store.check()).toMatchObject({ lost: 0, derived: 0, faults: [] })
  }
}

test('a restored node signs nothing in its old log, waits out a peer that lies, and goes on in a new one', async () => {
  await using alliance = await createTestAlliance(3)
  const c = await alliance.start(2)
  let rows: (readonly Row[])[]
  {
    await using a = await alliance.start(0)
    await using b = await alliance.start(1)
    await ready([a, b, c])
    await a.service.publish(names('kept', 20))
    rows = await rowsOf(a)
    // What the backup knows nothing of: further entries, and a whole further log.
    await a.service.publish(names('since', 5))
    await a.service.incarnate()
    await a.service.publish(names('later', 5))
    await converged([a, b, c])
  }
  await c[Symbol.asyncDispose]()

  let ahead = 0
  const home = await restored(alliance, rows)
  await using a = await alliance.start(0, { home, clock: { now: () => systemClock.now() + ahead } })
  expect((await a.service.publish(names('queued', 3))).map(({ outcome }) => outcome)).toEqual(Array(3).fill('queued'))
  // It says that it holds nothing of ours.
  await using b = await alliance.start(1, { store: await openStore({ memory: true }) })
  await until(() => a.service.peers().some(({ lastSyncMs }) => lastSyncMs > 0), 10_000)
  ahead = 3_600_000
  expect(a.node.guard.state()).toEqual({ kind: 'waiting', answered: 1, needed: 2 })
  expect(a.service.status().problems).toMatchObject([{ grade: 'warning', code: 'signing-renewal' }])
  expect(a.node.ownLog.current()?.incarnation).toBe(1)
  ahead = 0

  await using honest = await alliance.start(2)
  await until(() => a.node.guard.state().kind === 'open', 15_000)
  expect(a.node.ownLog.current()?.incarnation).toBe(3)
  await until(() => a.service.status().queued === 0, 10_000)
  await assertEqual([a, b, honest])
  expect(honest.service.status().indicators).toBe(33)
}, 60_000)

test('a restored node with nobody to ask queues, and the operator may say that it is the only one', async () => {
  await using alliance = await createTestAlliance(2)
  let rows: (readonly Row[])[]
  {
    await using a = await alliance.start(0)
    await using b = await alliance.start(1)
    await ready([a, b])
    await a.service.publish(names('kept', 3))
    await converged([a, b])
    rows = await rowsOf(a)
  }
  await using a = await alliance.start(0, { home: await restored(alliance, rows) })
  expect((await a.service.publish(names('alone', 1))).map(({ outcome }) => outcome)).toEqual(['queued'])
  expect(await a.service.incarnate()).toMatchObject({ incarnation: 2 })
  await until(() => a.service.status().queued === 0, 5000)
  await using b = await alliance.start(1)
  await assertEqual([a, b])
}, 30_000)

test('a damaged store is refused, repaired, and equal to the others again', async () => {
  await using alliance = await createTestAlliance(2)
  await using b = await alliance.start(1)
  const a = await alliance.start(0)
  await ready([a, b])
  await a.service.publish(names('of-a', 40))
  await b.service.publish(names('of-b', 40))
  await converged([a, b])
  await a[Symbol.asyncDispose]()
  const { home } = a.member
  const log = join(home, readdirSync(home).find(name => name.endsWith('.log'))!)
  const bytes = readFileSync(log)
  for (const part of [0.3, 0.6]) bytes[Math.floor(bytes.length * part)]! ^= 1
  writeFileSync(log, bytes)
  await expect(openStore(home)).rejects.toMatchObject({ code: 'store-damaged' })

  const { kept } = await repairStore(
    home,
    NOW_MS,
    markedAs('repaired', NOW_MS, ({ lost }) => lost),
  )
  expect(readFileSync(join(kept, log.split('/').at(-1)!))).toEqual(bytes)
  await using mended = await alliance.start(0)
  await ready([mended, b])
  expect(mended.node.ownLog.current()?.incarnation).toBe(2)
  await mended.service.publish(names('after', 2))
  await assertEqual([mended, b])
  expect(b.service.status().indicators).toBe(82)
}, 30_000)

test('a crash while the new log is opened opens no second one', async () => {
  await using alliance = await createTestAlliance(1)
  for (let nth = 2; ; nth++) {
    const inner = memoryLevel()
    {
      const store = await openStore({ level: inner })
      await using a = await alliance.start(0, { store })
      await a.service.publish(names('one', 1))
      await until(() => a.service.status().backlog === 0, 5000)
      await store.commit(TO_BE_RENEWED)
    }
    const { level, writes } = failingLevel(inner, nth, 'persisted')
    const before = await openStore({ level })
      .then(
        store => alliance.start(0, { store }),
        () => undefined,
      )
      .catch(() => undefined)
    await until(() => before === undefined || before.node.guard.state().kind === 'open' || writes() >= nth, 5000)
    await (before?.[Symbol.asyncDispose]() ?? level.close())
    await using a = await alliance.start(0, { store: await openStore({ level: inner }) })
    await until(() => a.node.guard.state().kind === 'open', 5000)
    expect(a.node.ownLog.current()?.incarnation).toBe(2)
    if (writes() < nth) break
    expect(nth).toBeLessThan(40)
  }
}, 30_000)
