import type { Command } from 'commander'
import { UserError } from '../../base/errors.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption } from '../terminal/output.ts'

export function addUpgradeCommand(program: Command, context: CliContext): void {
  program
    .command('upgrade')
    .description('what this version of Tocsin would do to the store of this home')
    .requiredOption('--check', 'only say it; a store is migrated when the daemon is started')
    .addOption(outputOption())
    .action(async ({ check, output }: { check: boolean; output: OutputFormat }) => {
      if (!check) throw new UserError('usage-invalid', 'an upgrade is done by starting the new version')
      await (await import('./upgrade-run.ts')).checkUpgrade(context, output)
    })
}
