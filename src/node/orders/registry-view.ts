import type { NationId } from '../../base/ids.ts'
import { describeRegistry } from '../../registry/describe.ts'
import type { Directory } from '../../registry/directory.ts'
import type { RegistryView } from './node-service.ts'

/** What the documents in force say of the alliance and of each of its nations. */
export function registryView(directory: Directory): RegistryView {
  const described = describeRegistry(directory.registry)
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
  }
}
