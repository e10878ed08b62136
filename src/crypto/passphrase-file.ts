import { armor, Decrypter, Encrypter, type Stanza } from 'age-encryption'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { malformed } from './secret-fields.ts'

/**
 * Secrets under a passphrase in the age format (https://age-encryption.org/v1), armoured, so that the `age` tool opens
 * them too.
 */

const FILE_BYTES_MAX = 1024 * 1024
/** One second and 256 MiB on a present machine: what the age tool uses. */
const SCRYPT_LOG_N = 18
const ARMOR_START = '-----BEGIN AGE'

export interface EncryptOptions {
  /** Base-2 logarithm of the scrypt work factor. */
  readonly scryptLogN?: number
}

/** The armoured file. Throws `passphrase-wrong` for an empty passphrase. */
export async function encryptWithPassphrase(
  passphrase: string,
  content: Uint8Array,
  options: EncryptOptions = {},
): Promise<Uint8Array> {
  assertPassphrase(passphrase)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(options.scryptLogN ?? SCRYPT_LOG_N)
  return utf8(armor.encode(await encrypter.encrypt(content)))
}

/** The content of an armoured or binary file. Throws `passphrase-wrong` or `key-file-malformed`. */
export async function decryptWithPassphrase(passphrase: string, file: Uint8Array): Promise<Uint8Array> {
  assertPassphrase(passphrase)
  if (file.length > FILE_BYTES_MAX) throw malformed('is too large')
  let passphraseTried = false
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  // Asked next, and only where the passphrase did not open the file.
  decrypter.addIdentity({
    unwrapFileKey(stanzas: Stanza[]) {
      passphraseTried = stanzas.some(stanza => stanza.args[0] === 'scrypt')
      return null
    },
  })
  try {
    return await decrypter.decrypt(unarmor(file))
  } catch (cause) {
    if (passphraseTried) throw wrongPassphrase('the passphrase does not open the key file')
    throw new UserError('key-file-malformed', 'the file is no key file encrypted with a passphrase', {
      fix: 'Check that this is the right file; it begins with "-----BEGIN AGE ENCRYPTED FILE-----".',
      cause,
    })
  }
}

const SCRYPT_HEADER = /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]+ (\d{1,2})\n/
const HEADER_LENGTH_MAX = 128

/** The work factor that a file has, so that it keeps it when it is written anew. */
export function scryptLogNOf(file: Uint8Array): number {
  const header = String.fromCharCode(...unarmor(file).subarray(0, HEADER_LENGTH_MAX))
  return Number(SCRYPT_HEADER.exec(header)?.[1] ?? SCRYPT_LOG_N)
}

function unarmor(file: Uint8Array): Uint8Array {
  const start = String.fromCharCode(...file.subarray(0, 64)).trimStart()
  return start.startsWith(ARMOR_START) ? armor.decode(fromUtf8(file)) : file
}

function assertPassphrase(passphrase: string): void {
  if (passphrase === '') throw wrongPassphrase('the passphrase is empty')
}

function wrongPassphrase(message: string): UserError {
  return new UserError('passphrase-wrong', message, { fix: 'Type it again; upper and lower case count.' })
}
