import { createHash } from 'node:crypto'
import { ProtocolError, StoreError } from '../../src/base/errors.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { createNetCounters, type TopicName } from '../../src/net/counters.ts'
import type { PeerTarget } from '../../src/net/dialer.ts'
import type { Frames } from '../../src/net/frames.ts'
import type { Validate } from '../../src/net/gossip.ts'
import type { Host, HostOptions, PeerEvent } from '../../src/net/host.ts'
import { type PeerKeyHex, peerKeyBytes, peerKeyHex } from '../../src/net/peer-key.ts'
import type { PeerState } from '../../src/net/peer-state.ts'
import type { StreamHandler } from '../../src/net/streams.ts'
import { verdictOfError } from '../../src/net/verdict.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What the links do to what is sent; each share is of gossip messages, since a stream is repaired by TCP. */
export interface Weather {
  readonly latencyMs: readonly [least: number, most: number]
  readonly lost: number
  readonly doubled: number
}

export const FAIR: Weather = { latencyMs: [5, 40], lost: 0, doubled: 0 }

/** Of one node, all that it sent. */
export interface Traffic {
  gossipMessages: number
  gossipBytes: number
  frames: number
  frameBytes: number
}

/** Own messages go to all neighbours, what is passed on goes to so many: as `gossip-options.ts` has gossipsub do it. */
const MESH = 6
const SEEN_MS = 120_000
const REDIAL_MS = [2_000, 8_000] as const
/** A broken link is noticed so late. */
const LINK_TIMEOUT_MS = 10_000
/** As `frames.ts` has it. */
const IDLE_TIMEOUT_MS = 30_000

interface NodeLinks {
  readonly host: VirtualHost
  readonly options: Pick<HostOptions, 'standingOf'>
}

/** The network between nodes of this process: links that lose, double, delay, reorder and break; seeded, in virtual time. */
export class VirtualNetwork {
  readonly time: VirtualTime
  readonly random: () => number
  weather: Weather = FAIR
  /** Whether something sent by `from` arrives at `to`. */
  reaches: (from: PeerKeyHex, to: PeerKeyHex) => boolean = () => true
  readonly traffic = new Map<PeerKeyHex, Traffic>()
  /** A running hash over all that was delivered, to whom and when: two runs of one seed agree in it. */
  readonly #trace = createHash('sha256')
  readonly #nodes = new Map<PeerKeyHex, NodeLinks>()
  #deliveries = 0

  constructor(time: VirtualTime, random: () => number) {
    this.time = time
    this.random = random
  }

  open(self: PeerKeyHex, options: Pick<HostOptions, 'standingOf'>): Host {
    const host = new VirtualHost(this, self)
    this.#nodes.set(self, { host, options })
    return host
  }

