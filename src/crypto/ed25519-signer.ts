import { sign } from 'node:crypto'
import { exportPublicKey, importSecretKey } from './raw-key.ts'

export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes over `message`; RFC 8032, deterministic. */
  sign(message: Uint8Array): Uint8Array
}

/** Imports the key once. `seed` is the 32-byte RFC 8032 private key. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  const key = importSecretKey('ed25519', seed)
  return {
    publicKey: exportPublicKey(key),
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}
