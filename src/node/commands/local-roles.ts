import { UserError } from '../../base/errors.ts'
import type { OperatorRole, Operators } from '../../policy/operator.ts'
import type { NodeService } from '../orders/node-service.ts'

/** Throws UserError `operator-role` where the user of the machine may not do it without a key. */
function assertLocalRole({ local }: Operators, role: OperatorRole): void {
  if (local.has(role)) return
  throw new UserError('operator-role', `operators.yaml lets nobody ${role} without a key`, {
    fix: 'Say who you are with --operator NAME where the command takes it, or give the role back under "local:" in operators.yaml.',
  })
}

/** The service as the user of the machine has it, who shows no key. What is submitted with one is judged by that. */
export function localService(service: NodeService, operators: () => Operators): NodeService {
  const as =
    <In extends readonly unknown[], Out>(role: OperatorRole, work: (...input: In) => Promise<Out>) =>
    async (...input: In): Promise<Out> => {
      assertLocalRole(operators(), role)
      return work(...input)
    }

  return {
    ...service,
    async publish(items, signature) {
      if (signature === undefined) assertLocalRole(operators(), 'publish')
      return service.publish(items, signature)
    },
    // What was published reaches others, or goes out again.
    grantHistory: as('publish', service.grantHistory),
    republish: as('publish', service.republish),
    rejectHeld: as('administer', service.rejectHeld),
    muteNation: as('administer', service.muteNation),
    unmuteNation: as('administer', service.unmuteNation),
    pollFeed: as('publish', service.pollFeed),
    releaseFeed: as('administer', service.releaseFeed),
    reloadRules: as('administer', service.reloadRules),
    releaseExport: as('administer', service.releaseExport),
    exportIndicators: as('read', service.exportIndicators),
    // A token reads, or publishes.
    addToken: as('administer', service.addToken),
    revokeToken: as('administer', service.revokeToken),
    incarnate: as('administer', service.incarnate),
    eraseEntry: as('administer', service.eraseEntry),
    purgeEntry: as('administer', service.purgeEntry),
    showEntry: as('read', service.showEntry),
    // A backup holds what can be read, and the audit log.
    exportRows: as('read', service.exportRows),
    searchable: as('read', service.searchable),
    indicatorsOf: as('read', service.indicatorsOf),
    lookup: as('read', service.lookup),
    list: as('read', service.list),
    show: as('read', service.show),
    changes: as('read', service.changes),
    quarantined: as('read', service.quarantined),
  }
}
