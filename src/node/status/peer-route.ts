import type { EdgeAddress } from '../../net/edge-address.ts'
import { peerKeyHex } from '../../net/peer-key.ts'
import type { Directory, PeerNode } from '../../registry/directory.ts'
import { USE } from '../../registry/node-key.ts'
import { relayedAddresses } from '../network/peer-targets.ts'

/** How a node gets to a peer, as far as its documents and its configuration say. */
export type PeerRoute =
  /** At these addresses, without `/p2p`. */
  | { readonly kind: 'direct'; readonly node: PeerNode }
  /** At these complete addresses: through own edges, which call it where its document says. */
  | { readonly kind: 'relayed'; readonly addresses: readonly string[] }
  /** Its nation has edges, which are called instead of it. */
  | { readonly kind: 'behind-edges' }

export function routeTo(directory: Directory, edges: readonly EdgeAddress[], node: PeerNode): PeerRoute {
  const edge = edges.find(({ peer }) => peer === peerKeyHex(node.peerPk))
  if (edge !== undefined) {
    const address = edge.address.slice(0, edge.address.lastIndexOf('/p2p/'))
    return { kind: 'direct', node: { ...node, addresses: [address] } }
  }
  if (node.addresses.length === 0 && isBehindEdges(directory, node)) return { kind: 'behind-edges' }
  if (edges.length === 0) return { kind: 'direct', node }
  return { kind: 'relayed', addresses: node.addresses.length === 0 ? [] : relayedAddresses(edges, node.peerPk) }
}

function isBehindEdges(directory: Directory, { nation, use }: PeerNode): boolean {
  return use === USE.INNER && directory.peers().some(peer => peer.nation === nation && peer.use === USE.EDGE)
}
