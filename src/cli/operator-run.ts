import { resolve } from 'node:path'
import { fromHex, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { createOperator, enterOperator, removeOperator } from '../node/ceremonies/operator-key.ts'
import { assertAbsent, operatorKeyPath, readConfig } from '../node/home/home.ts'
import { systemRandom } from '../node/mechanisms/random-system.ts'
import { readNationalRules } from '../node/rules/national-rules.ts'
import type { Operator, OperatorRole } from '../policy/operator.ts'
import { putInForce } from './rules-effect.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, printRows, type Shape } from './terminal/output.ts'
import { askNewPassphrase } from './terminal/passphrase.ts'

export interface AddOperatorOptions {
  readonly role: ReadonlySet<OperatorRole>
  readonly key?: string
  readonly outputFile?: string
  readonly passphraseFile?: string
}

interface OperatorRow {
  readonly name: string
  readonly roles: readonly string[]
  readonly key: string
}

const OPERATORS: Shape<OperatorRow> = {
  columns: [
    { name: 'name', cell: row => row.name },
    { name: 'roles', cell: row => row.roles.join(',') },
    { name: 'key', cell: row => row.key },
  ],
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

export async function addOperator(context: CliContext, name: string, options: AddOperatorOptions): Promise<void> {
  const home = context.home()
  const { nation } = await readConfig(home, context.environment)
  if (!NAME.test(name)) {
    throw new UserError('usage-invalid', `"${name}" is no name for an operator`, {
      fix: 'Use 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit.',
    })
  }
  await readNationalRules(home)
  if (options.key !== undefined) {
    await enterOperator(home, { name, key: parseKey(options.key), roles: options.role })
    context.say(`${name} is entered with the key ${options.key}.`)
  } else {
    const path = resolve(options.outputFile ?? operatorKeyPath(home, name))
    await assertAbsent(path)
    const ask = () => askNewPassphrase(context, options)
    const ports = { clock: { now: Date.now }, random: systemRandom }
    const operator = await createOperator(home, { nation, name, roles: options.role, path }, ask, ports)
    context.say(`${name} is entered; ${path} is their key, for them alone to keep.`)
    await context.out.write(`${toHex(operator.key)}\n`)
  }
  await putInForce(context)
}

export async function listOperators(context: CliContext, output: OutputFormat): Promise<void> {
  const { operators } = await readNationalRules(context.home())
  await printRows(context.out, output, operators.operators.map(rowOf), OPERATORS)
  const local = [...operators.local].join(', ')
  if (operators.operators.length === 0) context.say('There is no operator but the user of this machine.')
  context.say(
    `The user of this machine may do without a key: ${local === '' ? 'nothing' : local}. Approving takes one.`,
  )
}

export async function dropOperator(context: CliContext, name: string): Promise<void> {
  await removeOperator(context.home(), name)
  context.say(`${name} is no operator any more.`)
  await putInForce(context)
}

function rowOf({ name, roles, key }: Operator): OperatorRow {
  return { name, roles: [...roles], key: toHex(key) }
}

function parseKey(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text.toLowerCase())
  throw new UserError('usage-invalid', 'a public key is 64 hex digits', {
    fix: 'Give what "tocsin operator add" printed where the key was made.',
  })
}
