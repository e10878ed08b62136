import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { sha256 } from '../../src/base/hash.ts'
import type { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import { nativeVerifiers, useNativeVerifiers, type VerifySignature } from '../../src/crypto/native-verifiers.ts'

/** The same algorithms as in `src/crypto`, for a simulation that is to give the same bytes for the same seed. */

let draw: (length: number) => Uint8Array = length => new Uint8Array(length)

export function drawFrom(bytes: (length: number) => Uint8Array): void {
  draw = bytes
}

/** For `encapsulateXWing`: by another implementation, which takes its coins from the seed. */
export function encapsulateDeterministic(publicKey: Uint8Array) {
  const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(publicKey, draw(64))
  return { secret: sharedSecret, enc: cipherText }
}

/** For `createMlDsa44Signer` and `createMlDsa65Signer`: not hedged. */
export const deterministicMlDsa = { 44: createSigner(ml_dsa44), 65: createSigner(ml_dsa65) }

function createSigner(dsa: typeof ml_dsa44): typeof createMlDsa44Signer {
  return seed => {
    const { publicKey, secretKey } = dsa.keygen(seed)
    return { publicKey, sign: message => dsa.sign(message, secretKey, { extraEntropy: false }) }
  }
}

/** Every node checks the same signatures: each is computed once. */
const checked = new Map<string, boolean>()
const CHECKED_MAX = 200_000

/** Instead of the verifiers that `installNative` put in place. */
export function verifyEachOnce(): void {
  const native = nativeVerifiers()!
  useNativeVerifiers({
    ed25519: (...given) => once(native.ed25519, given),
    mlDsa44: (...given) => once(native.mlDsa44, given),
    mlDsa65: (...given) => once(native.mlDsa65, given),
  })
}

function once(verify: VerifySignature, given: Parameters<VerifySignature>): boolean {
  const name = given.map(part => Buffer.from(sha256(part)).toString('base64')).join('')
  let valid = checked.get(name)
  if (valid === undefined) {
    if (checked.size >= CHECKED_MAX) checked.clear()
    valid = verify(...given)
    checked.set(name, valid)
  }
  return valid
}

/** For `verifyEd25519Async`: the same predicate, without the thread pool. */
export async function verifyInTurn(...given: Parameters<VerifySignature>): Promise<boolean> {
  return nativeVerifiers()!.ed25519(...given)
}
