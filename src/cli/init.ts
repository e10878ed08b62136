import type { Command } from 'commander'
import { collect } from './argument.ts'
import type { CliContext } from './context.ts'
import type { InitOptions } from './init-home.ts'
import { passphraseFileOption } from './passphrase.ts'

export function addInitCommand(program: Command, context: CliContext): void {
  program
    .command('init')
    .description('make the home of a new node: its configuration and its keys')
    .requiredOption('--nation <id>', 'the nation that it speaks for, such as DEU')
    .option('--label <text>', 'what people call the nation', '')
    .option('--listen <multiaddr>', 'where to listen; may be repeated (default: /ip4/0.0.0.0/tcp/7117)', collect)
    .option('--address <multiaddr>', 'where others reach it, if elsewhere; may be repeated', collect)
    .addOption(passphraseFileOption())
    .action(async (options: InitOptions) => (await import('./init-home.ts')).initHome(context, options))
}
