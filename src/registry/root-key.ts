import { toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import type { Hash } from '../base/ids.ts'
import { type Ed25519PublicKey, parseEd25519PublicKey } from '../crypto/ed25519-key.ts'
import { mlDsa65 } from '../crypto/mldsa.ts'
import type { RootKey } from '../wire/gen/tocsin.ts'
import { admitOnce } from './admission.ts'

declare const brand: unique symbol
/** 64 lower-case hex characters of a key id, for use as a map key. */
export type KeyIdHex = string & { readonly [brand]: 'KeyIdHex' }

/** A root key of a governor or nation: an Ed25519 and an ML-DSA-65 half, which only count together. */
export interface RootKeyRecord {
  readonly id: Hash
  readonly idHex: KeyIdHex
  readonly edPk: Ed25519PublicKey
  readonly mldsa65Pk: Uint8Array
}

/** `SHA256("tocsin/key/v1\0" || ed_pk || mldsa65_pk)`, R-1.2. */
export function keyIdOf(key: RootKey): Hash {
  return labelledHash('tocsin/key/v1', key.edPk, key.mldsa65Pk)
}

/** Checks both halves. Throws ProtocolError `key-invalid`. */
export function parseRootKey(key: RootKey): RootKeyRecord {
  const edPk = admitEd25519(key.edPk)
  mlDsa65.assertPublicKey(key.mldsa65Pk)
  const id = keyIdOf(key)
  return { id, idHex: toHex(id) as KeyIdHex, edPk, mldsa65Pk: key.mldsa65Pk }
}

/** Throws ProtocolError `key-invalid`. */
export function admitEd25519(bytes: Uint8Array): Ed25519PublicKey {
  admitOnce(`ed25519 ${toHex(bytes)}`, () => parseEd25519PublicKey(bytes))
  return bytes as Ed25519PublicKey
}

/** Throws `doc-key-repeated` where one public key, or one half of a pair, stands twice. */
export function assertKeysDistinct(keys: Iterable<Uint8Array>, where: string): void {
  const seen = new Set<string>()
  for (const key of keys) {
    const hex = toHex(key)
    if (seen.has(hex)) {
      throw new ProtocolError('doc-key-repeated', `${where} names one key twice`, { data: { key: hex.slice(0, 64) } })
    }
    seen.add(hex)
  }
}
