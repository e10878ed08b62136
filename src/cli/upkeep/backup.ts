import { type Command, Option } from 'commander'
import { collect, parseTarget } from '../terminal/argument.ts'
import type { CliContext } from '../terminal/context.ts'
import { outputOption } from '../terminal/output.ts'
import { passphraseFileOption } from '../terminal/passphrase.ts'
import type { BackupOptions } from './backup-run.ts'
import type { RestoreOptions } from './restore-run.ts'

const BACKUP_HELP = `
The file holds what cannot be made again: documents, entries, opened items, what waits, tokens, the audit log, the
configuration, policy and operators, and the keys of the node. It is encrypted in the format of age: to recipients
(age1…, from "age-keygen"), or with a passphrase. The daemon goes on meanwhile, if one runs.

KEM keys are in no backup, so that what is destroyed stays destroyed: --escrow writes them to a file of their own. Keep
it elsewhere, replace it whenever new keys were made, and destroy the old one. Root, governor and operator keys are
neither in the one nor in the other: they have copies of their own, offline.`

const RESTORE_HELP = `
A restored node signs nothing in the log that it had. Once enough other nations have told how far that goes, it opens a
new one by itself; until then what is published waits. Keep the machine that the backup is of switched off.

--verify reads the whole file, checks every hash, opens every record, and writes nothing.`

export function addBackupCommands(program: Command, context: CliContext): void {
  program
    .command('backup')
    .description('write an encrypted backup of this node to a file, while it runs')
    .argument('[file]', 'where to; it must not be there', parseTarget)
    .addOption(recipientOption())
    .option('--escrow <file>', 'write the KEM keys to this file, for the same recipients or passphrase', parseTarget)
    .option('--without-keys', 'leave the keys of the node out: what is restored must then be given keys and added anew')
    .addOption(passphraseFileOption())
    .addHelpText('after', BACKUP_HELP)
    .action(async (file: string | undefined, options: BackupOptions) =>
      (await import('./backup-run.ts')).runBackup(context, file, options),
    )
  program
    .command('restore')
    .description('make a home of a backup; it goes on in a new log (R-2.11)')
    .argument('<file>', 'what "tocsin backup" wrote')
    .option('--verify', 'only say what is in it, and whether it is whole')
    .option('--identity <file>', 'a file of mode 0600 with the age identity of a recipient')
    .option('--escrow <file>', 'the KEM keys')
    .addOption(passphraseFileOption())
    .addOption(outputOption())
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, options: RestoreOptions) =>
      (await import('./restore-run.ts')).runRestore(context, file, options),
    )
}

function recipientOption(): Option {
  return new Option('-r, --recipient <recipient>', 'an age recipient (age1…); may be repeated').argParser(collect)
}
