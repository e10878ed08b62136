import type { Connection, ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ProtocolError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { addressBlock } from './address-block.ts'
import type { Callers, Calling } from './callers.ts'
import type { NetCounters } from './counters.ts'
import { type EdgeAddress, parseRelayedAddress } from './edge-address.ts'
import { peerKeyHexOf, publicKeyOf } from './peer-key.ts'

/** 'limbo': not known now, but may prove itself on one stream of documents before it is closed. */
export type Standing = 'member' | 'limbo' | 'refused'

export interface LimboLimits {
  readonly timeMs: number
  readonly bytesMax: number
  /** Strangers at a time that called, and as many that were called: they must not use up the members' places. */
  readonly connectionsMax: number
  /** Of those that called, from one address. */
  readonly connectionsMaxPerAddress: number
}

/** ten seconds, one mebibyte, one stream for documents. */
export const LIMBO: LimboLimits = {
  timeMs: 10_000,
  bytesMax: 1024 * 1024,
  connectionsMax: 32,
  connectionsMaxPerAddress: 8,
}
const LIMBO_PROTOCOL = '/tocsin/docs/1'

type Direction = 'inbound' | 'outbound'

export interface GaterOptions {
  /** Called with the raw Ed25519 key, right after the handshake has proved it and on every `reconsider`. */
  readonly standingOf: (publicKey: Uint8Array) => Standing
  /** Whether a peer is cut off for now, whatever its standing. */
  readonly isCut: (peer: PeerId) => boolean
  /** Where there are any, nothing else is dialled. */
  readonly edges?: readonly EdgeAddress[] | undefined
  readonly counters: NetCounters
  readonly limbo: LimboLimits
  readonly callers: Callers
  /** Called where a peer has as many connections with us as it may have, and opens another. */
  readonly onCrowd: (peer: PeerId) => void
  readonly logger: Logger
}

/** Two that call each other at once have two for a moment. */
const CONNECTIONS_PER_PEER_MAX = 4
/** From the first byte to the proof of the key; a handshake takes about one KiB, and is answered as it comes. */
const HANDSHAKE_BYTES_MAX = 16 * 1024
/** Not yet taken by the socket, of all streams: beyond it the other side answers nothing and has us answer. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024

/** Who may connect: the first thing after Noise has proved the other side's key, before any stream. */
export class Gater implements ConnectionGater {
  readonly #options: GaterOptions
  /** Counted apart: strangers who call must not keep us from those whom we call. */
  readonly #inLimbo = { inbound: 0, outbound: 0 }
  readonly #strangersOf = new Map<string, number>()
  readonly #connectionsOf = new Map<string, number>()
  readonly #calling = new WeakMap<MultiaddrConnection, Calling>()

  constructor(options: GaterOptions) {
    this.#options = options
  }

  standing(peer: PeerId): Standing {
    const publicKey = publicKeyOf(peer)
    if (publicKey === null || this.#options.isCut(peer)) return 'refused'
    try {
      return this.#options.standingOf(publicKey)
    } catch (error) {
      this.#options.logger.error({ error, peer: peerLabel(peer) }, 'the standing of a peer could not be told')
      return 'refused'
    }
  }

  denyDialPeer(peer: PeerId): boolean {
    return this.standing(peer) === 'refused'
  }

  denyDialMultiaddr(address: Multiaddr): boolean {
    const { edges } = this.#options
    const text = address.toString()
    if (edges === undefined || edges.some(edge => edge.address === text)) return false
    const relayed = parseRelayedAddress(text)
    return edges.every(({ id }) => id !== relayed?.edgeId)
  }

  denyInboundConnection(raw: MultiaddrConnection): boolean {
    const { callers } = this.#options
    const address = addressBlock(raw.remoteAddr)
    const calling = { address, end: (reason: string) => raw.abort(new ProtocolError('net-flood-callers', reason)) }
    if (!callers.begin(calling, Date.now())) return true
    this.#calling.set(raw, calling)
    let bytes = 0
    raw.addEventListener('message', event => {
      if (!this.#calling.has(raw)) return
      bytes += event.data.byteLength
      if (bytes > HANDSHAKE_BYTES_MAX && raw.status === 'open') calling.end('it sends more than a handshake needs')
    })
    raw.addEventListener('close', () => {
      // Whoever came this far and never showed a key: a scanner, a slow loris.
      if (this.#endCalling(raw)) callers.turnedAway(address, Date.now())
    })
    return false
  }

  denyInboundEncryptedConnection(peer: PeerId, raw: MultiaddrConnection): boolean {
    if (this.#denyEncrypted(peer)) {
      this.#options.callers.turnedAway(addressBlock(raw.remoteAddr), Date.now())
      return true
    }
    if ((this.#connectionsOf.get(peer.toString()) ?? 0) < CONNECTIONS_PER_PEER_MAX) return false
    this.#options.counters.connectionsRefused++
    this.#options.onCrowd(peer)
    return true
  }

  denyOutboundEncryptedConnection(peer: PeerId): boolean {
    return this.#denyEncrypted(peer)
  }

  denyInboundUpgradedConnection(peer: PeerId, raw: MultiaddrConnection): boolean {
    this.#endCalling(raw)
    return this.#admit(peer, raw, 'inbound')
  }

  denyOutboundUpgradedConnection(peer: PeerId, raw: MultiaddrConnection): boolean {
    return this.#admit(peer, raw, 'outbound')
  }

  #denyEncrypted(peer: PeerId): boolean {
    const denied = this.standing(peer) === 'refused'
    if (denied) this.#options.counters.connectionsRefused++
    return denied
  }

  /** False where it was over already. */
  #endCalling(raw: MultiaddrConnection): boolean {
    const calling = this.#calling.get(raw)
    if (calling === undefined) return false
    this.#calling.delete(raw)
    this.#options.callers.done(calling)
    return true
  }

  #admit(peer: PeerId, raw: MultiaddrConnection, direction: Direction): boolean {
    if (this.#denyStranger(peer, raw, direction)) return true
    raw.maxWriteBufferLength = UNSENT_BYTES_MAX
    countUntilClosed(this.#connectionsOf, peer.toString(), raw)
    return false
  }

  /** Only here, with the cipher's listener in place, may another one watch the raw bytes. */
  #denyStranger(peer: PeerId, raw: MultiaddrConnection, direction: Direction): boolean {
    if (this.standing(peer) !== 'limbo') return false
    const { limbo, counters, callers } = this.#options
    const address = addressBlock(raw.remoteAddr)
    const isCrowd =
      direction === 'inbound' &&
      !callers.isExempt(address) &&
      (this.#strangersOf.get(address) ?? 0) >= limbo.connectionsMaxPerAddress
    if (isCrowd || this.#inLimbo[direction] >= limbo.connectionsMax) {
      counters.connectionsRefused++
      if (direction === 'inbound') callers.turnedAway(address, Date.now())
      return true
    }
    if (direction === 'inbound') countUntilClosed(this.#strangersOf, address, raw)
    this.#startLimbo(raw, direction)
    return false
  }

  #startLimbo(raw: MultiaddrConnection, direction: Direction): void {
    const { counters, limbo } = this.#options
    counters.limboOpened++
    this.#inLimbo[direction]++
    let bytes = 0
    const end = (what: string): void => {
      counters.limboExceeded++
      raw.abort(new ProtocolError('net-limbo-exceeded', `a peer without standing used up its ${what}`))
    }
    const timer = setTimeout(() => end('time'), limbo.timeMs)
    raw.addEventListener('close', () => {
      clearTimeout(timer)
      this.#inLimbo[direction]--
    })
    raw.addEventListener('message', event => {
      bytes += event.data.byteLength
      if (bytes > limbo.bytesMax && raw.status === 'open') end('bytes')
    })
  }
}

function countUntilClosed(counts: Map<string, number>, key: string, raw: MultiaddrConnection): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
  raw.addEventListener('close', () => {
    const left = (counts.get(key) ?? 1) - 1
    if (left === 0) counts.delete(key)
    else counts.set(key, left)
  })
}

/** The limbo connections: an entry is made when a connection opens, and says whether its one stream is used up. */
export class LimboConnections {
  /** Bytes that its one stream may carry, both ways. */
  readonly bytesMax: number
  readonly #streamUsed = new WeakMap<Connection, boolean>()

  constructor(limits: LimboLimits) {
    this.bytesMax = limits.bytesMax
  }

  add(connection: Connection): void {
    this.#streamUsed.set(connection, false)
  }

  has(connection: Connection): boolean {
    return this.#streamUsed.has(connection)
  }

  /** Takes the one stream a limbo connection has; false for another protocol or a second stream. */
  takeStream(connection: Connection, protocol: string): boolean {
    if (protocol !== LIMBO_PROTOCOL || this.#streamUsed.get(connection) !== false) return false
    this.#streamUsed.set(connection, true)
    return true
  }
}

/** For log lines: the peer's key, or its libp2p text if it has a kind of key that no member has. */
export function peerLabel(peer: PeerId): string {
  return peerKeyHexOf(peer) ?? peer.toString()
}
