import { toHex } from '../../src/base/bytes.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { peerKeyHex } from '../../src/net/peer-key.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel } from '../../src/store/open.ts'
import { encodeEnvelope, KIND } from '../../src/wire/entry.ts'
import { domainDraft, type RunningNode } from './node-alliance.ts'
import { createRawAuthor, ownEntries } from './node-raw-member.ts'
import { type PowerFailure, powerFailure } from './power-failure.ts'
import { createVirtualWorld, type VirtualWorld } from './virtual-alliance.ts'
import { FAIR, type VirtualHost } from './virtual-network.ts'

export const SECOND_MS = 1000
export const MINUTE_MS = 60_000

export interface Plan {
  readonly seed: number
  readonly nations: number
  /** The last so many nations are hostile. */
  readonly hostile: number
  readonly faultsMs: number
  /** All honest nodes must be equal so long after the faults end. */
  readonly healMs: number
}

export interface Outcome {
  readonly equal: boolean
  /** What differs, of each honest node. */
  readonly states: readonly string[]
  /** Values that a node said it has taken and that another does not show. */
  readonly lost: readonly string[]
  readonly faults: readonly string[]
  readonly published: number
  readonly crashes: number
  readonly deliveries: number
  readonly trace: string
}

interface Place {
  readonly index: number
  readonly isHostile: boolean
  readonly self: ReturnType<typeof peerKeyHex>
  level: Level
  power: PowerFailure | undefined
  /** Number of the write that the power fails at, in this run of the node. */
  failsAt: number
  running: RunningNode | undefined
  clockOffMs: number
  busy: boolean
}

const STEP_MS = 500
const CHOICES_PER_STEP = 2

/** One alliance through a time of faults and then a time of peace. */
export async function simulate(plan: Plan): Promise<Outcome> {
  await using world = await createVirtualWorld(plan.nations, plan.seed)
  const run = createRun(world, plan)
  await run.startAll()
  await world.time.advance(5 * SECOND_MS)
  const endMs = world.time.nowMs + plan.faultsMs
  while (world.time.nowMs < endMs) {
    for (let i = 0; i < CHOICES_PER_STEP; i++) run.act()
    await world.time.advance(STEP_MS)
  }
  await run.heal()
  const equal = await world.time.until(run.isEqual, plan.healMs)
  const outcome: Outcome = {
    equal,
    states: equal ? [] : await run.states(),
    lost: await run.lost(),
    faults: run.faults,
    published: run.acknowledged.size,
    crashes: run.crashes(),
    deliveries: world.net.deliveries,
    trace: world.net.trace(),
  }
  await run.stopAll()
  return outcome
}

