import type { Command } from 'commander'
import { UserError } from '../../base/errors.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption, printRecord } from '../terminal/output.ts'

const INCARNATION = {
  columns: [
    { name: 'log', cell: ({ logId }: { logId: string }) => logId },
    { name: 'incarnation', cell: ({ incarnation }: { incarnation: number }) => incarnation },
  ],
}

export function addNodeCommands(program: Command, context: CliContext): void {
  const node = program.command('node').description('this node itself')
  node
    .command('incarnate')
    .description('open a new log, after a restore or where no peer can answer (R-2.11)')
    .option('--yes', 'I know that the log in use ends here')
    .addOption(outputOption())
    .action(async ({ yes, output }: { yes?: boolean; output: OutputFormat }) => {
      if (yes !== true) {
        throw new UserError('usage-invalid', 'a new incarnation ends the log in use, and a key has 64 of them', {
          fix: 'If that is what you want, say it again with --yes.',
        })
      }
      await printRecord(context.out, output, await context.client().incarnate(), INCARNATION)
    })
}
