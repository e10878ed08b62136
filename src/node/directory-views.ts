import { equalBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { PeerTarget } from '../net/dialer.ts'
import type { Directory } from '../registry/directory.ts'
import { STATUS } from '../registry/registry-doc.ts'

/** What parts of the node ask of the alliance's documents. */

/** The nodes to keep connected with. */
export function peerTargets(directory: Directory, nation: NationId, self: Uint8Array): PeerTarget[] {
  return directory
    .peers()
    .filter(peer => !equalBytes(peer.peerPk, self))
    .map(peer => ({ publicKey: peer.peerPk, addresses: peer.addresses, sameNation: peer.nation === nation }))
}

export function otherActiveNations(directory: Directory, nation: NationId): NationId[] {
  return directory
    .members()
    .filter(member => member.status === STATUS.ACTIVE && member.nation !== nation)
    .map(member => member.nation)
}

/** Byzantine nations that the alliance reckons with. */
export function faultsTolerated(directory: Directory): number {
  const most = Math.floor((directory.members().length - 1) / 3)
  return Math.max(0, Math.min(directory.policy.byzantineNations ?? most, most))
}
