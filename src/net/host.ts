import type { Connection, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { ProtocolError, UserError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { Callers, type WorstCaller } from './callers.ts'
import { Conduct, type Offence } from './conduct.ts'
import { createNetCounters, type NetCounters, type TopicName } from './counters.ts'
import { Dialer, type PeerTarget } from './dialer.ts'
import type { FrameLimits, Frames } from './frames.ts'
import { Gater, LimboConnections, peerLabel, type Standing } from './gater.ts'
import { GOSSIP_PROTOCOL_PREFIX, Gossip, type Validate } from './gossip.ts'
import { sharedIps } from './gossip-options.ts'
import { createNode, HOST_LIMITS, type HostLimits, type Node, type NodeOptions } from './libp2p-node.ts'
import { listenError } from './listen-error.ts'
import { type PeerKeyHex, peerIdOf, peerKeyBytes, peerKeyHex, peerKeyHexOf } from './peer-key.ts'
import { type PeerState, peerState, type UpPeer } from './peer-state.ts'
import { RELAY_CAPS, RELAY_PROTOCOL, type RelayAddresses, serveRelay } from './relay.ts'
import { listensToItselfAlone } from './relay-target.ts'
import { type RawStreamHandler, type StreamCaps, type StreamHandler, Streams } from './streams.ts'
import { Watchdog } from './watchdog.ts'

export interface HostOptions extends NodeOptions {
  readonly standingOf: (publicKey: Uint8Array) => Standing
  /** Whom this node passes connections on for, and where to; without it for nobody. */
  readonly relayAddresses?: RelayAddresses
  readonly logger: Logger
  readonly limits?: Partial<HostLimits>
}

/**
 * 'up' comes once we admit the other side and it has told what it speaks, which it does not before it lets us in;
 * 'limbo' for a peer that has no standing with us yet.
 */
export interface PeerEvent {
  readonly kind: 'up' | 'down' | 'limbo'
  readonly peer: PeerKeyHex
}

/** The node's place in the network. Peers are named by their raw Ed25519 key in hex; all data is opaque bytes. */
export interface Host extends AsyncDisposable {
  readonly self: PeerKeyHex
  /** What we listen on or announce, each with `/p2p/…` at its end. */
  readonly addresses: readonly string[]
  readonly counters: NetCounters
  setPeers(peers: readonly PeerTarget[]): void
  /** Asks for the standing of every connected peer anew and hangs up on those that lost theirs. */
  reconsider(): void
  peers(): readonly PeerState[]
  /** From where most calls were turned away of late; null where none was. */
  worstCaller(): WorstCaller | null
  /**
   * Opens a connection to a multiaddr and gives the key that answers, which is no admission. Without `/p2p/…` at its
   * end whoever is there will do; a second connection with the same peer is closed. Throws what `dialFault` reads.
   */
  call(address: string, signal: AbortSignal): Promise<PeerKeyHex>
  /** What the peer gave over a stream does not hold: that counts as several rejected messages. */
  blame(peer: PeerKeyHex): void
  /** Returns a function that ends the subscription. */
  onPeer(listener: (event: PeerEvent) => void): () => void
  subscribe(topic: TopicName, validate: Validate): void
  publish(topic: TopicName, data: Uint8Array): Promise<void>
  handleStream(protocol: string, handler: StreamHandler, caps: StreamCaps): Promise<void>
  openStream(peer: PeerKeyHex, protocol: string, signal: AbortSignal, limits?: Partial<FrameLimits>): Promise<Frames>
}

/** Opens the listeners; throws `UserError` 'net-port-taken', 'net-address-invalid' or 'net-listen-failed'. */
export async function openHost(options: HostOptions): Promise<Host> {
  const limits = { ...HOST_LIMITS, ...options.limits }
  const counters = createNetCounters()
  const conduct = new Conduct()
  const limbo = new LimboConnections(limits.limbo)
  const callers = new Callers(limits.callers, sharedIps(options.announce), counters)
  const noted: { onOffence?: (peer: PeerId, offence: Offence) => void } = {}
  const onOffence = (peer: PeerId, offence: Offence): void => noted.onOffence?.(peer, offence)
  const gater = new Gater({
    standingOf: options.standingOf,
    isCut: peer => {
      const key = peerKeyHexOf(peer)
      return key !== null && conduct.isCut(key, Date.now())
    },
    edges: options.edges,
    counters,
    limbo: limits.limbo,
    callers,
    onCrowd: peer => onOffence(peer, 'net-flood-connections'),
    logger: options.logger,
  })
  const node = await createNode(options, { limits, gater, limbo, onOffence })
  const host = new Libp2pHost({ options, limits, counters, conduct, limbo, gater, callers, node })
  noted.onOffence = (peer, offence) => host.note(peerKeyHexOf(peer), offence)
  try {
    await host.serveRelays()
    await node.start()
  } catch (error) {
    await host[Symbol.asyncDispose]()
    throw listenError(error, options.listen)
  }
  host.start()
  return host
}

interface Parts {
  readonly options: HostOptions
  readonly limits: HostLimits
  readonly counters: NetCounters
  readonly conduct: Conduct
  readonly limbo: LimboConnections
  readonly gater: Gater
  readonly callers: Callers
  readonly node: Node
}

class Libp2pHost implements Host {
  readonly self: PeerKeyHex
  readonly counters: NetCounters
  readonly #parts: Parts
  readonly #node: Node
  readonly #logger: Logger
  readonly #gossip: Gossip
  readonly #streams: Streams
  readonly #dialer: Dialer
  readonly #closing = new AbortController()
  /** The admitted and identified peers. */
  readonly #up = new Map<PeerKeyHex, UpPeer>()
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  #watchdog: Watchdog | null = null

  constructor(parts: Parts) {
    const { node, options, counters, limbo } = parts
    const logger = options.logger
    this.#parts = parts
    this.#node = node
    this.#logger = logger
    this.counters = counters
    this.self = peerKeyHexOf(node.peerId)!
    this.#gossip = new Gossip({
      router: node.services.gossip,
      alliance: options.alliance,
      counters,
      logger,
      outbound: () => this.#outboundGossip(),
      onOffence: (peer, offence) => this.note(peer, offence),
    })
    this.#streams = new Streams({
      node,
      limbo,
      counters,
      logger,
      signal: this.#closing.signal,
      onCrowd: peer => this.note(peer, 'net-flood-streams'),
    })
    this.#dialer = new Dialer({
      self: this.self,
      dial: async (addresses, signal) => void (await node.dial([...addresses], { signal })),
      dialAnybody: async (address, signal) => void (await this.call(address.toString(), signal)),
      isUp: peer => this.#up.has(peer),
      hangUp: peer => this.#hangUp(peer),
      counters,
      logger,
    })
    node.addEventListener('connection:open', event => this.#onOpen(event.detail))
    node.addEventListener('connection:close', () => counters.connectionsClosed++)
    node.addEventListener('peer:identify', event => this.#onIdentified(event.detail.peerId, event.detail.protocols))
    node.addEventListener('peer:disconnect', event => this.#onDisconnected(event.detail))
  }

  start(): void {
    this.#watchdog = new Watchdog({
      times: this.#parts.limits.watchdog,
      connections: () => this.#gossipingConnections(),
      onDeaf: peer => this.#onDeaf(peer),
    })
  }

  async serveRelays(): Promise<void> {
    const { relayAddresses, listen } = this.#parts.options
    if (relayAddresses === undefined) return
    const rules = { addressesOf: relayAddresses, toItself: listensToItselfAlone(listen) }
    const serve: RawStreamHandler = async (stream, caller) => {
      this.counters.relaysOpen++
      await serveRelay(stream, caller, rules).finally(() => this.counters.relaysOpen--)
    }
    await this.#streams.handleRaw(RELAY_PROTOCOL, serve, RELAY_CAPS)
  }

  get addresses(): readonly string[] {
    return this.#node.getMultiaddrs().map(String)
  }

  setPeers(peers: readonly PeerTarget[]): void {
    const siblings = peers.filter(each => each.sameNation).map(each => peerKeyHex(each.publicKey))
    this.#gossip.setDirect(siblings.filter(peer => peer !== this.self))
    this.#dialer.setPeers(peers)
  }

  reconsider(): void {
    for (const connection of this.#node.getConnections()) this.#reconsider(connection)
  }

  peers(): readonly PeerState[] {
    const named = this.#node.getPeers().map(peerKeyHexOf)
    // Whoever is cut off is not connected: that it is named must not hang on that.
    const offenders = this.#parts.conduct.offenders(Date.now())
    const all = new Set([...this.#dialer.peers, ...named.filter(peer => peer !== null), ...offenders])
    return [...all].map(peer => this.#peerState(peer))
  }

  worstCaller(): WorstCaller | null {
    return this.#parts.callers.worst(Date.now())
  }

  async call(address: string, signal: AbortSignal): Promise<PeerKeyHex> {
    const connection = await this.#node.dial(multiaddr(address), { signal })
    const peer = peerKeyHexOf(connection.remotePeer)
    if (peer !== null) {
      if (this.#openConnections(peer).length > 1) closeInTime(connection)
      return peer
    }
    throw new ProtocolError('key-invalid', 'what answers has a key of a kind that no member has')
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  subscribe(topic: TopicName, validate: Validate): void {
    this.#gossip.subscribe(topic, validate)
  }

  publish(topic: TopicName, data: Uint8Array): Promise<void> {
    return this.#gossip.publish(topic, data)
  }

  blame(peer: PeerKeyHex): void {
    this.note(peer, 'sync-peer-spoils')
  }

  handleStream(protocol: string, handler: StreamHandler, caps: StreamCaps): Promise<void> {
    return this.#streams.handle(protocol, handler, caps)
  }

  openStream(peer: PeerKeyHex, protocol: string, signal: AbortSignal, limits?: Partial<FrameLimits>): Promise<Frames> {
    return this.#streams.open(peer, protocol, signal, limits)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the network is shut down'))
    this.#watchdog?.stop()
    this.#dialer.stop()
    this.#gossip.close()
    await this.#node.stop()
  }

  #onOpen(connection: Connection): void {
    this.counters.connectionsOpened++
    connection.addEventListener('close', ({ error }) => {
      const isFlood = error instanceof ProtocolError && error.code === 'net-flood-frames'
      if (isFlood) this.note(peerKeyHexOf(connection.remotePeer), 'net-flood-frames')
    })
    const standing = this.#parts.gater.standing(connection.remotePeer)
    if (standing === 'refused') this.#revoke(connection)
    if (standing !== 'limbo') return
    this.#parts.limbo.add(connection)
    const peer = peerKeyHexOf(connection.remotePeer)
    if (peer !== null) this.#tell({ kind: 'limbo', peer })
  }

  /** Identify is the first thing that a side which has let us in answers. */
  #onIdentified(peerId: PeerId, protocols: readonly string[]): void {
    const peer = peerKeyHexOf(peerId)
    if (peer === null || this.#up.has(peer) || this.#parts.gater.standing(peerId) !== 'member') return
    if (this.#openConnections(peer).every(each => this.#parts.limbo.has(each))) return
    const gossips = protocols.some(protocol => protocol.startsWith(GOSSIP_PROTOCOL_PREFIX))
    this.#up.set(peer, { sinceMs: Date.now(), gossips, protocols })
    this.#dialer.onUp(peer)
    this.#logger.info({ peer }, 'peer connected')
    this.#tell({ kind: 'up', peer })
  }

  #onDisconnected(peerId: PeerId): void {
    const peer = peerKeyHexOf(peerId)
    if (peer === null) return
    const wasUp = this.#up.delete(peer)
    this.#dialer.onDown(peer)
    // libp2p remembers whoever connected once, and strangers may come with a new key each time.
    if (this.#parts.gater.standing(peerId) !== 'member') void this.#node.peerStore.delete(peerId).catch(() => {})
    if (!wasUp) return
    this.#logger.info({ peer }, 'peer disconnected')
    this.#tell({ kind: 'down', peer })
  }

  #reconsider(connection: Connection): void {
    const standing = this.#parts.gater.standing(connection.remotePeer)
    const wasLimbo = this.#parts.limbo.has(connection)
    if (standing === 'refused' || (standing === 'limbo' && !wasLimbo)) this.#revoke(connection)
    // A peer that proved itself in limbo starts over: what it may do hangs on how its connection began.
    else if (standing === 'member' && wasLimbo) closeInTime(connection)
  }

  #revoke(connection: Connection): void {
    this.counters.connectionsRevoked++
    this.#logger.info({ peer: peerLabel(connection.remotePeer) }, 'hung up on a peer that has no standing any more')
    connection.abort(new UserError('net-refused', 'the peer has no standing'))
  }

  /** what counts is the neighbour's own doing whatever one knows, so whoever does much of it is no honest relay. */
  note(peer: PeerKeyHex | null, offence: Offence): void {
    this.counters.offences[offence]++
    if (peer === null || !this.#parts.conduct.note(peer, offence, Date.now())) return
    this.counters.peersCut++
    this.#logger.warn({ peer, code: offence }, 'cut off a peer for a while')
    this.#hangUp(peer)
  }

  #onDeaf(peer: PeerKeyHex): void {
    this.counters.watchdogRedials++
    this.note(peer, 'net-slow-reader')
    this.#logger.info({ peer }, 'gossip with a peer has stopped, reconnecting')
    this.#hangUp(peer)
  }

  #hangUp(peer: PeerKeyHex): void {
    for (const connection of this.#openConnections(peer)) connection.abort(new Error('hung up'))
  }

  #tell(event: PeerEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#logger.error({ error, event }, 'a listener for peers failed')
      }
    }
  }

  #openConnections(peer: PeerKeyHex): Connection[] {
    return this.#node.getConnections(peerIdOf(peerKeyBytes(peer)))
  }

  *#gossipingConnections(): Iterable<readonly [PeerKeyHex, readonly Connection[]]> {
    for (const [peer, { gossips }] of this.#up) if (gossips) yield [peer, this.#openConnections(peer)]
  }

  *#outboundGossip() {
    for (const connection of this.#node.getConnections()) {
      for (const stream of connection.streams) {
        if (stream.direction === 'outbound' && stream.protocol.startsWith(GOSSIP_PROTOCOL_PREFIX)) yield stream
      }
    }
  }

  #peerState(peer: PeerKeyHex): PeerState {
    const connection = this.#openConnections(peer).find(each => each.status === 'open') ?? null
    return peerState(peer, {
      dial: this.#dialer.state(peer),
      connection,
      up: this.#up.get(peer) ?? null,
      limbo: connection !== null && this.#parts.limbo.has(connection),
      offence: this.#parts.conduct.named(peer, Date.now()),
    })
  }
}

/** libp2p leaves a connection open whose streams do not end in time, such as where the other side reads nothing. */
function closeInTime(connection: Connection): void {
  connection.close().catch(error => connection.abort(error instanceof Error ? error : new Error(String(error))))
}
