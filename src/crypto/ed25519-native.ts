import { type KeyObject, verify } from 'node:crypto'
import { isSoundEncoding } from './ed25519-encoding.ts'
import { asLatin1 } from './latin1.ts'
import { importPublicKey } from './raw-key.ts'

/** Far more keys than an alliance has; below it no key of a live peer is imported twice. */
const PUBLIC_KEYS_MAX = 4096

/** The predicate of by OpenSSL, which leaves some of the encodings unchecked. */
export function verifyEd25519Native(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isSoundEncoding(publicKey, signature) && verify(null, message, cachedPublicKey(publicKey), signature)
}

/** The same on the thread pool. The caller bounds how many are in flight and leaves the bytes alone. */
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
