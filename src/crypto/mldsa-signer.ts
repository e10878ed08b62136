import { sign } from 'node:crypto'
import { exportPublicKey, importSecretKey } from './raw-key.ts'
import type { MlDsaSigner } from './signer.ts'

/** `seed` is the 32 bytes of FIPS 204. */
export function createMlDsa44Signer(seed: Uint8Array): MlDsaSigner {
  return createSigner('ml-dsa-44', seed)
}

export function createMlDsa65Signer(seed: Uint8Array): MlDsaSigner {
  return createSigner('ml-dsa-65', seed)
}

function createSigner(type: 'ml-dsa-44' | 'ml-dsa-65', seed: Uint8Array): MlDsaSigner {
  const key = importSecretKey(type, seed)
  return {
    publicKey: exportPublicKey(key),
    sign: message => new Uint8Array(sign(null, message, key)),
  }
}
