import { rm } from 'node:fs/promises'
import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import { decryptOperatorKey, encryptOperatorKey } from '../../crypto/operator-key-file.ts'
import type { EncryptOptions } from '../../crypto/passphrase-file.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import type { Operator } from '../../policy/operator.ts'
import { OPERATORS_BYTES_MAX, withOperator, withoutOperator } from '../config/operators-file.ts'
import { assertAbsent, type Home, readSecret, readText, writeWhole } from '../home/home.ts'
import { type AskPassphrase, withPassphrase } from './founding-keys.ts'
import type { KeyPorts } from './new-keys.ts'

const SEED_BYTES = 32

/** Throws UserError `key-file-*`, `passphrase-wrong`, or `key-file-other` where it is not the key that is entered. */
export async function openOperatorKey(path: string, operator: Operator, ask: AskPassphrase): Promise<Ed25519Signer> {
  const file = await readSecret(path)
  const secrets = await withPassphrase(path, ask, passphrase => decryptOperatorKey(passphrase, file))
  const signer = createEd25519Signer(secrets.seed)
  if (toHex(signer.publicKey) === toHex(operator.key)) return signer
  throw new UserError(
    'key-file-other',
    `${path} holds a key of ${secrets.name} that is not entered for ${operator.name}`,
    {
      fix: 'Name the right file with --key, or see "tocsin operator list".',
    },
  )
}

/** Makes a key for an operator, in a file of its own, and enters it. Where it fails it leaves no file behind. */
export async function createOperator(
  home: Home,
  draft: { readonly nation: string; readonly path: string } & Pick<Operator, 'name' | 'roles'>,
  askPassphrase: () => Promise<string>,
  ports: KeyPorts & EncryptOptions,
): Promise<Operator> {
  const { name, roles, path } = draft
  const nation = parseNationId(draft.nation)
  const seed = ports.random.bytes(SEED_BYTES)
  const operator = { name, roles, key: createEd25519Signer(seed).publicKey }
  await assertAbsent(path)
  const text = withOperator(await readOperators(home), operator)
  const secret = { nation, name, createdMs: ports.clock.now(), seed }
  await writeWhole(path, await encryptOperatorKey(await askPassphrase(), secret, ports))
  try {
    await writeWhole(home.operators, text, { replace: true })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return operator
}

/** Enters an operator whose key is elsewhere. */
export async function enterOperator(home: Home, operator: Operator): Promise<void> {
  await writeWhole(home.operators, withOperator(await readOperators(home), operator), { replace: true })
}

/** The key file stays: what it signed before stays signed. */
export async function removeOperator(home: Home, name: string): Promise<void> {
  const text = await readOperators(home)
  if (text === undefined) {
    throw new UserError('operator-unknown', `there is no operator ${name}, nor any other`, {
      fix: 'See "tocsin operator list".',
    })
  }
  await writeWhole(home.operators, withoutOperator(text, name), { replace: true })
}

function readOperators(home: Home): Promise<string | undefined> {
  return readText(home.operators, OPERATORS_BYTES_MAX)
}