function createRun(world: VirtualWorld, plan: Plan) {
  const { time, net, random, alliance } = world
  const faults: string[] = []
  const acknowledged = new Set<string>()
  let count = 0
  let crashed = 0
  let isOver = false
  const places = alliance.members.map(
    ({ keys }, index): Place => ({
      index,
      isHostile: index >= plan.nations - plan.hostile,
      self: peerKeyHex(createEd25519Signer(keys.peerSeed).publicKey),
      level: memoryLevel(),
      power: undefined,
      failsAt: Number.POSITIVE_INFINITY,
      running: undefined,
      clockOffMs: 0,
      busy: false,
    }),
  )
  const honest = places.filter(place => !place.isHostile)
  const upTo = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(of: readonly T[]): T => of[upTo(of.length)]!

  async function start(place: Place): Promise<void> {
    place.failsAt = !place.isHostile && !isOver && random() < 0.5 ? 20 + upTo(400) : Number.POSITIVE_INFINITY
    place.power = powerFailure(place.level, place.failsAt)
    try {
      place.running = await world.start(place.index, {
        level: place.power.level,
        clockOffMs: () => place.clockOffMs,
        config: each => ({ ...each, sync: { ...each.sync, checkpointMs: 20_000, cosignMs: 30_000 } }),
      })
    } catch (error) {
      if (!losePower(place)) throw error
    }
    if (place.isHostile) turnHostile(place)
  }

  /** Goes back to what the disk holds, where the power has failed. */
  function losePower(place: Place): boolean {
    const { power } = place
    if (power === undefined || !hasNoPower(place)) return false
    crashed++
    place.level = power.survivor()
    return true
  }

  /** Stops as a process does that is killed: nothing it does afterwards reaches the disk or the network. */
  async function stop(place: Place): Promise<void> {
    const { running } = place
    place.running = undefined
    try {
      await running?.[Symbol.asyncDispose]()
    } catch {
      // What it could not write is lost with it.
    }
    losePower(place)
  }

  function alone(place: Place, doing: (place: Place) => Promise<void>): void {
    if (place.busy) return
    place.busy = true
    doing(place)
      .catch(error => void faults.push(`${alliance.members[place.index]!.nation}: ${error}`))
      .finally(() => (place.busy = false))
  }

  function publish({ running, isHostile }: Place): void {
    const values = Array.from({ length: 1 + upTo(4) }, () => `v${count++}.example`)
    const { nation } = running!.member
    running!.service
      .publish(values.map(domainDraft))
      .then(answers =>
        answers.forEach((answer, i) => {
          if (answer.outcome === 'new') acknowledged.add(`${nation} ${values[i]}`)
        }),
      )
      .catch((error: { code?: string }) => {
        const ofDisk = error.code?.startsWith('store-') || error.code === 'node-stopping'
        if (!ofDisk && !isHostile) faults.push(`publish at ${nation}: ${error}`)
      })
  }

  function hasNoPower({ power, failsAt }: Place): boolean {
    return power !== undefined && power.writes() >= failsAt
  }

  // --- what goes wrong ----------------------------------------------------------------------------------------------

  function act(): void {
    const place = pick(places)
    if (place.running === undefined) alone(place, start)
    else if (hasNoPower(place)) alone(place, stop)
    else pick(place.isHostile ? [...CHOICES, misbehave, misbehave] : CHOICES)(place)
  }

  const CHOICES: readonly ((place: Place) => void)[] = [
    ...Array.from({ length: 15 }, () => publish),
    place => alone(place, stop),
    part,
    join,
    changeWeather,
    setClock,
  ]

  function part(): void {
    const here = new Set(places.filter(() => random() < 0.5).map(({ self }) => self))
    const oneWay = random() < 0.3
    net.reaches = (from, to) => here.has(from) === here.has(to) || (oneWay && here.has(from))
    net.settle()
  }

  function join(): void {
    net.reaches = () => true
  }

  function changeWeather(): void {
    net.weather = { latencyMs: [1, pick([20, 200, 2000])], lost: pick([0, 0.1, 0.4]), doubled: pick([0, 0.2]) }
  }

  function setClock(place: Place): void {
    place.clockOffMs = pick([0, 0, 60_000, -60_000, 3_600_000])
  }

  // --- hostile members ----------------------------------------------------------------------------------------------

  function hostOf(place: Place): VirtualHost | undefined {
    return net.host(place.self)
  }

  function turnHostile(place: Place): void {
    const host = hostOf(place)!
    host.forwards = false
    host.tamper = frame => {
      const choice = random()
      if (choice < 0.03) return null
      if (choice > 0.1) return frame
      const spoiled = Uint8Array.from(frame)
      spoiled[upTo(spoiled.length)]! ^= 1 << upTo(8)
      return spoiled
    }
  }

  function misbehave(place: Place): void {
    alone(place, sayAnything)
  }

  /** Says another thing at some place of its own log, to some; or noise, to all. */
  async function sayAnything(place: Place): Promise<void> {
    const host = hostOf(place)
    const { running } = place
    if (host === undefined || running === undefined) return
    const topic = pick(['entries', 'heads', 'registry', 'alerts'] as const)
    if (random() < 0.5) {
      const noise = Uint8Array.from({ length: 1 + upTo(500) }, () => upTo(256))
      host.tell(topic, noise, host.connected())
      return
    }
    const entries = await ownEntries(running).catch(() => [])
    if (entries.length < 2) return
    const author = createRawAuthor(alliance, running.member, entries.slice(0, 1 + upTo(entries.length - 1)))
    const others = host.connected().filter(() => random() < 0.5)
    for (let i = 0; i < 3; i++) {
      const entry = author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0), timeMs: time.nowMs })
      host.tell('entries', encodeEnvelope(entry), others)
    }
  }

  // --- afterwards ---------------------------------------------------------------------------------------------------

  async function heal(): Promise<void> {
    net.weather = FAIR
    net.reaches = () => true
    for (const place of places) place.clockOffMs = 0
    await settled()
    await each(
      places.filter(place => place.isHostile || Number.isFinite(place.failsAt)),
      stop,
    )
    isOver = true
    await each(
      honest.filter(({ running }) => running === undefined),
      start,
    )
  }

  /** What starts or stops may have to wait for time to pass. */
  async function each(of: readonly Place[], doing: (place: Place) => Promise<void>): Promise<void> {
    for (const place of of) alone(place, doing)
    await settled()
  }

  async function settled(): Promise<void> {
    if (await time.until(() => places.every(({ busy }) => !busy), 5 * MINUTE_MS)) return
    throw new Error(`still busy: ${places.filter(({ busy }) => busy).map(({ index }) => index)}`)
  }

  async function stateOf({ running }: Place): Promise<string> {
    const { node, service } = running!
    const { frontier, view } = await service.digest()
    const { backlog, queued } = service.status()
    return [frontier, view, toHex(node.book.digest()), backlog, queued].map(part => String(part).slice(0, 12)).join(' ')
  }

  async function states(): Promise<string[]> {
    return Promise.all(
      honest.map(async place => `${place.running!.member.nation} ${await stateOf(place)} ${logsOf(place)}`),
    )
  }

  function logsOf({ running }: Place): string {
    return running!.service
      .status()
      .logs.map(log => `${log.nation}/${log.incarnation}:${log.size}`)
      .sort()
      .join(',')
  }

  return {
    faults,
    acknowledged,
    crashes: () => crashed,
    act,
    heal,
    states,
    async startAll() {
      for (const place of places) {
        await start(place)
      }
    },
    async stopAll() {
      await each(places, stop)
    },
    async isEqual(): Promise<boolean> {
      const all = await Promise.all(honest.map(stateOf))
      return all.every(state => state === all[0] && state.endsWith(' 0 0'))
    },
    /** What an honest node acknowledged must be in every honest view. */
    async lost(): Promise<string[]> {
      const missing: string[] = []
      const ofHonest = new Set(honest.map(({ index }) => alliance.members[index]!.nation as string))
      for (const said of acknowledged) {
        const [nation, value] = said.split(' ') as [string, string]
        if (!ofHonest.has(nation)) continue
        for (const { running } of honest) {
          const [found] = await running!.service.lookup([value])
          const shown = found?.indicators.some(({ nations }) => nations.includes(nation as never)) === true
          if (!shown) missing.push(`${said} at ${running!.member.nation}`)
        }
      }
      return missing
    },
  }
}
