import { expect, test } from 'vitest'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { type Failure, failingLevel } from '../support/failing-level.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  hex,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { apply, governing } from '../support/registry-changes.ts'

/**
 * Every kind of write that a node makes, each of which is once the last before a crash: what is caught up with and what
 * comes by gossip, publishing, holding back, erasing, tokens, documents, checkpoints, cosignatures, the audit log, notes,
 * and the marker of a backup. Whatever the write, the node ends as one that nothing happened to.
 *
 * With TOCSIN_CRASH_ALL=1 every write fails once; without, a sample that is the same each time.
 */
const EVERY = process.env.TOCSIN_CRASH_ALL === '1' ? 1 : 5
/** Runs wait for connections most of the time, so several go on side by side, each in an alliance of its own. */
const LANES = 6

const NOW_MS = Date.now()
const clock = { now: () => NOW_MS }
const rules = {
  policy: parsePolicyFile(
    '{ version: 1, rules: [{ name: ask, when: { tlp: AMBER+STRICT }, action: second-person }, { name: all, action: allow }] }',
  ),
  operators: LOCAL_ONLY,
}
/** Checkpoints and cosignatures are made when the script asks for them. */
const config: NonNullable<StartOptions['config']> = each => ({
  ...each,
  publish: { ...each.publish, coalesceMs: 0 },
  sync: { ...each.sync, intervalMs: 500, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

async function startA(alliance: TestAlliance, level: Level): Promise<RunningNode> {
  return alliance.start(0, { store: await openStore({ level }), clock, config, rules })
}

async function startB(alliance: TestAlliance): Promise<RunningNode> {
  return alliance.start(1, { store: await openStore({ memory: true }), clock, config })
}

const drafts = (prefix: string, count: number): PublishItem[] =>
  Array.from({ length: count }, (_, i) => domainDraft(`${prefix}-${i}.example`))

const HELD: PublishItem = {
  kind: 'claim',
  draft: { type: 'domain', value: 'held.example', marking: { tlp: 4 } },
}

type Step = (a: RunningNode, b: RunningNode, alliance: TestAlliance) => Promise<unknown>

/** Done again after the crash: what is not done yet then is, and what is done stays so. */
const SCRIPT: readonly Step[] = [
  (_, b) => b.service.publish(drafts('gossip', 2)),
  a => a.service.publish(drafts('own', 1)),
  a => a.service.publish(drafts('others', 3)),
  a => a.service.publish([HELD]),
  async a => Promise.all(a.service.held().map(({ id }) => a.service.rejectHeld(id, 'not ours to tell'))),
  async a => {
    if ((await a.service.tokens()).length === 0) await a.service.addToken({ name: 'siem', clearance: 'tlp=GREEN' })
  },
  (a, _, alliance) => apply(a, registryOf(alliance)),
  (_, b) => b.service.publish(drafts('more', 3)),
  async (a, b) => {
    await converged([a, b], waitMs(a))
    for (const { node } of [b, a]) await node.checkpoint()
    await until(() => a.node.book.checkpoints(b.node.ownLog.current()!.logId).length > 0, waitMs(a))
    for (const { node } of [b, a]) await node.cosign()
  },
  async a => {
    for await (const _ of await a.service.exportRows());
  },
  eraseFirst,
]

const LONG_MS = 30_000

/** What is failing may never come. */
function waitMs({ node }: RunningNode): number {
  return node.store.state === 'open' ? LONG_MS : 1000
}

/** One governs, so that each alliance has one second version, made once. */
const registries = new WeakMap<TestAlliance, Uint8Array>()
function registryOf(alliance: TestAlliance): Uint8Array {
  const made = registries.get(alliance) ?? governing(alliance).next(() => ({ name: 'Renamed' }))
  registries.set(alliance, made)
  return made
}

async function eraseFirst({ service, node }: RunningNode): Promise<void> {
  await until(() => service.status().backlog === 0, LONG_MS)
  const { items } = await node.store.listItems({ kind: 1, limit: 100 })
  const own = items.find(({ value }) => value === 'own-0.example')
  const entry = own?.entries[0]
  if (entry === undefined) return
  const log = hex(entry.logId)
  if (node.store.tombstonesOf(entry)[Symbol.iterator]().next().done !== true) return
  await service.eraseEntry({ log, seq: entry.seq, reason: 'error', now: false })
}

/** As a script does that goes on after an error. */
async function play(a: RunningNode, b: RunningNode, alliance: TestAlliance, until: () => boolean): Promise<void> {
  for (const step of SCRIPT) {
    if (until()) return
    await step(a, b, alliance).catch(() => undefined)
  }
}

interface EndState {
  readonly shown: readonly string[]
  readonly registry: number
  readonly tokens: readonly string[]
  readonly held: number
  readonly erased: boolean
  readonly logs: number
}

async function endState(a: RunningNode, b: RunningNode): Promise<EndState> {
  await until(() => a.service.status().queued === 0 && a.service.status().backlog === 0, LONG_MS)
  await converged([a, b], LONG_MS)
  await until(() => hex(a.node.book.digest()) === hex(b.node.book.digest()), LONG_MS)
  await until(() => b.service.status().backlog === 0, LONG_MS)
  const [of, other] = [await a.service.digest(), await b.service.digest()]
  expect(of).toEqual(other)
  for (const { node } of [a, b]) {
    expect(await node.store.check()).toMatchObject({ lost: 0, derived: 0, faults: [] })
    for await (const { type } of node.store.evidence()) expect(type, 'a proof of a fork').not.toBe(2)
  }
  expect(await a.node.store.intents()).toEqual([])
  const { items } = await a.node.store.listItems({ kind: 1, limit: 1000 })
  expect(items.filter(({ entries }) => entries.length > 1)).toEqual([])
  return {
    shown: items.map(({ value }) => value).sort(),
    registry: a.service.registry().version,
    tokens: (await a.service.tokens()).map(({ name }) => name),
    held: a.service.held().length,
    // Whoever is not sure that it was done may say it twice.
    erased: [...a.node.store.tombstones()].length > 0,
    logs: [...a.node.store.logs()].length,
  }
}

async function reference(alliance: TestAlliance): Promise<{ readonly end: EndState; readonly writes: number }> {
  await using b = await startB(alliance)
  await ready([b].slice(1))
  const counted = failingLevel(memoryLevel(), Number.MAX_SAFE_INTEGER, 'refused')
  await using a = await startA(alliance, counted.level)
  await ready([a, b])
  for (const step of SCRIPT) await step(a, b, alliance)
  const writes = counted.writes()
  return { end: await endState(a, b), writes }
}

/** One run in which the `nth` write of A is the last; answers whether it got that far. */
async function crashAt(alliance: TestAlliance, nth: number, failure: Failure, end: EndState): Promise<boolean> {
  const inner = memoryLevel()
  const { level, writes } = failingLevel(inner, nth, failure)
  const crashed = () => writes() >= nth
  await using b = await startB(alliance)
  const before = await startA(alliance, level).catch(() => undefined)
  if (before === undefined) await level.close()
  else {
    await until(() => before.node.guard.state().kind === 'open' || crashed(), LONG_MS)
    await play(before, b, alliance, crashed)
    await before[Symbol.asyncDispose]()
  }
  await using a = await startA(alliance, inner)
  await ready([a, b])
  expect(a.node.ownLog.current()?.incarnation ?? 1).toBe(1)
  await play(a, b, alliance, () => false)
  expect(await endState(a, b), `write ${nth}, ${failure}`).toEqual(end)
  return crashed()
}

test.each<Failure>(['refused', 'persisted'])(
  'a crash at any write of a node ends as none would have (%s)',
  async failure => {
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      await using alliance = await createTestAlliance(2)
      const { end, writes } = await reference(alliance)
      expect(end).toMatchObject({ registry: 2, tokens: ['siem'], held: 0, erased: true, logs: 2 })
      let nth = 1 + lane * EVERY
      while (await crashAt(alliance, nth, failure, end)) nth += LANES * EVERY
      return Math.min(nth, writes)
    })
    expect(Math.max(...(await Promise.all(lanes)))).toBeGreaterThan(30)
  },
  EVERY === 1 ? 600_000 : 120_000,
)
