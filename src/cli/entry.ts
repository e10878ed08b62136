import { type Command, Option } from 'commander'
import { ERASURE_REASON } from '../chain/entry-content.ts'
import type { EraseOptions } from './entry-run.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'

const PLACE =
  'LOG/SEQ, with the first 8 or more digits of the log; or what "tocsin indicator show" takes, where one entry carries it'

export function addEntryCommands(program: Command, context: CliContext): void {
  const entry = program.command('entry').description('single entries of the logs')
  entry
    .command('show')
    .description('what an entry is, which nations hold it and since when, and where it was erased; JSON has the proofs')
    .argument('<entry>', PLACE)
    .addOption(outputOption())
    .action(async (text: string, { output }: { output: OutputFormat }) =>
      (await import('./entry-run.ts')).showEntry(context, text, output),
    )
  entry
    .command('erase')
    .description('erase what this nation published, at every node: a TOMBSTONE in the log hides it at once')
    .argument('<entry>', PLACE)
    .addOption(
      new Option('--reason <reason>', 'why, as everybody will see')
        .choices(Object.keys(ERASURE_REASON))
        .makeOptionMandatory(),
    )
    .option('--now', 'destroy it at this node at once, not after 14 days')
    .option('--yes', 'do not ask')
    .action(async (text: string, options: EraseOptions) =>
      (await import('./entry-run.ts')).eraseEntry(context, text, options),
    )
  entry
    .command('purge')
    .description('destroy at this node at once what its nation has erased, not after 14 days')
    .argument('<entry>', PLACE)
    .option('--yes', 'do not ask')
    .action(async (text: string, options: { readonly yes?: boolean }) =>
      (await import('./entry-run.ts')).purgeEntry(context, text, options.yes === true),
    )
}
