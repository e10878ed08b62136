import { expect, test } from 'vitest'
import { ITEM } from '../../src/indicator/item-type.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { type FullLevel, fullLevel } from '../support/full-level.ts'
import { converged, createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { randomFrom } from '../support/seeded-random.ts'

/**
 * Four nations publish while their nodes stop, start, run out of disk and open new logs at random. Timing is real, so a
 * seed gives the same choices and not the same run. `SIM_SEED` sets it.
 */
const SEED = Number(process.env['SIM_SEED'] ?? Date.now() % 1_000_000)
const NODES = 4
const RUN_MS = 7000

const random = randomFrom(SEED)
const upTo = (count: number) => Math.floor(random() * count)
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** One node with a disk of its own, up or down. */
interface Place {
  readonly index: number
  readonly level: Level
  disk: FullLevel
  running: RunningNode | undefined
  busy: boolean
}

test(`restarts, full disks and new logs lose nothing, double nothing and fork nothing (seed ${SEED})`, async () => {
  await using alliance = await createTestAlliance(NODES)
  const faults: string[] = []
  /** `NATION value` of everything that a node said it has. */
  const acknowledged = new Set<string>()
  const work = new Set<Promise<void>>()
  let published = 0

  async function start(place: Place): Promise<void> {
    place.disk = fullLevel(place.level)
    place.running = await alliance.start(place.index, {
      store: await openStore({ level: place.disk.level }),
      config: config => ({ ...config, sync: { ...config.sync, intervalMs: 1000, gapMs: 100, checkpointMs: 500 } }),
    })
  }

  async function stop(place: Place): Promise<void> {
    const { running } = place
    place.running = undefined
    await running![Symbol.asyncDispose]()
  }

  async function publish({ service, member }: RunningNode): Promise<void> {
    const count = 1 + upTo(upTo(10) === 0 ? 300 : 5)
    const values = Array.from({ length: count }, () => `v${upTo(400)}-${published++ % 7}.example`)
    const answers = await service.publish(values.map(domainDraft)).catch((error: { code?: string }) => {
      if (!error.code?.startsWith('store-')) faults.push(String(error))
      return []
    })
    answers.forEach((answer, i) => {
      if (answer.outcome !== 'refused') acknowledged.add(`${member.nation} ${values[i]}`)
    })
  }

  /** Starts or stops: one at a time for each node. */
  function alone(place: Place, doing: (place: Place) => Promise<void>): void {
    place.busy = true
    background(doing(place).finally(() => (place.busy = false)))
  }

  function background(doing: Promise<void>): void {
    const tracked = doing.catch(error => void faults.push(String(error))).finally(() => work.delete(tracked))
    work.add(tracked)
  }

  async function actAt(place: Place): Promise<void> {
    const { running, disk } = place
    const choice = random()
    if (place.busy) await sleep(5)
    else if (running === undefined) alone(place, start)
    else if (choice < 0.6) {
      background(publish(running))
      await sleep(random() * 40)
    } else if (choice < 0.64) alone(place, stop)
    else if (choice < 0.67) {
      disk.full = true
      setTimeout(() => (disk.full = false), 50 + random() * 300)
    } else if (choice < 0.68)
      background(
        running.service.incarnate().then(
          () => {},
          () => {},
        ),
      )
    else await sleep(random() * 40)
  }

  const places = Array.from({ length: NODES }, (_, index): Place => {
    const level = memoryLevel()
    return { index, level, disk: fullLevel(level), running: undefined, busy: false }
  })
  try {
    await Promise.all(places.map(start))
    await ready(places.map(({ running }) => running!))
    for (const end = Date.now() + RUN_MS; Date.now() < end; ) await actAt(places[upTo(NODES)]!)
    for (const { disk } of places) disk.full = false
    await Promise.all(work)
    for (const place of places) if (place.running === undefined) await start(place)

    const nodes = places.map(({ running }) => running!)
    const settled = ({ node, service }: RunningNode) => node.store.state === 'open' && service.status().queued === 0
    await ready(nodes)
    await until(
      () => nodes.every(settled),
      20_000,
      () => JSON.stringify(nodes.map(({ node, service }) => [node.store.state, node.guard.state(), service.status()])),
    )
    await converged(nodes, 20_000)
    expect(faults).toEqual([])
    expect(
      new Set((await Promise.all(nodes.map(({ service }) => service.digest()))).map(({ view }) => view)).size,
    ).toBe(1)
    expect(nodes.map(({ node }) => node.guard.state().kind)).toEqual(nodes.map(() => 'open'))

    const held = new Set<string>()
    for (let after = ''; ; ) {
      const page = await nodes[0]!.node.store.listItems({ kind: ITEM.INDICATOR, limit: 1000, ...(after && { after }) })
      for (const { nation, value, entries } of page.items) {
        held.add(`${nation} ${value}`)
        expect(entries, `${nation} ${value} is in the log twice`).toHaveLength(1)
      }
      if (page.next === undefined) break
      after = page.next
    }
    expect(acknowledged.size).toBeGreaterThan(100)
    expect([...acknowledged].filter(name => !held.has(name))).toEqual([])
  } finally {
    for (const { running } of places) await running?.[Symbol.asyncDispose]()
  }
}, 60_000)
