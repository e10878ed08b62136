import { createEd25519Signer } from '../crypto/ed25519.ts'
import { mlDsa65 } from '../crypto/mldsa.ts'
import { parseRootKey } from './root-key.ts'
import type { RootSigner } from './signed-doc.ts'

/** Opens a root key from the 32-byte seeds of its halves, as its key file holds them. */
export function createRootSigner(edSeed: Uint8Array, mldsa65Seed: Uint8Array): RootSigner {
  const ed25519 = createEd25519Signer(edSeed)
  return {
    key: parseRootKey({ edPk: ed25519.publicKey, mldsa65Pk: mlDsa65.publicKey(mldsa65Seed) }),
    sign: input => ({ ed25519: ed25519.sign(input), mldsa65: mlDsa65.sign(mldsa65Seed, input) }),
  }
}
