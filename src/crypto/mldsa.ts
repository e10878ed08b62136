import { type DSA, ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { ProtocolError } from '../base/errors.ts'
import { type NativeVerifiers, nativeVerifiers, type VerifySignature } from './native-verifiers.ts'

/**
 * Verification of ML-DSA (FIPS 204), pure, with an empty context: domain separation is in the signed bytes.
 * Computed by @noble/post-quantum, or by OpenSSL where that is installed (`native.ts`).
 */
export interface MlDsa {
  readonly publicKeyBytes: number
  readonly signatureBytes: number
  readonly verify: VerifySignature
  /** The admission check of; throws `key-invalid`. FIPS 204 asks nothing of a public key but its length. */
  assertPublicKey(bytes: Uint8Array): void
}

/** Registry and nation documents. */
export const mlDsa65: MlDsa = createMlDsa('mlDsa65', 'ml-dsa-65', ml_dsa65, 1952, 3309)

/** Cosignatures of an author over its own checkpoints. */
export const mlDsa44: MlDsa = createMlDsa('mlDsa44', 'ml-dsa-44', ml_dsa44, 1312, 2420)

function createMlDsa(
  native: keyof NativeVerifiers,
  type: string,
  portable: DSA,
  publicKeyBytes: number,
  signatureBytes: number,
): MlDsa {
  return {
    publicKeyBytes,
    signatureBytes,
    verify(publicKey, message, signature) {
      if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
      const verify = nativeVerifiers()?.[native]
      return verify === undefined
        ? portable.verify(signature, message, publicKey)
        : verify(publicKey, message, signature)
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
