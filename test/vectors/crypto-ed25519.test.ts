import { describe, expect, it } from 'vitest'
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { parseEd25519PublicKey } from '../../src/crypto/ed25519-key.ts'
import { verifyEd25519Async } from '../../src/crypto/ed25519-native.ts'
import { verifyEd25519Portable } from '../../src/crypto/ed25519-portable.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { hasVectors, readVectors } from './shared-vectors.ts'

interface CctvVector {
  readonly number: number
  readonly key: string
  readonly sig: string
  readonly msg: string
  readonly flags: readonly string[] | null
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

const CCTV = 'ed25519/cctv-ed25519-edge.json.gz'
const WYCHEPROOF = 'ed25519/wycheproof-ed25519.json.gz'

describe.skipIf(!hasVectors(CCTV))('R-2.3: the 914 edge cases of C2SP/CCTV', () => {
  const vectors = () =>
    readVectors<CctvVector[]>(CCTV).map(vector => ({
      ...vector,
      arguments: [fromHex(vector.key), utf8(vector.msg), fromHex(vector.sig)] as const,
    }))

  it('accepts exactly 43 of them', () => {
    expect(vectors()).toHaveLength(914)
    expect(vectors().filter(vector => verifyEd25519(...vector.arguments))).toHaveLength(43)
  })

  it('accepts the same ones with the portable verifier', () => {
    const verdicts = (verify: typeof verifyEd25519) =>
      vectors()
        .filter(vector => verify(...vector.arguments))
        .map(vector => vector.number)
    expect(verdicts(verifyEd25519Portable)).toEqual(verdicts(verifyEd25519))
  })

  it('accepts the same ones on the thread pool', async () => {
    for (const vector of vectors()) {
      expect(await verifyEd25519Async(...vector.arguments)).toBe(verifyEd25519(...vector.arguments))
    }
  })

  it('accepts nothing whose A or R is of small order or not canonical', () => {
    const faults = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R']
    const accepted = vectors().filter(vector => verifyEd25519(...vector.arguments))
    expect(accepted.filter(vector => vector.flags?.some(flag => faults.includes(flag)))).toEqual([])
  })

  it('admits none of the keys that have a component of small order', () => {
    const impure = vectors().filter(vector =>
      vector.flags?.some(flag => ['low_order_A', 'low_order_component_A', 'non_canonical_A'].includes(flag)),
    )
    expect(impure.length).toBeGreaterThan(100)
    for (const vector of impure) {
      expect(() => parseEd25519PublicKey(vector.arguments[0])).toThrow(expect.objectContaining({ code: 'key-invalid' }))
    }
  })
})

describe.skipIf(!hasVectors(WYCHEPROOF))('Wycheproof Ed25519', () => {
  it('gives the published verdict with both verifiers', () => {
    let count = 0
    for (const group of readVectors<WycheproofFile>(WYCHEPROOF).testGroups) {
      for (const { tcId, msg, sig, result } of group.tests) {
        const given = [fromHex(group.publicKey.pk), fromHex(msg), fromHex(sig)] as const
        expect([tcId, verifyEd25519(...given)]).toEqual([tcId, result === 'valid'])
        expect([tcId, verifyEd25519Portable(...given)]).toEqual([tcId, result === 'valid'])
        count++
      }
    }
    expect(count).toBeGreaterThan(140)
  })
})

describe('RFC 8032 section 7.1', () => {
  const cases = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ].map(row => row.map(fromHex))

  it.each(cases)('derives the key and signs as published', (seed, publicKey, message, signature) => {
    const signer = createEd25519Signer(seed!)
    expect(signer.publicKey).toEqual(publicKey)
    expect(signer.sign(message!)).toEqual(signature)
    expect(verifyEd25519(publicKey!, message!, signature!)).toBe(true)
    expect(parseEd25519PublicKey(publicKey!)).toBe(publicKey)
  })
})
