import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { type Failure, failingLevel } from '../support/failing-level.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { type PowerFailure, powerFailure } from '../support/power-failure.ts'

/** The view holds the times of entries: standing still, it can be compared between runs. */
const clock = { now: () => NOW_MS }
const NOW_MS = Date.now()

const MESSAGES = 6
const PER_MESSAGE = 5

async function startA(alliance: TestAlliance, level: Level): Promise<RunningNode> {
  const config: StartOptions['config'] = each => ({ ...each, publish: { ...each.publish, coalesceMs: 0 } })
  return alliance.start(0, { store: await openStore({ level }), clock, config })
}

async function startB(alliance: TestAlliance): Promise<RunningNode> {
  return alliance.start(1, { store: await openStore({ memory: true }), clock })
}

function draftsOf(message: number) {
  return Array.from({ length: PER_MESSAGE }, (_, i) => domainDraft(`m${message}-${i}.example`))
}

/** Publishes as a client does that gives up at the first error; what was acknowledged. */
async function publishAll(a: RunningNode): Promise<string[]> {
  const acknowledged: string[] = []
  for (let message = 0; message < MESSAGES; message++) {
    const answers = await a.service.publish(draftsOf(message)).catch(() => [])
    for (const answer of answers) if (answer.outcome !== 'refused') acknowledged.push(answer.id)
  }
  return acknowledged
}

async function reference(alliance: TestAlliance): Promise<string> {
  await using b = await startB(alliance)
  await using a = await startA(alliance, memoryLevel())
  await ready([a, b])
  await publishAll(a)
  await converged([a, b])
  return (await a.service.digest()).view
}

function faulty(inner: Level, nth: number, failure: Failure | 'lost'): PowerFailure {
  if (failure === 'lost') return powerFailure(inner, nth)
  return { ...failingLevel(inner, nth, failure), survivor: () => inner }
}

/** One run in which the `nth` write of A fails; answers whether it got that far. */
async function runWithFault(
  alliance: TestAlliance,
  nth: number,
  failure: Failure | 'lost',
  view: string,
): Promise<boolean> {
  const { level, writes, survivor } = faulty(memoryLevel(), nth, failure)
  await using b = await startB(alliance)
  let acknowledged: string[] = []
  const before = await startA(alliance, level).catch(() => undefined)
  if (before === undefined) await level.close()
  else {
    await until(() => before.node.guard.state().kind === 'open' || before.node.store.state === 'failed', 5000)
    acknowledged = await publishAll(before)
    await before[Symbol.asyncDispose]()
  }
  const reached = writes() >= nth

  await using a = await startA(alliance, survivor())
  await ready([a, b])
  expect(await a.node.store.intents()).toEqual([])
  await until(() => a.service.status().backlog === 0 && a.service.status().queued === 0, 5000)
  const held = await a.node.store.listItems({ kind: ITEM.INDICATOR, limit: 1000 })
  const known = new Set(held.items.map(({ id }) => toHex(id)))
  expect(acknowledged.filter(id => !known.has(id))).toEqual([])

  // The client repeats what it is not sure of, and nothing is in the log twice.
  await publishAll(a)
  await converged([a, b])
  expect((await a.service.digest()).view).toBe(view)
  expect((await b.service.digest()).view).toBe(view)
  const all = await b.node.store.listItems({ kind: ITEM.INDICATOR, limit: 1000 })
  expect(all.items.filter(({ entries }) => entries.length > 1)).toEqual([])
  expect(a.node.guard.state().kind).toBe('open')
  expect(a.node.ownLog.current()?.incarnation).toBe(1)
  expect(b.node.store.counts().evidence).toBe(0)
  return reached
}

/** Runs wait for connections most of the time, so several go on side by side, each in an alliance of its own. */
const LANES = 6

for (const failure of ['refused', 'persisted', 'lost'] as const) {
  test(`a crash at any write loses nothing and forks nothing (${failure})`, async () => {
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      await using alliance = await createTestAlliance(2)
      const view = await reference(alliance)
      let nth = lane + 1
      while (await runWithFault(alliance, nth, failure, view)) nth += LANES
      return nth
    })
    expect(Math.max(...(await Promise.all(lanes)))).toBeGreaterThan(20)
  }, 60_000)
}

test('what was acknowledged before a crash is known at once after the restart', async () => {
  await using alliance = await createTestAlliance(1)
  for (let nth = 1, reached = true; reached; nth++) {
    const inner = memoryLevel()
    const { level, writes } = failingLevel(inner, nth, 'refused')
    const before = await startA(alliance, level).catch(() => undefined)
    const acknowledged = before === undefined ? [] : await publishAll(before)
    await (before?.[Symbol.asyncDispose]() ?? level.close())
    reached = writes() >= nth

    await using a = await startA(alliance, inner)
    const again = await Promise.all(Array.from({ length: MESSAGES }, (_, i) => a.service.publish(draftsOf(i))))
    const known = new Set(again.flat().flatMap(each => (each.outcome === 'duplicate' ? each.id : [])))
    expect(acknowledged.filter(id => !known.has(id))).toEqual([])
    await until(() => a.service.status().backlog === 0, 5000)
    const { items } = await a.node.store.listItems({ kind: ITEM.INDICATOR, limit: 1000 })
    expect(items).toHaveLength(MESSAGES * PER_MESSAGE)
    expect(items.filter(({ entries }) => entries.length > 1)).toEqual([])
  }
}, 60_000)
