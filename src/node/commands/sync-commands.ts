import { UserError } from '../../base/errors.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { EdgeNode } from '../edge.ts'
import type { SyncCommands, SyncState } from '../network/sync-state.ts'

export function createSyncCommands(
  node: Pick<EdgeNode, 'sync' | 'bodies' | 'progress' | 'nationOf' | 'clock'>,
): SyncCommands {
  const { sync } = node

  function stateOf(peers: readonly PeerKeyHex[]): SyncState {
    return {
      nowMs: node.clock.now(),
      left: node.progress.look(),
      bodies: node.bodies.wanted(),
      peers: peers.map(peer => {
        const { wholeMs = 0, failedMs = 0, errorCode = '', error = '' } = sync.peer(peer) ?? {}
        const nation = node.nationOf(peer) ?? ''
        return { nation, peer, asking: sync.isAsking(peer), wholeMs, failedMs, errorCode, error }
      }),
    }
  }

  return {
    startSync(target) {
      const peers = sync.connectedPeers().filter(peer => target === undefined || isOf(peer, target))
      if (peers.length === 0) throw nobody(target)
      const state = stateOf(peers)
      for (const peer of peers) sync.ask(peer)
      return state
    },
    syncState: () => stateOf(sync.connectedPeers()),
  }

  function isOf(peer: PeerKeyHex, target: string): boolean {
    return node.nationOf(peer) === target.toUpperCase() || (target.length >= 8 && peer.startsWith(target.toLowerCase()))
  }
}

function nobody(target: string | undefined): UserError {
  const whom = target === undefined ? 'no node is connected' : `no node of ${target} is connected`
  return new UserError('sync-peer-unknown', whom, { fix: '"tocsin peer list" says who is, and why others are not.' })
}
