import { type KeyObject, sign, verify } from 'node:crypto'
import { isSoundEncoding } from './ed25519-encoding.ts'
import { asLatin1 } from './latin1.ts'
import { exportPublicKey, importPublicKey, importSecretKey } from './raw-key.ts'

/** Far more keys than an alliance has; below it no key of a live peer is imported twice. */
const PUBLIC_KEYS_MAX = 4096

export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes over `message`; RFC 8032, deterministic. */
  sign(message: Uint8Array): Uint8Array
}

/**
 * The one Ed25519 predicate: canonical A and R, neither of small order, s < L, cofactorless. False for
 * everything else, wrong lengths included. `ed25519-portable.ts` accepts the same set.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isSoundEncoding(publicKey, signature) && verify(null, message, cachedPublicKey(publicKey), signature)
}

/** As `verifyEd25519`, on the thread pool. The caller bounds how many are in flight and leaves the bytes alone. */
export function verifyEd25519Async(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!isSoundEncoding(publicKey, signature)) return Promise.resolve(false)
  const key = cachedPublicKey(publicKey)
  return new Promise((resolve, reject) => {
    verify(null, message, key, signature, (error, valid) => (error === null ? resolve(valid) : reject(error)))
  })
}

/** Imports the key once; for whoever signs more than one message. `seed` is the 32-byte RFC 8032 private key. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  const key = importSecretKey('ed25519', seed)
  return {
    publicKey: exportPublicKey(key),
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}

export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, importSecretKey('ed25519', seed)))
}

export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return exportPublicKey(importSecretKey('ed25519', seed))
}

/** Least recently used first: a Map keeps the order of insertion. */
const publicKeys = new Map<string, KeyObject>()

function cachedPublicKey(publicKey: Uint8Array): KeyObject {
  const id = asLatin1(publicKey)
  let key = publicKeys.get(id)
  if (key === undefined) {
    key = importPublicKey('ed25519', publicKey)
    if (publicKeys.size >= PUBLIC_KEYS_MAX) publicKeys.delete(publicKeys.keys().next().value!)
  } else {
    publicKeys.delete(id)
  }
  publicKeys.set(id, key)
  return key
}
