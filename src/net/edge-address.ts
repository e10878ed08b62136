import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { type PeerKeyHex, peerIdText, peerKeyHex, publicKeyOf } from './peer-key.ts'

/** An own edge, as the configuration of an inner node names it. */
export interface EdgeAddress {
  readonly peer: PeerKeyHex
  /** With `/p2p/…` at its end. */
  readonly address: string
  readonly id: string
}

/** Reads `/ip4/192.0.2.7/tcp/7117/p2p/12D3KooW…`; undefined for anything else. */
export function parseEdgeAddress(address: string): EdgeAddress | undefined {
  const [, id] = /^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}\/p2p\/(\w{1,100})$/.exec(address) ?? []
  if (id === undefined) return undefined
  try {
    multiaddr(address)
    const key = publicKeyOf(peerIdFromString(id))
    return key === null ? undefined : { peer: peerKeyHex(key), address, id }
  } catch {
    return undefined
  }
}

/** The address at which an edge passes a connection on to a peer. */
export function relayedAddress(edge: Pick<EdgeAddress, 'id'>, target: Uint8Array): string {
  return `/p2p/${edge.id}/p2p-circuit/p2p/${peerIdText(target)}`
}

export interface RelayedAddress {
  readonly edgeId: string
  /** Raw Ed25519 key, 32 bytes. */
  readonly target: Uint8Array
}

/** Undefined for an address of any other kind. */
export function parseRelayedAddress(address: string): RelayedAddress | undefined {
  const [, edgeId, targetId] = /^\/p2p\/(\w+)\/p2p-circuit\/p2p\/(\w+)$/.exec(address) ?? []
  if (edgeId === undefined || targetId === undefined) return undefined
  const target = publicKeyOf(peerIdFromString(targetId))
  return target === null ? undefined : { edgeId, target }
}
