import { equalBytes } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import type { PeerTarget } from '../../net/dialer.ts'
import { type EdgeAddress, relayedAddress } from '../../net/edge-address.ts'
import { type PeerKeyHex, peerKeyBytes, peerKeyHex } from '../../net/peer-key.ts'
import { RELAY_CAPS } from '../../net/relay.ts'
import type { Directory, PeerNode } from '../../registry/directory.ts'
import { KEY_STATUS, USE } from '../../registry/node-key.ts'

/** Whom a node calls, and who of the own nation an edge passes connections on for. Pure. */

export interface OwnPlace {
  readonly directory: Directory
  readonly nation: NationId
  readonly self: PeerKeyHex
  /** Own edges by the configuration; none for a node that calls everybody itself. */
  readonly edges: readonly EdgeAddress[]
}

/** Passed on through edges, with room below what an edge allows for those that are dialled anew. */
const RELAYED_MAX = RELAY_CAPS.streamsMaxPerPeer - 16

/** The nodes to keep connected with. */
export function peerTargets(place: OwnPlace): PeerTarget[] {
  const { directory, nation, self, edges } = place
  const others = directory.peers().filter(({ peerPk }) => !equalBytes(peerPk, peerKeyBytes(self)))
  if (edges.length === 0) return others.map(peer => targetAt(peer, peer.addresses, nation))
  const own = edges
    .filter(edge => checkEdge(place, edge) !== 'other')
    .map(({ peer, address }) => ({ publicKey: peerKeyBytes(peer), addresses: [address], sameNation: true }))
  const reachable = others.filter(({ peerPk, addresses }) => {
    return addresses.length > 0 && edges.every(({ peer }) => peer !== peerKeyHex(peerPk))
  })
  const relayed = oneOfEachFirst(reachable).slice(0, RELAYED_MAX)
  return [...own, ...relayed.map(peer => targetAt(peer, relayedAddresses(edges, peer.peerPk), nation))]
}

/** One through each edge. Not all peers begin with the same edge, and each always with its own. */
export function relayedAddresses(edges: readonly EdgeAddress[], target: Uint8Array): readonly string[] {
  const first = (target[0] ?? 0) % Math.max(1, edges.length)
  return [...edges.slice(first), ...edges.slice(0, first)].map(edge => relayedAddress(edge, target))
}

/**
 * `edge`: what it should be. `unknown`: no document in force names it, such as after a year away. `other`: it is
 * given up, or something else than an edge of this nation.
 */
export function checkEdge({ directory, nation }: OwnPlace, { peer }: EdgeAddress): 'edge' | 'unknown' | 'other' {
  const key = peerKeyBytes(peer)
  if (directory.peerStanding(key) === 'limbo') return 'unknown'
  const isEdge = directory.peers().some(each => equalBytes(each.peerPk, key) && isEdgeOf(nation, each))
  return isEdge ? 'edge' : 'other'
}

/** Where an edge calls `target` for `caller`: any member with an address, for inner nodes of its own nation. */
export function addressesToRelay(
  directory: Directory,
  nation: NationId,
  caller: PeerKeyHex,
  target: PeerKeyHex,
): readonly string[] {
  const peers = directory.peers()
  const nodeOf = (peer: PeerKeyHex) => peers.find(({ peerPk }) => peerKeyHex(peerPk) === peer)
  const from = nodeOf(caller)
  const isOwnInner = from?.nation === nation && from.use === USE.INNER && from.status === KEY_STATUS.ACTIVE
  return isOwnInner ? (nodeOf(target)?.addresses ?? []) : []
}

function isEdgeOf(nation: NationId, peer: PeerNode): boolean {
  return peer.nation === nation && peer.use === USE.EDGE && peer.status === KEY_STATUS.ACTIVE
}

function targetAt({ peerPk, nation }: PeerNode, addresses: readonly string[], own: NationId): PeerTarget {
  return { publicKey: peerPk, addresses, sameNation: nation === own }
}

/** asks nations, not nodes. */
function oneOfEachFirst(peers: readonly PeerNode[]): PeerNode[] {
  const seen = new Set<NationId>()
  const isFirst = peers.map(({ nation }) => !seen.has(nation) && seen.add(nation) !== undefined)
  return [...peers.filter((_, i) => isFirst[i]), ...peers.filter((_, i) => !isFirst[i])]
}
