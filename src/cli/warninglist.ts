import type { Command } from 'commander'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'

export function addWarninglistCommands(program: Command, context: CliContext): void {
  const warninglist = program
    .command('warninglist')
    .description('what is most likely no indicator: lists in the format of MISP, and built-in ones')

  warninglist
    .command('list')
    .description('the lists, and what each does')
    .option('--stored', 'with how many of the stored indicators each hits')
    .addOption(outputOption())
    .action(async ({ stored, output }: { stored?: boolean; output: OutputFormat }) =>
      (await import('./warninglist-run.ts')).listWarninglists(context, stored === true, output),
    )
  warninglist
    .command('check')
    .description('which lists values are on; exits 1 if one blocks')
    .argument('[values...]', 'in any spelling, defanged or not; none, or "-": one a line from standard input')
    .addOption(outputOption())
    .action(async (values: readonly string[], { output }: { output: OutputFormat }) =>
      (await import('./warninglist-run.ts')).checkWarninglists(context, values, output),
    )
  warninglist
    .command('update')
    .description('take lists over into the home, once all of them are right, and put those of the home in force anew')
    .argument('[path]', 'a list, gzip or plain, or a folder of them; if left out, those that are there are read again')
    .addOption(outputOption())
    .action(async (path: string | undefined, { output }: { output: OutputFormat }) =>
      (await import('./warninglist-run.ts')).updateWarninglists(context, path, output),
    )
}
