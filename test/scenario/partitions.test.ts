import type { ChildProcess } from 'node:child_process'
import { appendFileSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createControlClient } from '../../src/cli/terminal/client.ts'
import { installAlliance } from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { cleanEnvironment, TOCSIN } from '../support/cli.ts'
import { found, makeHome, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { openGateway } from '../support/net-gateway.ts'
import {
  endProcess,
  hasDiscipline,
  type Network,
  openNetwork,
  spawnIn,
  whyNoNamespaces,
} from '../support/net-namespaces.ts'

/** Five real daemons, each on a machine of its own, on wires that this test cuts, mutes and makes bad. */

const NATIONS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE'] as const
const PORT = 7117
const POLL_MS = 200
const READY_MS_MAX = 60_000
const EQUAL_MS_MAX = 45_000
const ALL = [0, 1, 2, 3, 4]

/** Each below what the daemons may take; a bucket drops what it has no room for. */
const BAD_WIRES = [
  ['a wire that loses, delays and reorders', 'netem delay 40ms 20ms loss 3% reorder 25% 50%'],
  ['a narrow wire that drops what is too much', 'tbf rate 2mbit burst 8kb limit 16kb'],
] as const

const reason = whyNoNamespaces()
const directory = await temporaryDirectory()
let network: Network
let homes: readonly Home[]
const daemons: (ChildProcess | undefined)[] = []

const client = (i: number) => createControlClient(homes[i]!, 10_000)
const homeOf = (i: number) => homes[i]!

function start(i: number, namespace = network.machines[i]!.namespace): void {
  const log = openSync(join(homeOf(i).path, 'daemon.log'), 'a', 0o600)
  daemons[i] = spawnIn(namespace, process.execPath, [TOCSIN, '--home', homeOf(i).path, 'start'], {
    env: cleanEnvironment(),
    stdio: ['ignore', log, log],
  })
}

async function stop(i: number): Promise<void> {
  const child = daemons[i]
  daemons[i] = undefined
  if (child !== undefined) await endProcess(child, 'SIGTERM')
}

async function eventually(what: string, timeoutMs: number, holds: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  while (!(await holds().catch(() => false))) {
    const dead = daemons.some(child => child?.exitCode != null)
    if (dead || performance.now() - started > timeoutMs)
      throw new Error(`not within ${timeoutMs} ms: ${what}\n${lastWords()}`)
    await delay(POLL_MS)
  }
  return performance.now() - started
}

function lastWords(): string {
  return homes
    .map(({ path }) => readFileSync(join(path, 'daemon.log'), 'utf8').split('\n').slice(-6).join('\n'))
    .join('\n')
}

const isReady = async (i: number) => (await client(i).status()).state === 'ready'

/** The digests of frontier and view, where nothing is under way. */
async function stateOf(i: number): Promise<string> {
  const { frontier, view } = await client(i).digest()
  const { backlog, queued } = await client(i).status()
  return backlog + queued === 0 ? `${frontier} ${view}` : `under way at ${i}`
}

/** How long it took until all of them held and showed the same. */
async function equal(nodes: readonly number[]): Promise<number> {
  return eventually(`${nodes.map(i => NATIONS[i])} are equal`, EQUAL_MS_MAX, async () => {
    return new Set(await Promise.all(nodes.map(stateOf))).size === 1
  })
}

async function publish(i: number, names: readonly string[]): Promise<void> {
  const outcomes = await client(i).publish(
    names.map(name => ({ kind: 'claim', draft: { type: 'domain', value: name } })),
  )
  expect(outcomes.every(({ outcome }) => outcome === 'new' || outcome === 'queued')).toBe(true)
}

async function finds(i: number, names: readonly string[]): Promise<boolean> {
  const results = await client(i).lookup(names)
  return results.every(({ result }) => result === 'found')
}

const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}-${n}.example`)

async function foundAlliance(): Promise<readonly Home[]> {
  const made: Home[] = []
  for (const [i, nation] of NATIONS.entries()) {
    made.push(await makeHome(directory.path, nation, [`/ip4/${network.machines[i]!.address}/tcp/${PORT}`]))
  }
  let alliance = await found(made)
  for (const home of made) alliance = await signNation(alliance, home)
  for (const home of made) {
    await installAlliance(home, alliance, trustOf(alliance.directory.registry))
    appendFileSync(home.config, 'sync: { intervalMs: 3000, gapMs: 500, checkpointMs: 5000, cosignMs: 5000 }\n')
  }
  return made
}

describe.skipIf(reason !== undefined)(`machines with a network of their own${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    network = openNetwork(NATIONS.length)
    homes = await foundAlliance()
    for (const i of ALL) start(i)
    await eventually('all are ready', READY_MS_MAX, async () => (await Promise.all(ALL.map(isReady))).every(Boolean))
  }, READY_MS_MAX + 30_000)

  afterAll(async () => {
    await Promise.all(daemons.map(child => child && endProcess(child)))
    await network?.[Symbol.asyncDispose]()
  })

  test('two parted from three for a while lose nothing, and all are equal when the wire is whole', async ({
    annotate,
  }) => {
    const [left, right] = [
      [0, 1],
      [2, 3, 4],
    ]
    network.partition(left, right)
    await Promise.all(ALL.map(i => publish(i, names(`parted-${NATIONS[i]}`, 100))))
    await equal(left)
    await equal(right)
    expect(await finds(1, names('parted-AAA', 100))).toBe(true)
    expect(await finds(1, names('parted-CCC', 1))).toBe(false)
    await delay(3000)
    await Promise.all(ALL.map(i => publish(i, names(`still-${NATIONS[i]}`, 20))))
    network.heal()
    const ms = await equal(ALL)
    await annotate(`equal ${Math.round(ms)} ms after the wire was whole, 600 indicators of five nations`)
    for (const i of ALL) {
      for (const nation of NATIONS) {
        expect(await finds(i, [...names(`parted-${nation}`, 100), ...names(`still-${nation}`, 20)])).toBe(true)
      }
    }
  }, 60_000)

  test('over a link that carries one way alone nothing is lost, since others pass it on', async ({ annotate }) => {
    network.mute(0, 1)
    try {
      await publish(0, names('muted-AAA', 20))
      await publish(1, names('muted-BBB', 20))
      const ms = await equal(ALL)
      await annotate(`equal after ${Math.round(ms)} ms with what AAA sends to BBB lost`)
      expect(await finds(1, names('muted-AAA', 20))).toBe(true)
      expect(await finds(0, names('muted-BBB', 20))).toBe(true)
    } finally {
      network.unmute(0, 1)
    }
  }, 60_000)

  for (const [what, discipline] of BAD_WIRES) {
    test(`over ${what} all become equal`, async context => {
      if (!hasDiscipline(discipline)) return context.skip(`this kernel has no "tc qdisc add … ${discipline}"`)
      network.shape(2, discipline)
      try {
        await Promise.all([0, 2].map(i => publish(i, names(`bad-${discipline.split(' ')[0]}-${NATIONS[i]}`, 100))))
        await context.annotate(`equal after ${Math.round(await equal(ALL))} ms over ${discipline}`)
      } finally {
        network.unshape(2)
      }
    }, 60_000)
  }

  test('a node that can only call out, from behind a gateway that hides its address, has and gives everything', async ({
    annotate,
  }) => {
    await stop(4)
    const gateway = await openGateway(network, 4, PORT)
    try {
      await publish(0, names('meanwhile', 50))
      start(4, gateway.inside)
      const ms = await equal(ALL)
      await annotate(`equal ${Math.round(ms)} ms after it was started`)
      await publish(4, names('from-behind', 20))
      await equal(ALL)
      expect(await finds(0, names('from-behind', 20))).toBe(true)
      const peers = await client(0).peers()
      expect(peers.find(({ nation }) => nation === NATIONS[4])).toMatchObject({ state: 'connected' })
    } finally {
      await stop(4)
      await gateway[Symbol.asyncDispose]()
    }
  }, 90_000)
})

afterAll(() => directory[Symbol.asyncDispose]())
