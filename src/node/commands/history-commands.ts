import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import { ALLIANCE } from '../../policy/audience-name.ts'
import { exclusionText } from '../../policy/resolve-audience.ts'
import type { Recipient } from '../../registry/audience.ts'
import type { Node } from '../daemon.ts'
import type { HistoryRequest } from '../orders/history-orders.ts'
import type { NodeService } from '../orders/node-service.ts'

/** What operators ask of a running node about what was published before. */
export function createHistoryCommands(node: Node): Pick<NodeService, 'grantHistory'> {
  const { audiences, groups, history, publisher } = node

  async function grantHistory({ nation, group, sinceMs }: HistoryRequest) {
    const newcomer = parseNationId(nation)
    const known = group === undefined ? undefined : groups.find(group)
    const name = known === undefined ? ALLIANCE : ({ kind: 'group', owner: known.owner, id: known.id } as const)

    /** Asked before each grant: who may read may have changed meanwhile. */
    function recipient(): Recipient {
      const resolution = audiences.resolve(name, 0)
      if (resolution.kind === 'refused') throw new UserError(resolution.code, resolution.reason)
      const { recipients, excluded } = resolution.audience
      const found = recipients.find(each => each.nation === newcomer)
      if (found !== undefined) return found
      const reason = excluded.find(each => each.nation === newcomer)?.reason ?? 'unknown'
      throw new UserError('release-recipient-excluded', `${newcomer} cannot read it: ${exclusionText(reason, 0)}`)
    }

    recipient()
    const order = { newcomer, recipient, group: known && { owner: known.owner, id: known.id }, sinceMs }
    return publisher.exclusively(() => history.grant(order))
  }

  return { grantHistory }
}
