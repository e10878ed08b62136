import type { Command } from 'commander'
import { parseWhole } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import type { SandboxOptions } from './sandbox-run.ts'

const NATIONS_DEFAULT = 3
/** Their names are AAA to ZZZ. */
const NATIONS_MAX = 26

export function addSandboxCommand(program: Command, context: CliContext): void {
  program
    .command('sandbox')
    .description('try it: an alliance of several nations on this machine, each a daemon of its own')
    .option('--nations <n>', 'how many', parseWhole(1, NATIONS_MAX), NATIONS_DEFAULT)
    .option('--import <file...>', 'what the first nation publishes (default: a sample that comes along)')
    .option('--once', 'end when all nations hold the same; exits 1, with the difference, if they do not in time')
    .option('--keep', 'leave the homes there at the end; those named with --home stay anyway')
    .addOption(outputOption())
    .action(async (options: Omit<SandboxOptions, 'home' | 'timeoutSeconds'>) => {
      const { home, timeout } = program.opts<{ readonly home?: string; readonly timeout?: number }>()
      const { runSandbox } = await import('./sandbox-run.ts')
      await runSandbox(context, { ...options, home, timeoutSeconds: timeout })
    })
}
