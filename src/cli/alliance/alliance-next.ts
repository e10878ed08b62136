import type { NationId } from '../../base/ids.ts'
import { otherActiveNations } from '../../node/knowledge/directory-views.ts'
import type { Directory } from '../../registry/directory.ts'
import { listOf } from '../../registry/phrase.ts'

/** What is left to do so that every member's node finds the others, once documents are taken in at `nation`. */
export function whatIsNext(directory: Directory, nation: NationId): readonly string[] {
  const missing = otherActiveNations(directory, nation).filter(other => directory.member(other)?.doc === undefined)
  const peers = directory.peers()
  if (peers.some(peer => peer.nation !== nation && peer.addresses.length > 0)) {
    return missing.length === 0 ? [] : [`${startedBy(missing)} ${INVITE}`]
  }
  if (missing.length === 0) return []
  const isReachable = peers.some(peer => peer.nation === nation && peer.addresses.length > 0)
  return isReachable ? nobodyKnown(missing) : unreachable(nation)
}

const INVITE = 'tocsin alliance invite NATION'

function startedBy(missing: readonly NationId[]): string {
  return `No document of ${listOf(missing)} is here yet. For a node that has still to join, write the file with which it starts:`
}

/** As after a founding at several places, where everybody has the registry and nobody an address. */
function nobodyKnown(missing: readonly NationId[]): readonly string[] {
  return [
    `No node of another nation is known here yet. One member gives each other a file that names a node to dial. Here, for ${listOf(missing)}:`,
    `  ${INVITE}     and there: tocsin alliance apply FILE`,
    'Where another member has done so already, apply the file that it wrote for this nation instead.',
  ]
}

function unreachable(nation: NationId): readonly string[] {
  return [
    'No node of another nation is known here yet, and nobody can dial this one. At a member whose node can be dialled:',
    `  tocsin alliance invite ${nation}     and here: tocsin alliance apply FILE`,
  ]
}
