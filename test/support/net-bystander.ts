import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { silentLogger } from '../../src/base/ports.ts'
import type { NetCounters } from '../../src/net/counters.ts'
import { type Host, openHost } from '../../src/net/host.ts'
import { peerKeyBytes } from '../../src/net/peer-key.ts'
import type { PeerState } from '../../src/net/peer-state.ts'

/**
 * Hosts that are attacked or look on, each in a process of its own: so that what is measured of them, memory and the
 * time that a message takes, is not that of the attacker.
 */

export interface BystanderOptions {
  /** Hex of the Ed25519 seed. */
  readonly seed: string
  readonly alliance: string
  /** Keys that are members to it; everybody else is in limbo. */
  readonly members: readonly string[]
  readonly peers?: readonly { readonly key: string; readonly addresses: readonly string[] }[]
  /** Publishes a message this often, where it does. */
  readonly publishEveryMs?: number
}

export interface BystanderReport {
  readonly rssBytes: number
  readonly counters: NetCounters
  readonly peers: readonly PeerState[]
  /** How long each message took from the publisher to here, in milliseconds, since the last report. */
  readonly latenciesMs: readonly number[]
}

export interface Bystander extends AsyncDisposable {
  readonly key: string
  readonly addresses: readonly string[]
  report(): Promise<BystanderReport>
  /** The most memory it had since it was asked last. */
  peakRssBytes(): Promise<number>
}

const MESSAGE_BYTES = 500

export async function startBystander(options: BystanderOptions): Promise<Bystander> {
  const child = fork(import.meta.filename, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { key, addresses } = await asked<Pick<Bystander, 'key' | 'addresses'>>(child, 'where')
  return {
    key,
    addresses,
    report: () => asked<BystanderReport>(child, 'report'),
    peakRssBytes: () => asked<number>(child, 'peak'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

let questions = 0

/** Throws where the child ends instead of answering. */
async function asked<T>(child: ChildProcess, question: string): Promise<T> {
  const id = ++questions
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onMessage = (answer: { id: number; value: T }) => {
    if (answer.id === id) resolve(answer.value)
  }
  const onExit = () => reject(new Error('the bystander has ended'))
  child.on('message', onMessage).once('exit', onExit)
  if (child.exitCode !== null) onExit()
  else child.send({ id, question })
  try {
    return await promise
  } finally {
    child.off('message', onMessage).off('exit', onExit)
  }
}

async function main(options: BystanderOptions): Promise<void> {
  const members = new Set(options.members)
  const opening = openHost({
    seed: Buffer.from(options.seed, 'hex'),
    alliance: options.alliance,
    listen: ['/ip4/0.0.0.0/tcp/0'],
    agent: 'tocsin/bystander',
    standingOf: key => (members.has(Buffer.from(key).toString('hex')) ? 'member' : 'limbo'),
    logger: silentLogger,
  })
  let peakRssBytes = 0
  setInterval(() => (peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())), 20)
  const latenciesMs: number[] = []
  let host: Host | undefined
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ id, question }: { id: number; question: string }) => {
    host ??= await ready()
    process.send?.({ id, value: answer(host, question) })
  })

  function answer(host: Host, question: string) {
    if (question === 'where') return { key: host.self, addresses: host.addresses }
    if (question === 'peak') {
      const peak = peakRssBytes
      peakRssBytes = 0
      return peak
    }
    const rssBytes = process.memoryUsage.rss()
    return { rssBytes, counters: host.counters, peers: host.peers(), latenciesMs: latenciesMs.splice(0) }
  }

  let starting: Promise<Host> | undefined
  function ready(): Promise<Host> {
    starting ??= start()
    return starting
  }

  async function start(): Promise<Host> {
    const opened = await opening
    opened.subscribe('entries', async data => {
      if (data.length === MESSAGE_BYTES) latenciesMs.push(Date.now() - Number(Buffer.from(data).readBigUInt64BE(0)))
      return data[0] === 0xff ? 'reject' : 'accept'
    })
    opened.setPeers(
      (options.peers ?? []).map(({ key, addresses }) => ({ publicKey: peerKeyBytes(key as never), addresses })),
    )
    if (options.publishEveryMs !== undefined) publishEvery(opened, options.publishEveryMs)
    return opened
  }
}

function publishEvery(host: Host, everyMs: number): void {
  let count = 0
  setInterval(() => {
    const data = Buffer.alloc(MESSAGE_BYTES)
    data.writeBigUInt64BE(BigInt(Date.now()))
    data.writeUInt32BE(++count, 8)
    host.publish('entries', data).catch(() => {})
  }, everyMs)
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2]!) as BystanderOptions)
