import type { Command } from 'commander'
import { collect } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import type { InitOptions } from './init-invited.ts'

export function addInitCommand(program: Command, context: CliContext): void {
  program
    .command('init')
    .description('join with an invite: as the nation of this home, or as a further node of a nation')
    .argument('[invite]', 'what "tocsin alliance invite" wrote')
    .option('--trust <text>', 'the fingerprint, words or trust string that a governor reads to you')
    .option('--nation <id>', 'make this the home of a further node of that nation, such as DEU')
    .option('--edge', 'make it an edge node: it relays and stores, and opens and signs nothing')
    .option('--through <multiaddr>', 'an edge node of the nation that a further node reaches others through', collect)
    .option('--listen <multiaddr>', 'where a further node listens; may be repeated', collect)
    .option('--address <multiaddr>', 'where others reach a further node, if elsewhere; may be repeated', collect)
    .option('--abandon <hash>', "give up a document of one's nation that was signed before and never used")
    .option('--yes', 'do not ask whether to sign the document of the own nation')
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .action(async (invite: string | undefined, options: InitOptions) =>
      (await import('./init-invited.ts')).initInvited(context, invite, options),
    )
}
