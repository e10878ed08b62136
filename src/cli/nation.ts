import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { type OutputFormat, outputOption } from './output.ts'

export function addNationCommands(program: Command, context: CliContext): void {
  const nation = program.command('nation').description('our own nation: its keys and its documents')

  nation
    .command('show')
    .description('its key ids, addresses, KEM windows and document versions')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./nation-view.ts')).showNation(context, output),
    )
  nation
    .command('export')
    .description('the request to be taken into an alliance: public keys, for who founds it')
    .option('-O, --output-file <file>', 'where to write it; - for standard output', '-')
    .action(async ({ outputFile }: { outputFile: string }) =>
      (await import('./nation-view.ts')).exportRequest(context, outputFile),
    )
}
