import { setTimeout as delay } from 'node:timers/promises'
import type { SandboxNation } from '../../src/cli/sandbox/sandbox-alliance.ts'
import { awaitConvergence } from '../../src/cli/sandbox/sandbox-convergence.ts'
import { awaitReady, type SandboxDaemon, startDaemon } from '../../src/cli/sandbox/sandbox-daemon.ts'
import { createLoad } from './load.ts'
import type { Mark } from './plot.ts'
import type { Latency, Recording, Sample } from './recording.ts'
import { folderBytes, usageOf } from './sampling.ts'

export interface SoakPlan {
  readonly minutes: number
  /** Indicators a second, of all nations together. */
  readonly rate: number
  readonly random: () => number
  readonly say: (line: string) => void
}

const READY_WITHIN_MS = 120_000
const SAMPLE_EVERY_MS = 5_000
const PROBE_EVERY_MS = 3_000
/** Polling shorter than this would be the load itself. */
const SEEN_POLL_MS = 20
const SEEN_WITHIN_MS = 60_000
/** From one kill to the next, and from a kill to the restart: the mean of what is drawn. */
const KILL_EVERY_MS = 45_000
const DOWN_MS = 10_000
const CONVERGED_WITHIN_MS = 600_000
const CAUGHT_UP_WITHIN_MS = 300_000

/** Starts the daemons, keeps them busy, kills and restarts all but the first, and compares them at the end. */
export async function runSoak(homes: readonly SandboxNation[], plan: SoakPlan): Promise<Recording> {
  const { random, say } = plan
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const over = new AbortController()
  const daemons = homes.map(home => startDaemon(home, process.env))
  const running = new Set<number>(daemons.keys())
  const samples: Sample[] = []
  const latencies: Latency[] = []
  const kills: Mark[] = []
  const catchUpsMs: number[] = []
  const up = (): SandboxDaemon[] => [...running].map(index => daemons[index]!)
  const load = createLoad({ up, random })

  async function pause(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: over.signal }).catch(() => {})
    return !over.signal.aborted
  }

  async function publishSteadily(): Promise<void> {
    while (await pause(1000)) await load.step(plan.rate)
  }

  async function sampleSteadily(): Promise<void> {
    do {
      for (const { nation, pid, home } of up()) {
        const usage = await usageOf(pid, home.socket, home.data)
        if (usage !== undefined) samples.push({ nation, seconds: seconds(), ...usage })
      }
    } while (await pause(SAMPLE_EVERY_MS))
  }

  /** What one publishes, all that run then and go on running show a while later. */
  async function probeSteadily(): Promise<void> {
    for (let number = 0; await pause(PROBE_EVERY_MS); number++) {
      const value = await load.probe(number)
      if (value === undefined) continue
      const begun = performance.now()
      const wait = up()
      const isThere = async (daemon: SandboxDaemon) => !up().includes(daemon) || (await load.isShown(daemon, value))
      while (performance.now() - begun < SEEN_WITHIN_MS && !(await Promise.all(wait.map(isThere))).every(Boolean)) {
        await delay(SEEN_POLL_MS)
      }
      latencies.push({ seconds: seconds(), ms: performance.now() - begun })
    }
  }

  async function killSteadily(): Promise<void> {
    while (await pause(KILL_EVERY_MS * (0.5 + random()))) {
      const index = 1 + Math.floor(random() * (daemons.length - 1))
      const victim = daemons[index]!
      running.delete(index)
      kills.push({ seconds: seconds(), name: `kill -9 of ${victim.nation}` })
      victim.kill()
      await victim.ended
      await pause(DOWN_MS * (0.5 + random()))
      await restart(index)
    }
  }

  async function restart(index: number): Promise<void> {
    const begun = performance.now()
    const behind = await daemons[0]!.status()
    const daemon = startDaemon(homes[index]!, process.env)
    daemons[index] = daemon
    await awaitReady(daemon, Date.now() + READY_WITHIN_MS, new AbortController().signal)
    running.add(index)
    const sizes = new Map(behind?.logs.map(({ logId, size }) => [logId, size]))
    while (performance.now() - begun < CAUGHT_UP_WITHIN_MS) {
      const held = new Map((await daemon.status())?.logs.map(({ logId, size }) => [logId, size]))
      if ([...sizes].every(([logId, size]) => (held.get(logId) ?? 0) >= size)) break
      await delay(SEEN_POLL_MS * 5)
    }
    catchUpsMs.push(performance.now() - begun)
  }

  try {
    const { signal } = new AbortController()
    await Promise.all(daemons.map(daemon => awaitReady(daemon, Date.now() + READY_WITHIN_MS, signal)))
    const ended = delay(plan.minutes * 60_000).then(() => over.abort())
    await Promise.all([ended, publishSteadily(), sampleSteadily(), probeSteadily(), killSteadily()])
    say('Waiting until all nations hold the same')
    const convergence = await awaitConvergence(daemons, Date.now() + CONVERGED_WITHIN_MS, signal)
    const differences = convergence.kind === 'different' ? convergence.differences : []
    const lost = await load.countLost(daemons)
    const indicators = Number((await daemons[0]!.status())?.indicators ?? 0)
    const diskBytes = folderBytes(homes[0]!.home.data)
    const end = { equal: convergence.kind === 'converged', lost, differences, indicators, diskBytes }
    return { samples, latencies, kills, catchUpsMs, ...load.counts(), end }
  } finally {
    over.abort()
    for (const daemon of daemons) await daemon.stop().catch(() => daemon.kill())
  }
}
