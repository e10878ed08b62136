/** The alliance of the examples: every key is `SHA256("tocsin spec " || name)` as a seed. */

import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { parseEpochId, parseNationId } from '../../src/base/ids.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { buildInnerNode, buildKemKeys, buildNationDoc } from '../../src/registry/build-nation.ts'
import { buildFoundingRegistry, type FoundingNation } from '../../src/registry/build-registry.ts'
import { DEFAULT_POLICY } from '../../src/registry/policy.ts'
import { ROLE, STATUS } from '../../src/registry/registry-doc.ts'
import { parseRootKey } from '../../src/registry/root-key.ts'
import { DOC_TYPE, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'

/** 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000
const VALID_DAYS = 365
const KEM_WINDOW_DAYS = 31

export const AAA = parseNationId('AAA')
export const BBB = parseNationId('BBB')

/** 32 bytes that the name alone decides. */
export function specSeed(name: string): Uint8Array {
  return sha256(utf8(`tocsin spec ${name}`))
}

export function specSigner(name: string): Ed25519Signer {
  return createEd25519Signer(specSeed(name))
}

/** Deterministic, unlike OpenSSL, which hedges ML-DSA. */
function rootSigner(name: string): RootSigner {
  const ed25519 = specSigner(`${name} ed25519`)
  const mldsa65 = ml_dsa65.keygen(specSeed(`${name} ml-dsa-65`))
  return {
    key: parseRootKey({ edPk: ed25519.publicKey, mldsa65Pk: mldsa65.publicKey }),
    sign: input => ({
      ed25519: ed25519.sign(input),
      mldsa65: ml_dsa65.sign(input, mldsa65.secretKey, { extraEntropy: false }),
    }),
  }
}

export const governor = rootSigner('AAA governor')
const root = rootSigner('AAA root')

function member(nation: FoundingNation['nation'], signer: RootSigner, roles: readonly number[]): FoundingNation {
  const label = `Nation ${nation}`
  return { nation, label, status: STATUS.ACTIVE, roles, rootThreshold: 1, roots: [signer.key], maxTlp: 0 }
}

const founding = buildFoundingRegistry({
  name: 'Example Alliance',
  governors: [{ nation: AAA, primary: governor.key }],
  threshold: 1,
  nations: [
    member(AAA, root, [ROLE.PUBLISH, ROLE.WITNESS]),
    member(BBB, rootSigner('BBB root'), [ROLE.PUBLISH, ROLE.RECEIVE, ROLE.WITNESS]),
  ],
  policy: DEFAULT_POLICY,
  issuedMs: T0,
  validDays: VALID_DAYS,
})

export const { allianceId } = founding
export const registry = signDoc(DOC_TYPE.REGISTRY, new Uint8Array(0), founding.docBytes, [governor])

export const nodeKeys = {
  sign: specSigner('AAA sign'),
  mldsa44Pk: ml_dsa44.keygen(specSeed('AAA ml-dsa-44')).publicKey,
  witness: specSigner('AAA witness'),
  peer: specSigner('AAA peer'),
}
export const node = buildInnerNode(allianceId, AAA, nodeKeys, ['/ip4/192.0.2.1/tcp/7117'])
export const [kem] = buildKemKeys([createXWingKey(specSeed('AAA kem')).publicKey], T0, KEM_WINDOW_DAYS)

export const nationDoc = signDoc(
  DOC_TYPE.NATION,
  allianceId,
  buildNationDoc({
    allianceId,
    nation: AAA,
    prev: undefined,
    issuedMs: T0,
    validDays: VALID_DAYS,
    rootThreshold: 1,
    roots: [root.key],
    nodes: [node],
    kems: [kem!],
    bounds: [],
    contacts: [{ name: 'Duty officer', duty: 'incidents', reach: 'soc@aaa.example' }],
  }),
  [root],
)

/** Of the epoch that the examples seal under. */
export const epochId = parseEpochId(specSeed('epoch id').slice(0, 16))
export const epochSecret = specSeed('epoch secret')
