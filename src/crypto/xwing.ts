import { decapsulate, diffieHellman, encapsulate, generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { concat, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { exportPublicKey, importPublicKey, importSecretKey } from './raw-key.ts'
import { MLKEM_PUBLIC_KEY_BYTES, XWING_PUBLIC_KEY_BYTES } from './xwing-public-key.ts'

/**
 * X-Wing (draft-connolly-cfrg-xwing-kem), composed from OpenSSL's ML-KEM-768, X25519 and SHA3-256.
 * Encapsulation draws from OpenSSL's generator, which takes no seed.
 */

const XWING_SEED_BYTES = 32
const XWING_ENC_BYTES = 1120

const MLKEM_CIPHERTEXT_BYTES = 1088
const MLKEM_SEED_BYTES = 64
const X25519_BYTES = 32
const LABEL = utf8('\\.//^\\')

/** A decapsulation key with its halves imported, for trying many slots. */
export interface XWingKey {
  /** 1216 bytes. */
  readonly publicKey: Uint8Array
  /** The 32-byte shared secret; null for an `enc` of wrong length or with an X25519 half of small order. */
  decapsulate(enc: Uint8Array): Uint8Array | null
}

/** Expands the 32-byte seed, which is the whole secret key. */
export function createXWingKey(seed: Uint8Array): XWingKey {
  if (seed.length !== XWING_SEED_BYTES) throw new RangeError(`an X-Wing seed is ${XWING_SEED_BYTES} bytes`)
  const expanded = hash('shake256', seed, { outputLength: MLKEM_SEED_BYTES + X25519_BYTES, outputEncoding: 'buffer' })
  const mlkem = importSecretKey('ml-kem-768', expanded.subarray(0, MLKEM_SEED_BYTES))
  const x25519 = importSecretKey('x25519', expanded.subarray(MLKEM_SEED_BYTES))
  const x25519Public = exportPublicKey(x25519)
  return {
    publicKey: concat(exportPublicKey(mlkem), x25519Public),
    decapsulate(enc) {
      if (enc.length !== XWING_ENC_BYTES) return null
      const ephemeral = enc.subarray(MLKEM_CIPHERTEXT_BYTES)
      const shared = agree(x25519, importPublicKey('x25519', ephemeral))
      if (shared === null) return null
      return combine(decapsulate(mlkem, enc.subarray(0, MLKEM_CIPHERTEXT_BYTES)), shared, ephemeral, x25519Public)
    },
  }
}

/** A fresh 32-byte secret and the 1120 bytes that carry it. Throws `key-invalid` where `publicKey` is none. */
export function encapsulateXWing(publicKey: Uint8Array): { readonly secret: Uint8Array; readonly enc: Uint8Array } {
  if (publicKey.length !== XWING_PUBLIC_KEY_BYTES) throw invalidKey()
  const mlkem = importMlKem(publicKey.subarray(0, MLKEM_PUBLIC_KEY_BYTES))
  const x25519Public = publicKey.subarray(MLKEM_PUBLIC_KEY_BYTES)
  const ephemeral = generateKeyPairSync('x25519')
  const shared = agree(ephemeral.privateKey, importPublicKey('x25519', x25519Public))
  if (shared === null) throw invalidKey()
  const { sharedKey, ciphertext } = encapsulate(mlkem)
  const ephemeralPublic = exportPublicKey(ephemeral.privateKey)
  return {
    secret: combine(sharedKey, shared, ephemeralPublic, x25519Public),
    enc: concat(ciphertext, ephemeralPublic),
  }
}

function combine(mlkem: Uint8Array, x25519: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha3-256', concat(mlkem, x25519, ephemeral, recipient, LABEL), 'buffer'))
}

/** Null where the result is zero: OpenSSL refuses a peer's point of small order. */
function agree(privateKey: KeyObject, publicKey: KeyObject): Uint8Array | null {
  try {
    return diffieHellman({ privateKey, publicKey })
  } catch {
    return null
  }
}

/** OpenSSL makes the modulus check of FIPS 203 section 7.2 here. */
function importMlKem(bytes: Uint8Array): KeyObject {
  try {
    return importPublicKey('ml-kem-768', bytes)
  } catch {
    throw invalidKey()
  }
}

function invalidKey(): ProtocolError {
  return new ProtocolError('key-invalid', 'the key is no X-Wing public key')
}
