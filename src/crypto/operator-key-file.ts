import type { NationId } from '../base/ids.ts'
import { decryptWithPassphrase, type EncryptOptions, encryptWithPassphrase } from './passphrase-file.ts'
import {
  encodeSecretFields,
  encodeSeed,
  encodeTime,
  parseNation,
  parseSecretFields,
  parseSeed,
  parseTime,
} from './secret-fields.ts'

/** The key of one person who acts for a nation, at rest under that person's passphrase. */
export interface OperatorSecret {
  readonly nation: NationId
  readonly name: string
  readonly createdMs: number
  /** Ed25519, 32 bytes. */
  readonly seed: Uint8Array
}

const FORMAT = 'tocsin-operator-key/1'

/** Throws `passphrase-wrong` for an empty passphrase. */
export function encryptOperatorKey(
  passphrase: string,
  { nation, name, createdMs, seed }: OperatorSecret,
  options: EncryptOptions = {},
): Promise<Uint8Array> {
  const text = encodeSecretFields(FORMAT, [
    ['nation', nation],
    ['name', name],
    ['created', encodeTime(createdMs)],
    ['ed25519-seed', encodeSeed(seed)],
  ])
  return encryptWithPassphrase(passphrase, text, options)
}

/** Throws `passphrase-wrong` or `key-file-malformed`. */
export async function decryptOperatorKey(passphrase: string, file: Uint8Array): Promise<OperatorSecret> {
  const text = await decryptWithPassphrase(passphrase, file)
  const fields = parseSecretFields(text, FORMAT, ['nation', 'name', 'created', 'ed25519-seed'])
  return {
    nation: parseNation(fields.one('nation')),
    name: fields.one('name'),
    createdMs: parseTime(fields.one('created')),
    seed: parseSeed(fields.one('ed25519-seed')),
  }
}