  close(host: VirtualHost): void {
    if (this.#nodes.get(host.self)?.host !== host) return
    this.#nodes.delete(host.self)
    for (const { host: other } of this.#nodes.values()) other.lose(host.self)
  }

  host(peer: PeerKeyHex): VirtualHost | undefined {
    return this.#nodes.get(peer)?.host
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }

  latencyMs(): number {
    return this.between(...this.weather.latencyMs)
  }

  /** Whether both let the other in, and each reaches the other. */
  canConnect(a: PeerKeyHex, b: PeerKeyHex): boolean {
    const [one, other] = [this.#nodes.get(a), this.#nodes.get(b)]
    if (one === undefined || other === undefined || !this.#passes(a, b)) return false
    return isMember(one, b) && isMember(other, a)
  }

  /** Links that no longer carry anything break, some time later. */
  settle(): void {
    for (const { host } of this.#nodes.values()) {
      for (const peer of host.connected()) if (!this.#passes(host.self, peer)) this.#breakLate(host, peer)
    }
  }

  sent(from: PeerKeyHex): Traffic {
    const traffic = this.traffic.get(from) ?? { gossipMessages: 0, gossipBytes: 0, frames: 0, frameBytes: 0 }
    this.traffic.set(from, traffic)
    return traffic
  }

  traced(kind: string, from: PeerKeyHex, to: PeerKeyHex, data: Uint8Array): void {
    this.#deliveries++
    this.#trace.update(`${this.time.nowMs} ${kind} ${from} ${to} ${data.length}\n`).update(data)
  }

  get deliveries(): number {
    return this.#deliveries
  }

  /** What happened so far, as a hash. */
  trace(): string {
    return this.#trace.copy().digest('hex')
  }

  #passes(a: PeerKeyHex, b: PeerKeyHex): boolean {
    return this.reaches(a, b) && this.reaches(b, a)
  }

  #breakLate(host: VirtualHost, peer: PeerKeyHex): void {
    setTimeout(() => {
      if (this.#passes(host.self, peer)) return
      this.host(peer)?.lose(host.self)
      host.lose(peer)
    }, LINK_TIMEOUT_MS)
  }
}

function isMember({ options }: NodeLinks, peer: PeerKeyHex): boolean {
  return options.standingOf(peerKeyBytes(peer)) === 'member'
}

interface Link {
  readonly direction: 'inbound' | 'outbound'
  readonly sinceMs: number
  readonly pipes: Set<VirtualFrames>
}

/** A node's place in the virtual network. */
export class VirtualHost implements Host {
  readonly self: PeerKeyHex
  readonly addresses: readonly string[] = []
  readonly counters = createNetCounters()
  readonly #net: VirtualNetwork
  readonly #links = new Map<PeerKeyHex, Link>()
  readonly #targets = new Set<PeerKeyHex>()
  readonly #calling = new Set<PeerKeyHex>()
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  readonly #validators = new Map<TopicName, Validate>()
  readonly #handlers = new Map<string, StreamHandler>()
  /** When a message was first seen, by its id; insertion order is age. */
  readonly #seen = new Map<string, number>()
  /** What a hostile node makes of the frames that it sends; null sends none. */
  tamper: (frame: Uint8Array) => Uint8Array | null = frame => frame
  /** A hostile one may keep what it should pass on. */
  forwards = true
  #closed = false

  constructor(net: VirtualNetwork, self: PeerKeyHex) {
    this.#net = net
    this.self = self
  }

  setPeers(peers: readonly PeerTarget[]): void {
    this.#targets.clear()
    for (const { publicKey } of peers) this.#targets.add(peerKeyHex(publicKey))
    for (const peer of this.#targets) this.#call(peer, 1)
  }

  reconsider(): void {
    for (const peer of this.connected()) {
      if (this.#net.canConnect(this.self, peer)) continue
      this.#net.host(peer)?.lose(this.self)
      this.lose(peer)
    }
  }

  connected(): PeerKeyHex[] {
    return [...this.#links.keys()]
  }

  peers(): readonly PeerState[] {
    return [...new Set([...this.#targets, ...this.#links.keys()])].map(peer => this.#state(peer))
  }

  call(): Promise<PeerKeyHex> {
    return Promise.reject(new ProtocolError('net-closed', 'nobody is called by address here'))
  }

  blame(): void {}

  worstCaller(): null {
    return null
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  subscribe(topic: TopicName, validate: Validate): void {
    this.#validators.set(topic, validate)
  }

  async publish(topic: TopicName, data: Uint8Array): Promise<void> {
    if (this.#closed) throw new StoreError('net-closed', 'the network is shut down')
    this.#isNew(topic, data)
    for (const peer of this.connected()) this.#send(topic, data, peer)
  }

  /** What a hostile node says to some alone. */
  tell(topic: TopicName, data: Uint8Array, peers: readonly PeerKeyHex[]): void {
    for (const peer of peers) this.#send(topic, data, peer)
  }

  async handleStream(protocol: string, handler: StreamHandler): Promise<void> {
    this.#handlers.set(protocol, handler)
  }

  async openStream(peer: PeerKeyHex, protocol: string, signal: AbortSignal): Promise<Frames> {
    await passing(this.#net.latencyMs())
    const other = this.#net.host(peer)
    const [here, there] = [this.#links.get(peer), other?.linkTo(this.self)]
    const handler = other?.handler(protocol)
    if (here === undefined || there === undefined || other === undefined || handler === undefined) {
      throw new StoreError('net-peer-absent', `there is no connection to ${peer}`)
    }
    const near = new VirtualFrames(this.#net, this.self, peer, here.pipes)
    const far = new VirtualFrames(this.#net, peer, this.self, there.pipes)
    near.other = far
    far.other = near
    signal.addEventListener('abort', () => near.abort(new StoreError('net-closed', 'given up')))
    void handler(far, this.self, new AbortController().signal)
      .then(() => far.close())
      .catch(error => far.abort(error))
    return near
  }

  linkTo(peer: PeerKeyHex): Link | undefined {
    return this.#links.get(peer)
  }

  handler(protocol: string): StreamHandler | undefined {
    return this.#handlers.get(protocol)
  }

  gain(peer: PeerKeyHex, direction: Link['direction']): void {
    if (this.#links.has(peer) || this.#closed) return
    this.#links.set(peer, { direction, sinceMs: Date.now(), pipes: new Set() })
    this.#tell({ kind: 'up', peer })
  }

  lose(peer: PeerKeyHex): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#links.delete(peer)
    for (const pipe of [...link.pipes]) pipe.fail(new ProtocolError('net-closed', 'the connection was lost'))
    this.#tell({ kind: 'down', peer })
    this.#call(peer, this.#net.between(...REDIAL_MS))
  }

  /** What arrives from a neighbour. */
  async hear(topic: TopicName, data: Uint8Array, from: PeerKeyHex): Promise<void> {
    const validate = this.#validators.get(topic)
    const totals = this.counters.topics[topic]
    totals.messagesIn++
    totals.bytesIn += data.length
    if (this.#closed || validate === undefined || !this.#isNew(topic, data)) return
    this.#net.traced(topic, from, this.self, data)
    const verdict = await validate(data, from).catch(verdictOfError)
    totals.verdicts[verdict]++
    if (verdict !== 'accept' || this.#closed || !this.forwards) return
    for (const peer of this.#mesh(from)) this.#send(topic, data, peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const link of this.#links.values()) {
      for (const pipe of [...link.pipes]) pipe.fail(new StoreError('net-closed', 'the network is shut down'))
    }
    this.#links.clear()
    this.#net.close(this)
  }

  #mesh(except: PeerKeyHex): PeerKeyHex[] {
    const others = this.connected().filter(peer => peer !== except)
    for (let i = 0; i < Math.min(MESH, others.length); i++) {
      const j = i + Math.floor(this.#net.random() * (others.length - i))
      ;[others[i], others[j]] = [others[j]!, others[i]!]
    }
    return others.slice(0, MESH)
  }

  #send(topic: TopicName, data: Uint8Array, peer: PeerKeyHex): void {
    const net = this.#net
    const traffic = net.sent(this.self)
    traffic.gossipMessages++
    traffic.gossipBytes += data.length
    this.counters.topics[topic].messagesOut++
    const copies = net.random() < net.weather.lost ? 0 : net.random() < net.weather.doubled ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      setTimeout(() => {
        if (net.reaches(this.self, peer)) void net.host(peer)?.hear(topic, data, this.self)
      }, net.latencyMs())
    }
  }

  #isNew(topic: TopicName, data: Uint8Array): boolean {
    const id = createHash('sha256').update(topic).update(data).digest('base64')
    const nowMs = Date.now()
    for (const [old, atMs] of this.#seen) {
      if (nowMs - atMs < SEEN_MS) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(id)) return false
    this.#seen.set(id, nowMs)
    return true
  }

  /** Goes on until there is a connection or the peer is none of ours any more. */
  #call(peer: PeerKeyHex, afterMs: number): void {
    if (this.#closed || this.#calling.has(peer) || this.#links.has(peer) || !this.#targets.has(peer)) return
    this.#calling.add(peer)
    setTimeout(() => {
      this.#calling.delete(peer)
      if (this.#closed || this.#links.has(peer)) return
      if (this.#net.canConnect(this.self, peer)) {
        this.gain(peer, 'outbound')
        this.#net.host(peer)?.gain(this.self, 'inbound')
      } else this.#call(peer, this.#net.between(...REDIAL_MS))
    }, afterMs)
  }

  #tell(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #state(peer: PeerKeyHex): PeerState {
    const link = this.#links.get(peer)
    return {
      peer,
      status: link === undefined ? 'waiting' : 'connected',
      sinceMs: link?.sinceMs ?? Date.now(),
      static: this.#targets.has(peer),
      direction: link?.direction ?? null,
      addresses: [],
      rttMs: null,
      protocols: [],
      nextDialMs: null,
      fault: null,
      failures: 0,
      offence: null,
    }
  }
}

/** One side of a stream: frames in order, each after the latency of the link. */
class VirtualFrames implements Frames {
  other: VirtualFrames | undefined
  readonly #net: VirtualNetwork
  readonly #self: PeerKeyHex
  readonly #peer: PeerKeyHex
  readonly #pipes: Set<VirtualFrames>
  readonly #inbox: (Uint8Array | null)[] = []
  #arrivesMs = 0
  #error: Error | undefined
  #waiting: (() => void) | undefined

  constructor(net: VirtualNetwork, self: PeerKeyHex, peer: PeerKeyHex, pipes: Set<VirtualFrames>) {
    this.#net = net
    this.#self = self
    this.#peer = peer
    this.#pipes = pipes
    pipes.add(this)
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#inbox.length === 0) {
      if (this.#error !== undefined) throw this.#error
      const patience = setTimeout(
        () => this.abort(new ProtocolError('net-timeout', 'the peer sent nothing')),
        IDLE_TIMEOUT_MS,
      )
      await new Promise<void>(resolve => (this.#waiting = resolve))
      clearTimeout(patience)
    }
    return this.#inbox.shift() ?? null
  }

  async write(frame: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error
    const sent = this.#net.host(this.#self)?.tamper(frame) ?? null
    if (sent === null) return
    const traffic = this.#net.sent(this.#self)
    traffic.frames++
    traffic.frameBytes += sent.length
    this.#pass(sent)
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#pipes.delete(this)
    this.#pass(null)
  }

  abort(error: Error): void {
    this.fail(error)
    this.other?.fail(new ProtocolError('net-closed', 'the other side reset the stream'))
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#pipes.delete(this)
    this.#waiting?.()
  }

  #pass(frame: Uint8Array | null): void {
    this.#arrivesMs = Math.max(this.#arrivesMs, Date.now() + this.#net.latencyMs())
    setTimeout(() => {
      if (!this.#net.reaches(this.#self, this.#peer)) return
      if (frame !== null) this.#net.traced('frame', this.#self, this.#peer, frame)
      this.other?.take(frame)
    }, this.#arrivesMs - Date.now())
  }

  take(frame: Uint8Array | null): void {
    this.#inbox.push(frame)
    this.#waiting?.()
  }
}

function passing(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Where hosts open while a simulation runs. */
let current: VirtualNetwork | undefined

export function useVirtualNetwork(net: VirtualNetwork | undefined): void {
  current = net
}

/** Stands for `openHost` of `src/net/host.ts`. */
export async function openVirtualHost(options: HostOptions): Promise<Host> {
  if (current === undefined) throw new Error('no virtual network is in use')
  return current.open(peerKeyHex(createEd25519Signer(options.seed).publicKey), options)
}
