import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { TocsinError, UserError } from '../base/errors.ts'
import { parseWhole } from './argument.ts'
import type { ControlClient } from './client.ts'
import type { CliContext } from './context.ts'

const WAIT_SECONDS_DEFAULT = 60
const WAIT_SECONDS_MAX = 3600
const POLL_MS = 100

export function addStopCommand(program: Command, context: CliContext): void {
  program
    .command('stop')
    .description('end the daemon in order, and wait until it is gone')
    .option('--wait <seconds>', 'for how long', parseWhole(1, WAIT_SECONDS_MAX), WAIT_SECONDS_DEFAULT)
    .action(async ({ wait }: { wait: number }) => {
      const client = context.client()
      const { pid } = await client.status()
      await client.stop()
      const untilMs = Date.now() + wait * 1000
      while ((await answers(client)) || lives(pid)) {
        if (Date.now() > untilMs) throw stillThere(pid, wait)
        await delay(POLL_MS)
      }
      context.say('The daemon has stopped.')
    })
}

async function answers(client: ControlClient): Promise<boolean> {
  try {
    await client.status()
    return true
  } catch (error) {
    // Cut off while it closes, or slow because of it: not gone yet.
    return error instanceof TocsinError && (error.code === 'daemon-gone' || error.code === 'daemon-timeout')
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function stillThere(pid: number, seconds: number): UserError {
  return new UserError('daemon-timeout', `the daemon (process ${pid}) has not ended within ${seconds} s`, {
    fix: `Look at its log. What is committed is safe: "kill ${pid}" ends it at once.`,
    data: { pid },
  })
}
