import { isSeq, parseDocument } from 'yaml'
import { z } from 'zod'
import { fromHex, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import {
  LOCAL_ONLY,
  OPERATOR_ROLES,
  type Operator,
  type Operators,
  operatorNamed,
  operatorOfKey,
} from '../../policy/operator.ts'
import { parseYamlFile } from '../mechanisms/yaml-file.ts'

export const OPERATORS_BYTES_MAX = 256 * 1024
const OPERATORS_MAX = 1024

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const role = z.enum(OPERATOR_ROLES)
const operator = z.strictObject({
  name: z.string().regex(NAME, { message: 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"' }),
  key: z.string().regex(/^[0-9a-f]{64}$/, { message: 'must be 64 hex digits in lower case' }),
  roles: z.array(role).min(1),
})
const schema = z.strictObject({
  version: z.literal(1, { message: 'this program knows version 1' }),
  local: z.array(role.exclude(['approve'])).default(['publish', 'administer', 'read']),
  /** Nothing at all is written for an empty list. */
  operators: z.preprocess(list => list ?? [], z.array(operator).max(OPERATORS_MAX)),
})

const FIX = 'Correct operators.yaml, or restore it from its backup.'

/** `operators.yaml`. Throws UserError `operators-invalid` with line and column. */
export function parseOperatorsFile(text: string): Operators {
  const form = {
    name: 'operators.yaml',
    code: 'operators-invalid',
    fix: FIX,
    schema,
    bytesMax: OPERATORS_BYTES_MAX,
  } as const
  const { value, lineOf } = parseYamlFile(text, form)
  const operators: Operator[] = []
  for (const [index, { name, key, roles }] of value.operators.entries()) {
    const before = { operators, local: new Set<never>() }
    const same = operatorNamed(before, name) ?? operatorOfKey(before, fromHex(key))
    if (same !== undefined) {
      const what = same.name === name ? `there are two of the name ${name}` : `${name} has the key of ${same.name}`
      throw new UserError('operators-invalid', `operators.yaml, line ${lineOf(['operators', index])}: ${what}`, {
        fix: FIX,
      })
    }
    operators.push({ name, key: fromHex(key), roles: new Set(roles) })
  }
  return { operators, local: new Set(value.local) }
}

const EMPTY_FILE = `# Who acts for this nation. Each is known by a key of their own; "tocsin operator add" enters one.
# Roles: publish, approve (as a second person, where policy.yaml asks for one), administer, read.
version: 1

# What the user of this machine may do without a key. Nobody knows who sits there: approving is not among it.
local: [publish, administer, read]

operators:
`

/** The file with one more operator; the rest of it, remarks too, stays as it is. Throws UserError `operator-exists`. */
export function withOperator(text: string | undefined, added: Operator): string {
  const { operators } = parseOperatorsFile(text ?? EMPTY_FILE)
  const same =
    operators.find(({ name }) => name === added.name) ?? operatorOfKey({ ...LOCAL_ONLY, operators }, added.key)
  if (same !== undefined) {
    const what =
      same.name === added.name ? `there is an operator ${added.name} already` : `this is the key of ${same.name}`
    throw new UserError('operator-exists', what, { fix: 'Choose another name, or remove the one that is there first.' })
  }
  if (operators.length >= OPERATORS_MAX) {
    throw new UserError('operator-exists', `there are ${OPERATORS_MAX} operators already`)
  }
  const document = parseDocument(text ?? EMPTY_FILE)
  const entry = document.createNode({ name: added.name, key: toHex(added.key), roles: [...added.roles] })
  const roles = entry.get('roles')
  if (isSeq(roles)) roles.flow = true
  if (operators.length === 0) document.set('operators', document.createNode([entry]))
  else document.addIn(['operators'], entry)
  return checked(document.toString({ lineWidth: 0, flowCollectionPadding: false }))
}

/** Throws UserError `operator-unknown`. */
export function withoutOperator(text: string, name: string): string {
  const { operators } = parseOperatorsFile(text)
  const index = operators.findIndex(operator => operator.name === name)
  if (index < 0) {
    throw new UserError('operator-unknown', `there is no operator ${name}`, { fix: 'See "tocsin operator list".' })
  }
  const document = parseDocument(text)
  document.deleteIn(['operators', index])
  return checked(document.toString({ lineWidth: 0, flowCollectionPadding: false }))
}

/** No file is written that could not be read again. */
function checked(text: string): string {
  parseOperatorsFile(text)
  return text
}
