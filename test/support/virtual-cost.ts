import { domainDraft } from './node-alliance.ts'
import { createVirtualWorld } from './virtual-alliance.ts'

/** What a node sent in a quiet time, in the mean. */
export interface Cost {
  readonly equal: boolean
  readonly gossipMessages: number
  readonly gossipKiB: number
  readonly syncFrames: number
  readonly syncKiB: number
}

const STEP_MS = 10_000
const PUBLISH_EACH_MS = 600_000
const AUTHORS = 4

/** Everybody runs with the settings of a new node; four nations publish one indicator every ten minutes. */
export async function measureQuiet(nations: number, spanMs: number, seed: number): Promise<Cost> {
  await using world = await createVirtualWorld(nations, seed)
  const nodes = await Promise.all(world.alliance.members.map((_, index) => world.start(index)))
  await world.time.advance(60_000)
  world.net.traffic.clear()
  for (let passedMs = 0; passedMs < spanMs; passedMs += STEP_MS) {
    if (passedMs % PUBLISH_EACH_MS === 0) {
      for (const { service } of nodes.slice(0, AUTHORS)) void service.publish([domainDraft(`at-${passedMs}.example`)])
    }
    await world.time.advance(STEP_MS)
  }
  const frontiers = new Set(nodes.map(({ service }) => service.status().frontier))
  const mean = { gossipMessages: 0, gossipBytes: 0, frames: 0, frameBytes: 0 }
  for (const traffic of world.net.traffic.values()) {
    for (const name of Object.keys(mean) as (keyof typeof mean)[]) mean[name] += traffic[name] / nations
  }
  await Promise.all(nodes.map(node => node[Symbol.asyncDispose]()))
  return {
    equal: frontiers.size === 1,
    gossipMessages: Math.round(mean.gossipMessages),
    gossipKiB: Math.round(mean.gossipBytes / 1024),
    syncFrames: Math.round(mean.frames),
    syncKiB: Math.round(mean.frameBytes / 1024),
  }
}
