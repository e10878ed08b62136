import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { peerKeyBytes } from '../net/peer-key.ts'
import type { RegistryDescription } from '../registry/describe.ts'
import type { Directory } from '../registry/directory.ts'
import type { Node } from './daemon.ts'
import type { PeerStatus, RegistryView } from './node-service.ts'

const STATES = {
  connected: 'connected',
  limbo: 'refused',
  handshaking: 'dialing',
  dialing: 'dialing',
  waiting: 'waiting',
} as const

export function peerViews(node: Node): readonly PeerStatus[] {
  const directory = node.book.directory()
  return node.host.peers().map(peer => {
    const sync = node.sync.peer(peer.peer)
    const connected = peer.status === 'connected'
    return {
      nation: directory.nationOfPeer(peerKeyBytes(peer.peer)) ?? '',
      peer: peer.peer,
      state: STATES[peer.status],
      addresses: peer.addresses,
      address: connected ? (peer.addresses[0] ?? '') : '',
      sinceMs: peer.sinceMs,
      lastSyncMs: sync?.lastMs ?? 0,
      lastError: (connected ? sync?.error : peer.fault?.message) ?? '',
      lastErrorCode: (connected ? sync?.errorCode : peer.fault?.code) ?? '',
    }
  })
}

export function registryView(described: RegistryDescription, directory: Directory): RegistryView {
  return {
    ...described,
    nations: described.nations.map(entry => {
      const doc = directory.member(entry.nation as NationId)?.doc
      const nodes = directory.peers().filter(peer => peer.nation === entry.nation)
      return {
        nation: entry.nation,
        label: entry.label,
        status: entry.status,
        roles: entry.roles,
        documentVersion: doc?.version ?? 0,
        nodes: nodes.length,
        addresses: nodes.flatMap(peer => peer.addresses),
      }
    }),
    allianceId: toHex(directory.allianceId),
  }
}
