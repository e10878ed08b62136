import { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
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
 * The keys that a node needs without a passphrase, as text for files of mode 0600. KEM keys have a file of
 * their own, because they are destroyed on time and left out of backups.
 */

const NODE_FORMAT = 'tocsin-node-keys/1'
const KEM_FORMAT = 'tocsin-kem-keys/1'
export const KEM_SECRETS_MAX = 128

export interface NodeKeys {
  readonly nation: NationId
  readonly createdMs: number
  /** Ed25519 seed of the libp2p identity. */
  readonly peerSeed: Uint8Array
  /** What an EDGE node does not hold. */
  readonly inner?: InnerKeys
}

export interface InnerKeys {
  /** Ed25519, of the node's log. */
  readonly signSeed: Uint8Array
  /** Ed25519, for cosignatures. */
  readonly witnessSeed: Uint8Array
  readonly mldsa44Seed: Uint8Array
}

/** An X-Wing seed and the window in which others seal to it. */
export interface KemSecret {
  readonly seed: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
}

export function encodeNodeKeys({ nation, createdMs, peerSeed, inner }: NodeKeys): Uint8Array {
  return encodeSecretFields(NODE_FORMAT, [
    ['nation', nation],
    ['created', encodeTime(createdMs)],
    ['peer-seed', encodeSeed(peerSeed)],
    ...(inner === undefined
      ? []
      : ([
          ['sign-seed', encodeSeed(inner.signSeed)],
          ['witness-seed', encodeSeed(inner.witnessSeed)],
          ['mldsa44-seed', encodeSeed(inner.mldsa44Seed)],
        ] as const)),
  ])
}

/** Throws `key-file-malformed`. */
export function parseNodeKeys(bytes: Uint8Array): NodeKeys {
  const innerNames = ['sign-seed', 'witness-seed', 'mldsa44-seed'] as const
  const fields = parseSecretFields(bytes, NODE_FORMAT, ['nation', 'created', 'peer-seed', ...innerNames])
  const keys = {
    nation: parseNation(fields.one('nation')),
    createdMs: parseTime(fields.one('created')),
    peerSeed: parseSeed(fields.one('peer-seed')),
  }
  if (!innerNames.some(name => fields.has(name))) return keys
  const [signSeed, witnessSeed, mldsa44Seed] = [
    parseSeed(fields.one('sign-seed')),
    parseSeed(fields.one('witness-seed')),
    parseSeed(fields.one('mldsa44-seed')),
  ]
  return { ...keys, inner: { signSeed, witnessSeed, mldsa44Seed } }
}

export function encodeKemKeys(nation: NationId, keys: readonly KemSecret[]): Uint8Array {
  if (keys.length > KEM_SECRETS_MAX) throw malformed('cannot hold so many KEM keys')
  const lines = keys.map(
    ({ seed, fromMs, untilMs }) => ['kem', `${encodeTime(fromMs)} ${encodeTime(untilMs)} ${encodeSeed(seed)}`] as const,
  )
  return encodeSecretFields(KEM_FORMAT, [['nation', nation], ...lines])
}

/** Throws `key-file-malformed`. */
export function parseKemKeys(bytes: Uint8Array): { readonly nation: NationId; readonly keys: readonly KemSecret[] } {
  const fields = parseSecretFields(bytes, KEM_FORMAT, ['nation'], ['kem'])
  const lines = fields.all('kem')
  if (lines.length > KEM_SECRETS_MAX) throw malformed('has too many KEM keys')
  return { nation: parseNation(fields.one('nation')), keys: lines.map(parseKemLine) }
}

/** Refuses a secret file that others may read. `mode` is as `stat` gives it. Throws `key-file-permissions`. */
export function assertSecretMode(mode: number, path: string): void {
  if ((mode & 0o077) === 0) return
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  throw new UserError('key-file-permissions', `the key file ${path} may be read by others (mode ${shown})`, {
    fix: `Run: chmod 600 ${path}`,
    data: { path, mode: shown },
  })
}

function parseKemLine(text: string): KemSecret {
  const [from, until, seed, ...rest] = text.split(' ')
  if (from === undefined || until === undefined || seed === undefined || rest.length > 0) {
    throw malformed('has a KEM key that is not "from until seed"')
  }
  const secret = { seed: parseSeed(seed), fromMs: parseTime(from), untilMs: parseTime(until) }
  if (secret.untilMs <= secret.fromMs) throw malformed('has a KEM key whose window is empty')
  return secret
}
