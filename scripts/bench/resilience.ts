/**
 * How a node keeps up: an entry of another author while it catches up, an honest author beside a flood, a restart, two
 * nations that were apart.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  serialise,
  type TestAlliance,
  until,
} from '../../test/support/node-alliance.ts'
import { createRawAuthor, startRawMember } from '../../test/support/node-raw-member.ts'
import type { Report } from '../bench-figure.ts'
import { fillAuthorLog } from './support/author-log.ts'

export const name = 'resilience'

const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? 20_000)
const PUBLISHED = 40
const FLOOD_ENTRIES = 4000
const APART_ENTRIES = 10_000

export async function run(report: Report): Promise<void> {
  await besideCatchUp(report)
  await besideFlood(report)
  await afterPartition(report)
}

/** Milliseconds from the publishing of each of some items at `from` until `at` shows it. */
async function delays(from: RunningNode, at: RunningNode, prefix: string, isOver: () => boolean): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < PUBLISHED && !isOver(); i++) {
    const value = `${prefix}-${i}.example`
    const started = performance.now()
    await from.service.publish([domainDraft(value)])
    for (let shown = false; !shown; ) {
      const [result] = await at.service.lookup([value])
      shown = result?.result === 'found'
      if (!shown) await new Promise(resolve => setTimeout(resolve, 2))
    }
    taken.push(performance.now() - started)
  }
  return taken.sort((a, b) => a - b)
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN

/** Two nations that both published while they were apart, both in this process. */
async function afterPartition(report: Report): Promise<void> {
  await using alliance = await createTestAlliance(2)
  for (const index of [0, 1]) {
    await using apart = await alliance.start(index)
    await fillAuthorLog(apart, { entries: APART_ENTRIES, itemsPerEntry: 1 })
  }
  const started = performance.now()
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await converged([a, b], 280_000)
  const seconds = (performance.now() - started) / 1000
  const entries = (2 * APART_ENTRIES).toLocaleString('en')
  report({ figure: `equal again after both published apart, ${entries} entries in all`, value: seconds, unit: 's' })
}

/** An author's long log is fetched by a node while another author publishes. */
async function besideCatchUp(report: Report): Promise<void> {
  await using alliance = await createTestAlliance(3)
  await using publisher = await alliance.start(2)
  const reader = await alliance.start(1)
  await withAuthor(alliance, async () => {
    await until(() => publisher.service.status().state === 'ready', 60_000)
    const held = () => reader.service.status().entries
    const isOver = () => held() >= ENTRIES
    const during = await delays(publisher, reader, 'during', isOver)
    await until(() => isOver() && reader.node.projector.backlog() === 0, 280_000)
    const after = await delays(publisher, reader, 'after', () => false)
    report({ figure: 'an entry of another author while a node catches up, p99', value: at(during, 0.99), unit: 'ms' })
    report({ figure: 'the same with nothing to catch up, p99', value: at(after, 0.99), unit: 'ms' })
  })
  await reader[Symbol.asyncDispose]()
  const started = performance.now()
  await using again = await alliance.start(1)
  const seconds = (performance.now() - started) / 1000
  report({ figure: `restart with ${again.service.status().entries} entries`, value: seconds, unit: 's' })
}

async function withAuthor(alliance: TestAlliance, work: () => Promise<void>): Promise<void> {
  const author = fork(join(import.meta.dirname, 'support/author-process.ts'), { serialization: 'advanced' })
  try {
    author.send({ alliance: serialise(alliance), shape: { entries: ENTRIES, itemsPerEntry: 1 } })
    await once(author, 'message')
    await work()
  } finally {
    author.disconnect()
    await once(author, 'exit')
  }
}

/** A member gossips as fast as it can while another publishes. */
async function besideFlood(report: Report): Promise<void> {
  await using alliance = await createTestAlliance(3)
  await using raw = await startRawMember(alliance, 2, { peers: 0 })
  await using publisher = await alliance.start(0)
  await using reader = await alliance.start(1)
  await until(() => [publisher, reader].every(({ service }) => service.status().state === 'ready'), 60_000)
  const before = await delays(publisher, reader, 'before', () => false)
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  const item = { type: 77, body: new Uint8Array(200) }
  for (let i = 0; i < FLOOD_ENTRIES; i++) author.batch(epoch, [item])
  let isOver = false
  const flooding = raw.gossip(...author.entries).finally(() => {
    isOver = true
  })
  const during = await delays(publisher, reader, 'flood', () => isOver)
  await flooding
  report({ figure: 'delivery of an honest author, p99', value: at(before, 0.99), unit: 'ms' })
  report({ figure: 'the same while another member floods, p99', value: at(during, 0.99), unit: 'ms' })
}
