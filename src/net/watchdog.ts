import type { Connection } from '@libp2p/interface'
import { GOSSIP_PROTOCOL_PREFIX } from './gossip.ts'
import type { PeerKeyHex } from './peer-key.ts'

export interface WatchdogTimes {
  readonly checkEveryMs: number
  /** How long gossip may take to start on a new connection; streams are opened one after another. */
  readonly startMs: number
  /** How long it may be gone once it was there. */
  readonly goneMs: number
}

export const WATCHDOG: WatchdogTimes = { checkEveryMs: 1_000, startMs: 15_000, goneMs: 2_000 }

export interface WatchdogOptions {
  readonly times: WatchdogTimes
  /** The admitted peers that speak gossip, each with its open connections. */
  readonly connections: () => Iterable<readonly [PeerKeyHex, readonly Connection[]]>
  /** Called once for a peer that went deaf or dumb; is to close its connections. */
  readonly onDeaf: (peer: PeerKeyHex) => void
}

interface Watched {
  sinceMs: number
  heard: boolean
}

/**
 * Gossipsub opens one stream to a peer when it connects and never again: when that stream dies (its buffer over
 * the cap, an RPC over the receiver's limit, one of two connections closed) the peer stays connected and listed, and
 * hears nothing more. Both directions are watched, since the other side may have no watchdog.
 */
export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #timer: NodeJS.Timeout
  readonly #watched = new Map<PeerKeyHex, Watched>()

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.check(Date.now()), options.times.checkEveryMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#watched.clear()
  }

  check(nowMs: number): void {
    const { times, connections, onDeaf } = this.#options
    const present = new Set<PeerKeyHex>()
    for (const [peer, open] of connections()) {
      present.add(peer)
      if (gossipsBothWays(open)) {
        this.#watched.set(peer, { sinceMs: nowMs, heard: true })
        continue
      }
      const watched = this.#watched.get(peer) ?? { sinceMs: nowMs, heard: false }
      this.#watched.set(peer, watched)
      if (nowMs - watched.sinceMs < (watched.heard ? times.goneMs : times.startMs)) continue
      this.#watched.delete(peer)
      onDeaf(peer)
    }
    for (const peer of this.#watched.keys()) if (!present.has(peer)) this.#watched.delete(peer)
  }
}

function gossipsBothWays(connections: readonly Connection[]): boolean {
  const streams = connections
    .flatMap(connection => (connection.status === 'open' ? connection.streams : []))
    .filter(stream => stream.protocol.startsWith(GOSSIP_PROTOCOL_PREFIX) && stream.status === 'open')
  return (
    streams.some(stream => stream.direction === 'outbound' && stream.writeStatus === 'writable') &&
    streams.some(stream => stream.direction === 'inbound' && stream.remoteWriteStatus !== 'closed')
  )
}
