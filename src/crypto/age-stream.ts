import { Decrypter, Encrypter } from 'age-encryption'
import { UserError } from '../base/errors.ts'
import type { EncryptOptions } from './passphrase-file.ts'

/** Files of any length in the binary age format (https://age-encryption.org/v1), which the `age` tool opens too. */

/** Who can open a file: whoever knows the passphrase, or holds the identity of one of the recipients. */
export type AgeLock = { readonly passphrase: string } | { readonly recipients: readonly string[] }
export type AgeKey = { readonly passphrase: string } | { readonly identities: readonly string[] }

export const RECIPIENTS_MAX = 32

/** Throws UserError `backup-recipient` where a text is no recipient (`age1…`). */
export function assertRecipients(recipients: readonly string[]): void {
  const encrypter = new Encrypter()
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient)
    } catch (cause) {
      throw new UserError('backup-recipient', `"${recipient.slice(0, 80)}" is no recipient of age`, {
        fix: 'A recipient begins with "age1" and is what "age-keygen" prints as the public key.',
        cause,
      })
    }
  }
}

/** The encrypted bytes, as they are asked for. */
export async function* encryptStream(
  source: AsyncIterable<Uint8Array>,
  lock: AgeLock,
  options: EncryptOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const encrypter = new Encrypter()
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase)
    if (options.scryptLogN !== undefined) encrypter.setScryptWorkFactor(options.scryptLogN)
  } else for (const recipient of lock.recipients) encrypter.addRecipient(recipient)
  yield* await encrypter.encrypt(streamOf(source))
}

/**
 * What was encrypted. Throws UserError `passphrase-wrong` or `backup-identity` at once where the key is another,
 * `backup-altered` while it is read.
 */
export async function decryptStream(
  source: AsyncIterable<Uint8Array>,
  key: AgeKey,
): Promise<AsyncGenerator<Uint8Array, void>> {
  const decrypter = new Decrypter()
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase)
  else for (const identity of key.identities) addIdentity(decrypter, identity)
  const plain = await decrypter.decrypt(streamOf(source)).catch(cause => {
    throw cause instanceof UserError ? cause : notOpened(key, cause)
  })
  return decrypted(plain)
}

/** A stream that a consumer leaves ends its source. */
function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(source as AsyncIterable<Uint8Array<ArrayBuffer>>)
}

async function* decrypted(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* plain
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('backup-altered', 'the file is cut off, or not what was written', {
      fix: 'Take another copy of it, or an earlier backup.',
      cause,
    })
  }
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch (cause) {
    throw new UserError('backup-identity', 'the identity file holds a line that is no identity of age', {
      fix: 'Give the file that "age-keygen -o FILE" wrote; what is in it begins with AGE-SECRET-KEY-.',
      cause,
    })
  }
}

function notOpened(key: AgeKey, cause: unknown): UserError {
  if ('passphrase' in key) {
    const fix = 'Type it again; upper and lower case count.'
    return new UserError('passphrase-wrong', 'the passphrase does not open the file', { fix, cause })
  }
  return new UserError('backup-identity', 'none of the identities opens the file', {
    fix: 'Give the identity of one of the recipients that it was made for, with --identity FILE.',
    cause,
  })
}

const AGE_INTRO = 'age-encryption.org/v1\n'
const SCRYPT_STANZA = '-> scrypt '

/** What opens a file that begins with these bytes; undefined where it is no file of age. At least 64 of them are needed. */
export function lockKind(start: Uint8Array): 'passphrase' | 'recipients' | undefined {
  const text = String.fromCharCode(...start.subarray(0, AGE_INTRO.length + SCRYPT_STANZA.length))
  if (!text.startsWith(AGE_INTRO)) return undefined
  return text.endsWith(SCRYPT_STANZA) ? 'passphrase' : 'recipients'
}
