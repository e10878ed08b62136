import { peerKeyBytes } from '../../net/peer-key.ts'
import type { EdgeNode } from '../edge.ts'
import { nationStatus } from '../knowledge/directory-views.ts'
import type { PeerStatus } from '../orders/node-service.ts'

const STATES = {
  connected: 'connected',
  limbo: 'refused',
  handshaking: 'dialing',
  dialing: 'dialing',
  waiting: 'waiting',
} as const

export function peerViews(node: Pick<EdgeNode, 'book' | 'host' | 'sync'>): readonly PeerStatus[] {
  const directory = node.book.directory()
  return node.host.peers().map(peer => {
    const sync = node.sync.peer(peer.peer)
    const connected = peer.status === 'connected'
    const nation = directory.nationOfPeer(peerKeyBytes(peer.peer))
    return {
      nation: nation ?? '',
      nationStatus: nation === undefined ? '' : nationStatus(directory, nation),
      peer: peer.peer,
      state: STATES[peer.status],
      addresses: peer.addresses,
      address: connected ? (peer.addresses[0] ?? '') : '',
      sinceMs: peer.sinceMs,
      lastSyncMs: sync?.lastMs ?? 0,
      lastError: peer.offence?.message ?? (connected ? sync?.error : peer.fault?.message) ?? '',
      faults: sync?.faults ?? 0,
      lastErrorCode: peer.offence?.code ?? (connected ? sync?.errorCode : peer.fault?.code) ?? '',
    }
  })
}
