import type { Command } from 'commander'
import { collect } from './argument.ts'
import type { CliContext } from './context.ts'
import type { CreateOptions } from './nation-create.ts'
import { type OutputFormat, outputOption } from './output.ts'
import { passphraseFileOption } from './passphrase.ts'

export function addNationCommands(program: Command, context: CliContext): void {
  const nation = program.command('nation').description('our own nation: its keys and its documents')

  nation
    .command('create')
    .description("make the home of a nation's first node: its configuration and every key")
    .requiredOption('--nation <id>', 'the nation that it speaks for, such as DEU')
    .option('--label <text>', 'what people call the nation', '')
    .option('--listen <multiaddr>', 'where to listen; may be repeated (default: /ip4/0.0.0.0/tcp/7117)', collect)
    .option('--address <multiaddr>', 'where others reach it, if elsewhere; may be repeated', collect)
    .option('--observer', "an auditor's node: no KEM key, so that it opens no body")
    .addOption(passphraseFileOption())
    .action(async (options: CreateOptions) => (await import('./nation-create.ts')).createNation(context, options))
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
