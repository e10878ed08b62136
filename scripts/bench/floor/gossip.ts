import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Seen } from '../support/member-process.ts'
import { startRawGossip, TOPIC } from '../support/raw-gossip.ts'

export interface GossipFloor {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of 500 bytes, published to received by all. */
  readonly messagesPerSecond: number
}

const MESSAGE_BYTES = 500
const SINGLE_MESSAGES = 200
const BURST_MESSAGES = 2000

/** Plain gossipsub between `nodes` processes on loopback, each connected with each. */
export async function measureGossip(nodes: number): Promise<GossipFloor> {
  const self = await startRawGossip()
  const children = Array.from({ length: nodes - 1 }, () => startChild())
  try {
    const addresses = [self.getMultiaddrs().map(String)]
    for (const child of children) {
      const own = await child.addresses
      child.dial(addresses.flatMap(each => each.slice(0, 1)))
      addresses.push(own)
    }
    await settle(() => self.services.gossip.getSubscribers(TOPIC).length === nodes - 1)
    // The mesh is built at the next heartbeats.
    await new Promise(resolve => setTimeout(resolve, 2500))
    const latencies: number[] = []
    for (let i = 0; i < SINGLE_MESSAGES; i++) {
      const started = performance.timeOrigin + performance.now()
      await self.services.gossip.publish(TOPIC, randomBytes(MESSAGE_BYTES))
      latencies.push(Math.max(...(await Promise.all(children.map(child => child.reached(i + 1))))) - started)
    }
    latencies.sort((a, b) => a - b)
    const started = performance.timeOrigin + performance.now()
    for (let i = 0; i < BURST_MESSAGES; i++) await self.services.gossip.publish(TOPIC, randomBytes(MESSAGE_BYTES))
    const ends = await Promise.all(children.map(child => child.reached(SINGLE_MESSAGES + BURST_MESSAGES)))
    return {
      p50Ms: latencies[Math.floor(0.5 * (SINGLE_MESSAGES - 1))] as number,
      p99Ms: latencies[Math.floor(0.99 * (SINGLE_MESSAGES - 1))] as number,
      messagesPerSecond: BURST_MESSAGES / ((Math.max(...ends) - started) / 1000),
    }
  } finally {
    for (const child of children) await child.end()
    await self.stop()
  }
}

function startChild() {
  const child: ChildProcess = fork(join(import.meta.dirname, '../support/raw-gossip-process.ts'), {
    serialization: 'advanced',
  })
  const seen: Seen[] = []
  const addresses = once(child, 'message').then(([first]) => first as readonly string[])
  child.on('message', message => {
    if (!Array.isArray(message)) seen.push(message as Seen)
  })
  return {
    addresses: addresses as Promise<string[]>,
    dial: (others: readonly string[]) => child.send([...others]),
    async reached(count: number): Promise<number> {
      await settle(() => (seen.at(-1)?.indicators ?? 0) >= count)
      return (seen.find(each => each.indicators >= count) as Seen).atMs
    },
    async end(): Promise<void> {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function settle(condition: () => boolean): Promise<void> {
  const end = Date.now() + 60_000
  while (!condition()) {
    if (Date.now() > end) throw new Error('plain gossipsub did not come to an end within 60 s')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
