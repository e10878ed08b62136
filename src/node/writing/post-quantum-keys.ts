import { equalBytes } from '../../base/bytes.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import { createMlDsa44Signer } from '../../crypto/mldsa-signer.ts'
import type { MlDsaSigner } from '../../crypto/signer.ts'
import type { KeyUses } from '../audit/key-uses.ts'
import type { KeysInUse } from './key-succession.ts'

/** The ML-DSA-44 key of this node beside each of its signing keys. */
export function postQuantumSigners(
  { inner, previous }: KeysInUse,
  uses: Pick<KeyUses, 'counted'>,
): (signPk: Uint8Array) => MlDsaSigner | undefined {
  const signers = [inner, previous]
    .filter(keys => keys !== undefined)
    .map(({ signSeed, mldsa44Seed }) => ({
      signPk: createEd25519Signer(signSeed).publicKey,
      author: uses.counted('ml-dsa-44', createMlDsa44Signer(mldsa44Seed)),
    }))
  return signPk => signers.find(each => equalBytes(each.signPk, signPk))?.author
}
