import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

/** Raw key bytes to and from node's key objects. */

export type RawKeyType = 'ed25519' | 'x25519' | 'ml-kem-768' | 'ml-dsa-44' | 'ml-dsa-65'

/** Throws where the length is wrong or OpenSSL finds the key malformed. */
export function importPublicKey(type: RawKeyType, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: view(bytes), format: 'raw-public', asymmetricKeyType: type })
}

/** From the seed of a key of FIPS 203 or 204, or the private key of RFC 7748 or 8032. Throws on a wrong length. */
export function importSecretKey(type: RawKeyType, bytes: Uint8Array): KeyObject {
  const format = type.startsWith('ml-') ? 'raw-seed' : 'raw-private'
  return createPrivateKey({ key: view(bytes), format, asymmetricKeyType: type })
}

/** The public half of a private key. */
export function exportPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ format: 'raw-public' }))
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
