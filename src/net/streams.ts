import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { ProtocolError, StoreError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { NetCounters } from './counters.ts'
import { type FrameLimits, type Frames, openFrames } from './frames.ts'
import type { LimboConnections } from './gater.ts'
import { type PeerKeyHex, peerIdOf, peerKeyBytes, peerKeyHexOf } from './peer-key.ts'

/** Serves one inbound stream. When it returns the stream is closed, when it throws the stream is reset. */
export type StreamHandler = (frames: Frames, peer: PeerKeyHex, signal: AbortSignal) => Promise<void>

/** The same for a stream that has another form than frames. */
export type RawStreamHandler = (stream: Stream, peer: PeerKeyHex) => Promise<void>

interface RawStreamCaps {
  readonly streamsMaxPerPeer: number
  readonly streamsMaxTotal: number
}

export interface StreamCaps extends RawStreamCaps, Partial<FrameLimits> {}

/** Time for opening a stream and agreeing on its protocol. */
const OPEN_MS = 10_000
/** libp2p's own cap, per connection; above ours, so that ours decides and counts. */
const LIBP2P_STREAMS_MAX = 128

interface Protocol {
  readonly perPeer: Map<PeerKeyHex, number>
  total: number
}

export interface StreamsOptions {
  readonly node: Libp2p
  readonly limbo: LimboConnections
  readonly counters: NetCounters
  readonly logger: Logger
  /** Called for a member that opens more streams than it may have. */
  readonly onCrowd: (peer: PeerKeyHex) => void
  /** Aborted when the host closes. */
  readonly signal: AbortSignal
}

/** The request streams, `/tocsin/sync/1` and `/tocsin/docs/1`: framed, capped per peer and in all. */
export class Streams {
  readonly #options: StreamsOptions

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  handle(protocol: string, handler: StreamHandler, caps: StreamCaps): Promise<void> {
    return this.#handle(protocol, caps, (stream, connection) => this.#serve(stream, connection, handler, caps))
  }

  handleRaw(protocol: string, handler: RawStreamHandler, caps: RawStreamCaps): Promise<void> {
    return this.#handle(protocol, caps, async (stream, connection) => {
      const peer = peerKeyHexOf(connection.remotePeer)!
      try {
        await handler(stream, peer)
      } catch (error) {
        this.#options.logger.debug({ error, peer, protocol }, 'stream ended early')
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  async #handle(
    protocol: string,
    caps: RawStreamCaps,
    serve: (stream: Stream, connection: Connection) => Promise<void>,
  ): Promise<void> {
    const open: Protocol = { perPeer: new Map(), total: 0 }
    await this.#options.node.handle(
      protocol,
      (stream, connection) => {
        const release = this.#admit(stream, connection, open, caps)
        if (release !== null) void serve(stream, connection).finally(release)
      },
      { maxInboundStreams: LIBP2P_STREAMS_MAX, maxOutboundStreams: LIBP2P_STREAMS_MAX },
    )
  }

  /** Opens a stream to a connected peer; throws 'net-peer-absent' if there is no connection. */
  async open(
    peer: PeerKeyHex,
    protocol: string,
    signal: AbortSignal,
    limits: Partial<FrameLimits> = {},
  ): Promise<Frames> {
    const { node, limbo, counters } = this.#options
    const connection = node.getConnections(peerIdOf(peerKeyBytes(peer))).find(each => each.status === 'open')
    if (connection === undefined) {
      throw new StoreError('net-peer-absent', `there is no connection to ${peer}`, { data: { peer } })
    }
    if (limbo.has(connection) && !limbo.takeStream(connection, protocol)) {
      throw new StoreError('net-refused', `${peer} has no standing for a stream of ${protocol}`, { data: { peer } })
    }
    const opening = AbortSignal.any([signal, this.#options.signal, AbortSignal.timeout(OPEN_MS)])
    let stream: Stream
    try {
      stream = await connection.newStream(protocol, { signal: opening, maxOutboundStreams: LIBP2P_STREAMS_MAX })
    } catch (cause) {
      signal.throwIfAborted()
      throw new ProtocolError('net-closed', `${peer} did not open a stream of ${protocol}`, { cause, data: { peer } })
    }
    counters.streamsOut++
    return this.#frames(stream, connection, limits, signal)
  }

  /** Counts the stream in, or resets it and returns null if that would be one too many. */
  #admit(stream: Stream, connection: Connection, open: Protocol, caps: RawStreamCaps): (() => void) | null {
    const { limbo, counters, logger } = this.#options
    const peer = peerKeyHexOf(connection.remotePeer)
    const ofPeer = peer === null ? 0 : (open.perPeer.get(peer) ?? 0)
    const tooMany = ofPeer >= caps.streamsMaxPerPeer || open.total >= caps.streamsMaxTotal
    const excluded = limbo.has(connection) && !limbo.takeStream(connection, stream.protocol)
    if (peer === null || tooMany || excluded) {
      counters.streamsRefused++
      if (peer !== null && ofPeer >= caps.streamsMaxPerPeer) this.#options.onCrowd(peer)
      logger.debug({ peer, protocol: stream.protocol, tooMany }, 'stream refused')
      stream.abort(new ProtocolError('net-busy', 'one stream too many'))
      return null
    }
    counters.streamsIn++
    open.total++
    open.perPeer.set(peer, ofPeer + 1)
    return () => {
      open.total--
      const left = (open.perPeer.get(peer) ?? 1) - 1
      if (left === 0) open.perPeer.delete(peer)
      else open.perPeer.set(peer, left)
    }
  }

  async #serve(
    stream: Stream,
    connection: Connection,
    handler: StreamHandler,
    limits: Partial<FrameLimits>,
  ): Promise<void> {
    const { logger } = this.#options
    const peer = peerKeyHexOf(connection.remotePeer)!
    const done = new AbortController()
    stream.addEventListener('close', () => done.abort(new StoreError('net-closed', 'the stream is closed')))
    const frames = this.#frames(stream, connection, limits)
    try {
      await handler(frames, peer, done.signal)
      await frames.close()
    } catch (error) {
      logger.debug({ error, peer, protocol: stream.protocol }, 'stream ended early')
      frames.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #frames(stream: Stream, connection: Connection, limits: Partial<FrameLimits>, signal?: AbortSignal): Frames {
    const { limbo, counters, signal: ours } = this.#options
    return openFrames(stream, {
      ...limits,
      ...(limbo.has(connection) ? { bytesMax: limbo.bytesMax } : {}),
      counters,
      signal: AbortSignal.any(signal === undefined ? [ours] : [signal, ours]),
    })
  }
}
