import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { PeerId } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { UserError } from '../base/errors.ts'
import { CALLER_LIMITS, type CallerLimits } from './callers.ts'
import type { Offence } from './conduct.ts'
import { ADDRESS_DIAL_MS } from './dialer.ts'
import type { EdgeAddress } from './edge-address.ts'
import { type Gater, LIMBO, type LimboConnections, type LimboLimits } from './gater.ts'
import { gossipService } from './gossip.ts'
import { gossipOptions } from './gossip-options.ts'
import { meteredMuxer } from './metered-muxer.ts'
import { MUXER_LIMITS, type MuxerLimits } from './muxer-meter.ts'
import { relayTransport } from './relay-transport.ts'
import { WATCHDOG, type WatchdogTimes } from './watchdog.ts'

const MIB = 1024 * 1024

export interface HostLimits {
  readonly connectionsMax: number
  readonly callers: CallerLimits
  readonly handshakeMs: number
  readonly muxer: MuxerLimits
  readonly limbo: LimboLimits
  readonly watchdog: WatchdogTimes
}

export const HOST_LIMITS: HostLimits = {
  connectionsMax: 512,
  callers: CALLER_LIMITS,
  handshakeMs: 5_000,
  muxer: MUXER_LIMITS,
  limbo: LIMBO,
  watchdog: WATCHDOG,
}

/** Window and read buffer of one stream: the window must be the smaller, or a paused stream is aborted. */
const STREAM_WINDOW_BYTES_MAX = 2 * MIB
const STREAM_READ_BUFFER_BYTES_MAX = 4 * MIB
const STREAMS_PER_CONNECTION_MAX = 256
const PARALLEL_DIALS_MAX = 32
/** A busy node answers late; a dead one is noticed by TCP and by this, whichever comes first. */
const PING_EVERY_MS = 10_000
const PING_TIMEOUT_MS = 20_000

export interface NodeOptions {
  /** Raw seed of the node's Ed25519 peer key, 32 bytes. */
  readonly seed: Uint8Array
  /** Lower-case hex of the alliance id: it names the gossip topics. */
  readonly alliance: string
  /** Multiaddrs to listen on, such as `/ip4/0.0.0.0/tcp/4001`. None: the node only dials. */
  readonly listen: readonly string[]
  /** Addresses to tell others instead of those listened on. */
  readonly announce?: readonly string[]
  /** The only ones that are dialled, where there are any, and through them everybody else. */
  readonly edges?: readonly EdgeAddress[]
  /** What others see as our software, such as `tocsin/0.1.0`. */
  readonly agent: string
}

export interface NodeParts {
  readonly limits: HostLimits
  readonly gater: Gater
  readonly limbo: LimboConnections
  readonly onOffence: (peer: PeerId, offence: Offence) => void
}

export type Node = Awaited<ReturnType<typeof createNode>>

/** TCP, Noise, yamux, identify and gossipsub; no DHT, mDNS, relay or UPnP (§5). Not started yet. */
export async function createNode(options: NodeOptions, { limits, gater, limbo, onOffence }: NodeParts) {
  for (const address of [...options.listen, ...(options.announce ?? [])]) assertAddress(address)
  const streamOptions = {
    maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
    maxReadBufferLength: STREAM_READ_BUFFER_BYTES_MAX,
  }
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
    nodeInfo: { name: 'tocsin', userAgent: options.agent },
    addresses: { listen: [...options.listen], ...(options.announce ? { announce: [...options.announce] } : {}) },
    transports: options.edges === undefined ? [tcp()] : [tcp(), relayTransport(options.edges)],
    connectionEncrypters: [noise()],
    streamMuxers: [meteredMuxer(yamux({ maxInboundStreams: STREAMS_PER_CONNECTION_MAX, streamOptions }), limits.muxer)],
    connectionGater: gater,
    connectionManager: {
      maxConnections: limits.connectionsMax,
      // What is bounded before the key is known, the gater bounds: it makes room, and knows whom it turned away.
      maxIncomingPendingConnections: Number.MAX_SAFE_INTEGER,
      inboundConnectionThreshold: Number.MAX_SAFE_INTEGER,
      inboundUpgradeTimeout: limits.handshakeMs,
      maxParallelDials: PARALLEL_DIALS_MAX,
      addressDialTimeout: ADDRESS_DIAL_MS,
      reconnectRetries: 0,
    },
    connectionMonitor: { pingInterval: PING_EVERY_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    services: {
      identify: identify(),
      gossip: gossipService(
        gossipOptions(options.alliance, options.announce),
        connection => !limbo.has(connection),
        onOffence,
      ),
    },
  })
}

function assertAddress(text: string): void {
  let fault: unknown = null
  try {
    if (/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/p2p\/\w+)?$/.test(multiaddr(text).toString())) return
  } catch (error) {
    fault = error
  }
  throw new UserError('net-address-invalid', `"${text.slice(0, 200)}" is no address to listen on or to announce`, {
    fix: 'Write it as /ip4/192.0.2.1/tcp/4001, /ip6/2001:db8::1/tcp/4001 or /dns4/node.example/tcp/4001.',
    ...(fault === null ? {} : { cause: fault }),
  })
}
