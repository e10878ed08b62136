import type { Command } from 'commander'
import { parseTlp } from '../indicator/marking.ts'
import type { GroupChangeOptions, GroupCreateOptions } from './group-run.ts'
import { parseNations } from './terminal/audience-options.ts'
import type { CliContext } from './terminal/context.ts'
import { operatorOptions } from './terminal/operator-signature.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'
import { passphraseFileOption } from './terminal/passphrase.ts'

export function addGroupCommands(program: Command, context: CliContext): void {
  const group = program.command('group').description('sharing groups: only their members learn that they exist')

  const create = group
    .command('create')
    .description('a group of the own nation, which is always a member')
    .argument('<name>')
    .requiredOption('--members <nations>', 'such as DEU,FRA', parseNations)
    .option('--max-tlp <level>', 'nothing above it goes to the group', parseTlp)
  addSigning(create).action(async (name: string, options: GroupCreateOptions) =>
    (await import('./group-run.ts')).createGroup(context, name, options),
  )
  for (const [verb, description] of [
    ['add', 'take nations into a group; they read what comes from now on'],
    ['remove', 'take nations out of a group; they learn of no later version'],
  ] as const) {
    const change = group
      .command(verb)
      .description(description)
      .argument('<group>', 'NAME, OWNER/NAME or its id')
      .argument('<nations>', 'such as DEU,FRA', parseNations)
    addSigning(change).action(async (name: string, nations: readonly string[], options: GroupChangeOptions) =>
      (await import('./group-run.ts')).changeGroup(context, verb, name, nations, options),
    )
  }
  group
    .command('list')
    .description('the groups that this nation knows of')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./group-run.ts')).listGroups(context, output),
    )
  group
    .command('show')
    .description('one group and its members')
    .argument('<group>', 'NAME, OWNER/NAME or its id')
    .addOption(outputOption())
    .action(async (name: string, { output }: { output: OutputFormat }) =>
      (await import('./group-run.ts')).showGroup(context, name, output),
    )
}

function addSigning(command: Command): Command {
  for (const option of operatorOptions()) command.addOption(option)
  return command.addOption(passphraseFileOption())
}
