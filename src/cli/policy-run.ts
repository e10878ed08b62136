import { UserError } from '../base/errors.ts'
import { POLICY_BYTES_MAX, type PolicyFile, parsePolicyFile } from '../node/config/policy-file.ts'
import { readText } from '../node/home/home.ts'
import { doesText } from '../policy/guard.ts'
import type { GuardRule } from '../policy/guard-policy.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, printRows, type Shape } from './terminal/output.ts'

const RULES: Shape<GuardRule> = {
  columns: [
    { name: 'rule', cell: rule => rule.number },
    { name: 'line', cell: rule => rule.line },
    { name: 'name', cell: rule => rule.name },
    { name: 'when', cell: rule => conditionNames(rule).join(', ') },
    { name: 'does', cell: doesText },
  ],
}

/** The policy of a file, or of the home where none is named. Throws UserError `policy-invalid` or `policy-missing`. */
export async function readPolicy(context: CliContext, file: string | undefined): Promise<PolicyFile> {
  const path = file ?? context.home().policy
  const text = await readText(path, POLICY_BYTES_MAX)
  if (text !== undefined) return parsePolicyFile(text, path)
  throw new UserError('policy-missing', `there is no ${path}`, {
    fix: 'Name a file, or begin with what "tocsin policy starter" prints.',
  })
}

export async function checkPolicy(context: CliContext, file: string | undefined): Promise<void> {
  const { guard, warnings } = await readPolicy(context, file)
  for (const warning of warnings) context.say(`warning: ${warning}`)
  context.say(`The policy is right: ${guard.rules.length} rules.`)
}

export async function showPolicy(context: CliContext, output: OutputFormat): Promise<void> {
  const { guard, warnings } = await readPolicy(context, undefined)
  await printRows(context.out, output, guard.rules, RULES)
  for (const warning of warnings) context.say(`warning: ${warning}`)
  context.say('What no rule allows is denied.')
}

export async function reloadPolicy(context: CliContext): Promise<void> {
  const { policy, operators } = await context.client().reloadRules()
  if (policy === undefined) context.say('warning: there is no policy.yaml: nothing leaves')
  for (const warning of policy?.warnings ?? []) context.say(`warning: ${warning}`)
  context.say(`In force: ${policy?.rules ?? 0} rules, ${operators} operators.`)
}

function conditionNames({ when }: GuardRule): readonly string[] {
  return Object.entries(when).flatMap(([name, wanted]) => (wanted === undefined ? [] : [name]))
}
