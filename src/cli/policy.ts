import { type Command, InvalidArgumentError } from 'commander'
import { isNationId } from '../base/ids.ts'
import { STARTER_POLICY } from '../node/config/starter-policy.ts'
import type { TestOptions } from './policy-test.ts'
import { addClaimOptions } from './terminal/claim-options.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, outputOption } from './terminal/output.ts'

export function addPolicyCommands(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('what may leave the nation, as policy.yaml says')

  policy
    .command('check')
    .description('tell whether a policy is right, and the line of what is wrong')
    .argument('[file]', 'default: policy.yaml of the home')
    .action(async (file: string | undefined) => (await import('./policy-run.ts')).checkPolicy(context, file))
  policy
    .command('show')
    .description('the rules of policy.yaml in their order, and whether the daemon has them in force')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) =>
      (await import('./policy-run.ts')).showPolicy(context, output),
    )
  const test = policy
    .command('test')
    .description('tell rule by rule what a policy makes of an item, and publish nothing')
    .argument('[file]', 'default: policy.yaml of the home')
    .requiredOption('--with <item>', 'a value in any spelling, or a file as "indicator import" takes it')
    .option('--description <text>', 'what it is about')
    .option('--name <text>', 'a short title')
    .option('--to <nations>', 'as if it were for these nations, with commas between', parseNations)
    .option('--group <name>', 'as if it were for this group')
  addClaimOptions(test)
    .addOption(outputOption())
    .action(async (file: string | undefined, options: TestOptions) =>
      (await import('./policy-test.ts')).testPolicy(context, file, options),
    )
  policy
    .command('reload')
    .description(
      'put policy.yaml and operators.yaml in force as they stand; what is wrong leaves the old ones in force',
    )
    .action(async () => (await import('./policy-run.ts')).reloadPolicy(context))
  policy
    .command('starter')
    .description('print the policy that "nation create" writes')
    .action(() => context.out.write(STARTER_POLICY))
}

function parseNations(text: string): readonly string[] {
  const nations = text.split(',').map(nation => nation.trim())
  if (nations.every(isNationId)) return nations
  throw new InvalidArgumentError('They are ids such as DEU,FRA.')
}
