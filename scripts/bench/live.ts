/** Three daemons on this machine: how long from a publish until the two others have it on disk, and how much they sustain. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  createTestAlliance,
  domainDraft,
  ready,
  serialise,
  type TestAlliance,
  until,
} from '../../test/support/node-alliance.ts'
import type { Report } from '../bench-figure.ts'
import { measureGossip } from './floor/gossip.ts'
import type { Seen } from './support/member-process.ts'

export const name = 'live'

const SINGLE_PUBLISHES = 200
const PAUSE_MS = 40
const SUSTAINED_INDICATORS = 40_000
const DRAFTS_PER_CALL = 1000

export async function run(report: Report): Promise<void> {
  const raw = await measureGossip(3)
  await using alliance = await createTestAlliance(3)
  const others = [1, 2].map(index => startMember(alliance, index))
  try {
    await using author = await alliance.start(0)
    await ready([author])
    const latencies: number[] = []
    for (let i = 0; i < SINGLE_PUBLISHES; i++) {
      const started = performance.timeOrigin + performance.now()
      await author.service.publish([domainDraft(`single-${i}.example`)])
      const seen = await Promise.all(others.map(other => other.reached(i + 1)))
      latencies.push(Math.max(...seen) - started)
      // The node is idle again before the next one.
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
    latencies.sort((a, b) => a - b)
    const at = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] as number
    report({ figure: 'one publish until persisted at both others, p50', value: at(0.5), unit: 'ms', floor: raw.p50Ms })
    report({ figure: 'one publish until persisted at both others, p99', value: at(0.99), unit: 'ms', floor: raw.p99Ms })

    const started = performance.timeOrigin + performance.now()
    const calls: Promise<unknown>[] = []
    for (let first = 0; first < SUSTAINED_INDICATORS; first += DRAFTS_PER_CALL) {
      const drafts = Array.from({ length: DRAFTS_PER_CALL }, (_, i) => domainDraft(`bulk-${first + i}.example`))
      calls.push(author.service.publish(drafts))
      if (calls.length >= 4) await calls.shift()
    }
    await Promise.all(calls)
    const total = SINGLE_PUBLISHES + SUSTAINED_INDICATORS
    const seen = await Promise.all(others.map(other => other.reached(total)))
    const seconds = (Math.max(...seen) - started) / 1000
    report({
      figure: 'sustained, published to persisted at both others',
      value: SUSTAINED_INDICATORS / seconds,
      unit: 'indicators/s',
      floor: raw.messagesPerSecond,
    })
  } finally {
    for (const other of others) await other.end()
  }
}

function startMember(alliance: TestAlliance, index: number) {
  const child: ChildProcess = fork(join(import.meta.dirname, 'support/member-process.ts'), {
    serialization: 'advanced',
  })
  /** The first time at which each number was reached. */
  const seen: Seen[] = []
  child.on('message', message => seen.push(message as Seen))
  child.send({ alliance: serialise(alliance), index })
  return {
    async reached(indicators: number): Promise<number> {
      await until(() => (seen.at(-1)?.indicators ?? 0) >= indicators, 120_000)
      return (seen.find(each => each.indicators >= indicators) as Seen).atMs
    },
    async end(): Promise<void> {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
