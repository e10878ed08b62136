import { sign } from 'node:crypto'
import { exportPublicKey, importSecretKey } from './raw-key.ts'
import type { Ed25519Signer } from './signer.ts'

/** Imports the key once. `seed` is the 32-byte RFC 8032 private key. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  const key = importSecretKey('ed25519', seed)
  return {
    publicKey: exportPublicKey(key),
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}
