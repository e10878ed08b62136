import { createEd25519Signer } from '../crypto/ed25519-signer.ts'
import { createMlDsa65Signer } from '../crypto/mldsa-signer.ts'
import { parseRootKey } from './root-key.ts'
import type { RootSigner } from './signed-doc.ts'

/** Opens a root key from the 32-byte seeds of its halves, as its key file holds them. */
export function createRootSigner(edSeed: Uint8Array, mldsa65Seed: Uint8Array): RootSigner {
  const ed25519 = createEd25519Signer(edSeed)
  const mldsa65 = createMlDsa65Signer(mldsa65Seed)
  return {
    key: parseRootKey({ edPk: ed25519.publicKey, mldsa65Pk: mldsa65.publicKey }),
    sign: input => ({ ed25519: ed25519.sign(input), mldsa65: mldsa65.sign(input) }),
  }
}
