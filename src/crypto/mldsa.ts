import { sign, verify } from 'node:crypto'
import { ProtocolError } from '../base/errors.ts'
import { exportPublicKey, importPublicKey, importSecretKey } from './raw-key.ts'

/**
 * ML-DSA (FIPS 204), pure, with an empty context: domain separation is in the signed bytes.
 * A secret key is its 32-byte seed. Signing is hedged: two signatures over one message differ.
 */
export interface MlDsa {
  readonly publicKeyBytes: number
  readonly signatureBytes: number
  publicKey(seed: Uint8Array): Uint8Array
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /** False for wrong lengths too. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** The admission check of; throws `key-invalid`. FIPS 204 asks nothing of a public key but its length. */
  assertPublicKey(bytes: Uint8Array): void
}

/** Registry and nation documents. */
export const mlDsa65: MlDsa = createMlDsa('ml-dsa-65', 1952, 3309)

/** Cosignatures of an author over its own checkpoints. */
export const mlDsa44: MlDsa = createMlDsa('ml-dsa-44', 1312, 2420)

function createMlDsa(type: 'ml-dsa-44' | 'ml-dsa-65', publicKeyBytes: number, signatureBytes: number): MlDsa {
  return {
    publicKeyBytes,
    signatureBytes,
    publicKey: seed => exportPublicKey(importSecretKey(type, seed)),
    sign: (seed, message) => new Uint8Array(sign(null, message, importSecretKey(type, seed))),
    verify(publicKey, message, signature) {
      if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
      return verify(null, message, importPublicKey(type, publicKey), signature)
    },
    assertPublicKey(bytes) {
      if (bytes.length === publicKeyBytes) return
      throw new ProtocolError(
        'key-invalid',
        `the ${type} public key is ${bytes.length} bytes instead of ${publicKeyBytes}`,
      )
    },
  }
}
