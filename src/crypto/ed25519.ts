import { verifyEd25519Portable } from './ed25519-portable.ts'
import { nativeVerifiers } from './native-verifiers.ts'

/**
 * The one Ed25519 predicate: canonical A and R, neither of small order, s < L, cofactorless. False for
 * everything else, wrong lengths included. Computed by `ed25519-portable.ts`, or by `ed25519-native.ts` where that is
 * installed; both accept the same set.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const verify = nativeVerifiers()?.ed25519 ?? verifyEd25519Portable
  return verify(publicKey, message, signature)
}
