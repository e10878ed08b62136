import type { Command } from 'commander'
import type { ApproveOptions } from './queue-run.ts'
import type { CliContext } from './terminal/context.ts'
import { operatorOptions } from './terminal/operator-signature.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'
import { passphraseFileOption } from './terminal/passphrase.ts'

export function addQueueCommands(program: Command, context: CliContext): void {
  const queue = program.command('queue').description('what waits for a second person before it leaves')

  queue
    .command('list')
    .description('the oldest first')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => (await import('./queue-run.ts')).listQueue(context, output))
  queue
    .command('show')
    .description('one item as it would leave')
    .argument('<id>', 'its id, or the first 8 or more digits')
    .addOption(outputOption())
    .action(async (id: string, { output }: { output: OutputFormat }) =>
      (await import('./queue-run.ts')).showQueued(context, id, output),
    )
  const approve = queue
    .command('approve')
    .description('show an item, sign for it as a second person, and let it leave')
    .argument('<id>', 'its id, or the first 8 or more digits')
  for (const option of operatorOptions()) approve.addOption(option)
  approve
    .option('--yes', 'do not ask, after it is shown')
    .addOption(passphraseFileOption())
    .action(async (id: string, options: ApproveOptions) =>
      (await import('./queue-run.ts')).approveQueued(context, id, options),
    )
  queue
    .command('reject')
    .description('an item does not leave')
    .argument('<id>', 'its id, or the first 8 or more digits')
    .requiredOption('--reason <text>', 'for the audit log')
    .action(async (id: string, { reason }: { reason: string }) =>
      (await import('./queue-run.ts')).rejectQueued(context, id, reason),
    )
}
