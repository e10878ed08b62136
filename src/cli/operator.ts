import { type Command, InvalidArgumentError } from 'commander'
import { OPERATOR_ROLES, type OperatorRole } from '../policy/operator.ts'
import type { AddOperatorOptions } from './operator-run.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'
import { passphraseFileOption } from './terminal/passphrase.ts'

export function addOperatorCommands(program: Command, context: CliContext): void {
  const operator = program
    .command('operator')
    .description('the persons who act for the nation, each by a key of their own')

  operator
    .command('add')
    .description('make a key for a person, under their passphrase, and enter it; or enter one that they made elsewhere')
    .argument('<name>', 'such as anna or night-shift')
    .requiredOption('--role <roles>', 'publish, approve, administer, read; several with commas between', parseRoles)
    .option('--key <hex>', 'their public key, if they made it elsewhere')
    .option('-O, --output-file <file>', 'where their key goes (default: keys/operator-NAME.age in the home)')
    .addOption(passphraseFileOption())
    .action(async (name: string, options: AddOperatorOptions) =>
      (await import('./operator-run.ts')).addOperator(context, name, options),
    )
  operator
    .command('list')
    .description('who they are and what they may do')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./operator-run.ts')).listOperators(context, output),
    )
  operator
    .command('remove')
    .description('a person acts no more; what they have signed so far and nobody has used yet counts no more')
    .argument('<name>')
    .action(async (name: string) => (await import('./operator-run.ts')).dropOperator(context, name))
}

function parseRoles(text: string): ReadonlySet<OperatorRole> {
  const roles = text.split(',').map(role => role.trim())
  const isRole = (role: string): role is OperatorRole => (OPERATOR_ROLES as readonly string[]).includes(role)
  if (roles.every(isRole)) return new Set(roles)
  throw new InvalidArgumentError(`Roles are ${OPERATOR_ROLES.join(', ')}.`)
}
