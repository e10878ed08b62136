import { TocsinError } from '../../base/errors.ts'
import type { NodeStatus } from '../../node/orders/node-service.ts'
import type { ControlClient } from './client.ts'
import type { CliContext } from './context.ts'

/** A node that is not to read shows nothing, and is not broken: says so. */
export function sayIfBlind(context: CliContext, { nation, roles }: Pick<NodeStatus, 'nation' | 'roles'>): void {
  if (roles.includes('RECEIVE')) return
  const why = roles.includes('OBSERVE') ? `${nation} observes` : `The registry gives ${nation} no role RECEIVE`
  context.say(
    `${why}: this node follows all logs, opens no body and shows no indicator. What waits is sealed to others.`,
  )
}

/** Where nothing was found. The bearer of a token is not told how the node stands. */
export async function askIfBlind(context: CliContext, client: Pick<ControlClient, 'status'>): Promise<void> {
  try {
    sayIfBlind(context, await client.status())
  } catch (error) {
    if (!(error instanceof TocsinError && error.code === 'token-forbidden')) throw error
  }
}
