import { armor, Decrypter, Encrypter, type Stanza } from 'age-encryption'
import { fromUtf8, toHex, utf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { Hash, NationId } from '../base/ids.ts'
import {
  encodeSecretFields,
  encodeSeed,
  encodeTime,
  malformed,
  parseNation,
  parseSecretFields,
  parseSeed,
  parseTime,
} from './secret-fields.ts'

/**
 * Root and governor keys at rest: the text of `secret-fields.ts`, encrypted with a passphrase in the age format
 * (https://age-encryption.org/v1), armoured, so that the `age` tool opens it too.
 */

const FORMAT = 'tocsin-root-key/1'
const FILE_BYTES_MAX = 1024 * 1024
/** One second and 256 MiB on a present machine: what the age tool uses. */
const SCRYPT_LOG_N = 18
const ARMOR_START = '-----BEGIN AGE'

export interface RootSecrets {
  /** A governor signs registry documents, a root its nation's own. */
  readonly kind: 'root' | 'governor'
  readonly nation: NationId
  /** What people call the alliance; proves nothing. */
  readonly alliance: string
  readonly createdMs: number
  readonly comment: string
  readonly ed25519Seed: Uint8Array
  readonly mldsa65Seed: Uint8Array
  /** Every document that this key has signed, so that it never signs a second one of a version. */
  readonly signed: readonly SignedRecord[]
}

export interface SignedRecord {
  /** `abandoned`: the operator typed its hash to give it up for another. */
  readonly state: 'signed' | 'abandoned'
  readonly type: 'registry' | 'nation'
  readonly version: number
  readonly docHash: Hash
}

export interface EncryptOptions {
  /** Base-2 logarithm of the scrypt work factor. */
  readonly scryptLogN?: number
}

/** The armoured file. Throws `passphrase-wrong` for an empty passphrase. */
export async function encryptKeyFile(
  passphrase: string,
  secrets: RootSecrets,
  options: EncryptOptions = {},
): Promise<Uint8Array> {
  assertPassphrase(passphrase)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(options.scryptLogN ?? SCRYPT_LOG_N)
  return utf8(armor.encode(await encrypter.encrypt(encodeRootSecrets(secrets))))
}

/** Opens an armoured or binary file. Throws `passphrase-wrong` or `key-file-malformed`. */
export async function decryptKeyFile(passphrase: string, file: Uint8Array): Promise<RootSecrets> {
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
  let text: Uint8Array
  try {
    text = await decrypter.decrypt(unarmor(file))
  } catch (cause) {
    if (passphraseTried) throw wrongPassphrase('the passphrase does not open the key file')
    throw new UserError('key-file-malformed', 'the file is no key file encrypted with a passphrase', {
      fix: 'Check that this is the right file; it begins with "-----BEGIN AGE ENCRYPTED FILE-----".',
      cause,
    })
  }
  return parseRootSecrets(text)
}

export function encodeRootSecrets(secrets: RootSecrets): Uint8Array {
  return encodeSecretFields(FORMAT, [
    ['kind', secrets.kind],
    ['nation', secrets.nation],
    ['alliance', secrets.alliance],
    ['created', encodeTime(secrets.createdMs)],
    ['comment', secrets.comment],
    ['ed25519-seed', encodeSeed(secrets.ed25519Seed)],
    ['mldsa65-seed', encodeSeed(secrets.mldsa65Seed)],
    ...secrets.signed.map(
      ({ state, type, version, docHash }) => ['record', `${state} ${type} ${version} ${toHex(docHash)}`] as const,
    ),
  ])
}

function parseRootSecrets(bytes: Uint8Array): RootSecrets {
  const single = ['kind', 'nation', 'alliance', 'created', 'comment', 'ed25519-seed', 'mldsa65-seed']
  const fields = parseSecretFields(bytes, FORMAT, single, ['record'])
  const kind = fields.one('kind')
  if (kind !== 'root' && kind !== 'governor') throw malformed('is of a kind that is neither root nor governor')
  return {
    kind,
    nation: parseNation(fields.one('nation')),
    alliance: fields.one('alliance'),
    createdMs: parseTime(fields.one('created')),
    comment: fields.one('comment'),
    ed25519Seed: parseSeed(fields.one('ed25519-seed')),
    mldsa65Seed: parseSeed(fields.one('mldsa65-seed')),
    signed: fields.all('record').map(parseRecord),
  }
}

function parseRecord(text: string): SignedRecord {
  const [, state, type, version, hash] =
    /^(signed|abandoned) (registry|nation) ([1-9][0-9]{0,14}) ([0-9a-f]{64})$/.exec(text) ?? []
  if (hash === undefined) throw malformed('has a record that is none')
  return {
    state: state as SignedRecord['state'],
    type: type as SignedRecord['type'],
    version: Number(version),
    docHash: parseSeed(hash) as Hash,
  }
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
