import { UserError } from '../base/errors.ts'
import type { CliContext } from './terminal/context.ts'

/** Puts what the files say in force in the daemon, where one runs. */
export async function putInForce(context: CliContext): Promise<void> {
  try {
    await context.client().reloadRules()
    context.say('The running daemon has taken it up.')
  } catch (error) {
    const absent = error instanceof UserError && ['daemon-not-running', 'home-missing'].includes(error.code)
    if (!absent) throw error
    context.say('No daemon is running; it is in force with the next start.')
  }
}
