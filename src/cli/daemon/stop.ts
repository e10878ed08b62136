import type { Command } from 'commander'
import { UserError } from '../../base/errors.ts'
import { parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { endDaemon } from './daemon-end.ts'

const WAIT_SECONDS_DEFAULT = 60
const WAIT_SECONDS_MAX = 3600

export function addStopCommand(program: Command, context: CliContext): void {
  program
    .command('stop')
    .description('end the daemon in order, and wait until it is gone')
    .option('--wait <seconds>', 'for how long', parseWhole(1, WAIT_SECONDS_MAX), WAIT_SECONDS_DEFAULT)
    .action(async ({ wait }: { wait: number }) => {
      const { pid, isGone } = await endDaemon(context.client(), wait * 1000)
      if (!isGone) throw stillThere(pid, wait)
      context.say('The daemon has stopped.')
    })
}

function stillThere(pid: number, seconds: number): UserError {
  return new UserError('daemon-timeout', `the daemon (process ${pid}) has not ended within ${seconds} s`, {
    fix: `Look at its log. What is committed is safe: "kill ${pid}" ends it at once.`,
    data: { pid },
  })
}
