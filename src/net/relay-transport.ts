import {
  type Connection,
  type DialTransportOptions,
  type Listener,
  type MultiaddrConnection,
  type Stream,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { StoreError } from '../base/errors.ts'
import { type EdgeAddress, parseRelayedAddress } from './edge-address.ts'
import { askRelay, RELAY_CAPS, RELAY_PROTOCOL } from './relay.ts'

export interface RelayComponents {
  readonly connectionManager: {
    openConnection(address: Multiaddr, options: { readonly signal: AbortSignal }): Promise<Connection>
  }
}

/** The other side may take this long to close after we did. */
const LINGER_MS = 1_000

/** Dials peers through own edges, at addresses that `relayedAddress` makes. It listens nowhere. */
export function relayTransport(edges: readonly EdgeAddress[]): (components: RelayComponents) => Transport {
  return ({ connectionManager }) => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'tocsin-relay',
    async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
      const { edge, target } = routeOf(edges, address)!
      const connection = await connectionManager.openConnection(multiaddr(edge.address), options)
      const stream = await connection.newStream(RELAY_PROTOCOL, {
        signal: options.signal,
        maxOutboundStreams: RELAY_CAPS.streamsMaxPerPeer,
      })
      try {
        await askRelay(stream, target, options.signal)
        return await options.upgrader.upgradeOutbound(connectionOver(stream, address), options)
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      }
    },
    createListener(): Listener {
      throw new StoreError('internal', 'nobody listens through an edge')
    },
    listenFilter: () => [],
    dialFilter: addresses => addresses.filter(address => routeOf(edges, address) !== undefined),
  })
}

function routeOf(edges: readonly EdgeAddress[], address: Multiaddr) {
  const relayed = parseRelayedAddress(address.toString())
  const edge = edges.find(({ id }) => id === relayed?.edgeId)
  return relayed && edge && { edge, target: relayed.target }
}

/** A stream is all that a connection is, but for its address, and but for its two directions that close one by one. */
function connectionOver(stream: Stream, remoteAddr: Multiaddr): MultiaddrConnection {
  const closeWrite = stream.close.bind(stream)
  return Object.assign(stream, {
    remoteAddr,
    async close(options?: { readonly signal?: AbortSignal }): Promise<void> {
      await closeWrite(options)
      setTimeout(() => stream.abort(new Error('the relayed connection is closed')), LINGER_MS).unref()
    },
  })
}
