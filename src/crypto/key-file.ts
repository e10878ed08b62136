import { toHex } from '../base/bytes.ts'
import type { Hash, NationId } from '../base/ids.ts'
import { decryptWithPassphrase, type EncryptOptions, encryptWithPassphrase } from './passphrase-file.ts'
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

/** Root and governor keys at rest: the text of `secret-fields.ts`, encrypted with a passphrase. */

const FORMAT = 'tocsin-root-key/1'

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

/** The armoured file. Throws `passphrase-wrong` for an empty passphrase. */
export function encryptKeyFile(
  passphrase: string,
  secrets: RootSecrets,
  options: EncryptOptions = {},
): Promise<Uint8Array> {
  return encryptWithPassphrase(passphrase, encodeRootSecrets(secrets), options)
}

/** Opens an armoured or binary file. Throws `passphrase-wrong` or `key-file-malformed`. */
export async function decryptKeyFile(passphrase: string, file: Uint8Array): Promise<RootSecrets> {
  return parseRootSecrets(await decryptWithPassphrase(passphrase, file))
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
