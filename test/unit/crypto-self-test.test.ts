import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { type Primitives, selfTest, systemPrimitives } from '../../src/crypto/self-test.ts'

const flip = (bytes: Uint8Array) => bytes.with(0, bytes[0]! ^ 1)

/** One broken implementation each, wrong in the least way that matters. */
const broken: readonly [primitive: string, faults: Partial<Primitives>][] = [
  ['SHA-256', { sha256: data => flip(systemPrimitives.sha256(data)) }],
  ['HMAC-SHA256', { hmacSha256: (key, ...parts) => flip(systemPrimitives.hmacSha256(key, ...parts)) }],
  ['HKDF-SHA256', { hkdfExtract: (_salt, inputKey) => systemPrimitives.hkdfExtract(new Uint8Array(0), inputKey) }],
  ['HKDF-SHA256', { hkdfExpand: (key, info, length) => systemPrimitives.hkdfExpand(flip(key), info, length) }],
  [
    'ChaCha20-Poly1305',
    { aeadSeal: (key, nonce, aad, text) => flip(systemPrimitives.aeadSeal(key, nonce, aad, text)) },
  ],
  ['ChaCha20-Poly1305', { aeadOpen: () => null }],
  [
    'ChaCha20-Poly1305', // takes any tag
    { aeadOpen: (key, nonce, aad, text) => systemPrimitives.aeadOpen(key, nonce, aad, text) ?? new Uint8Array(0) },
  ],
  [
    'Ed25519 signing',
    {
      createEd25519Signer: seed => ({ ...systemPrimitives.createEd25519Signer(seed), sign: () => new Uint8Array(64) }),
    },
  ],
  ['Ed25519 verification', { verifyEd25519: () => true }],
  ['Ed25519 verification', { verifyEd25519: () => false }],
  ['X25519', { x25519: (secretKey, publicKey) => flip(systemPrimitives.x25519(secretKey, publicKey)) }],
  ['ML-KEM-768', { openMlKem768: seed => systemPrimitives.openMlKem768(flip(seed)) }],
  [
    'ML-KEM-768', // without implicit rejection
    {
      openMlKem768(seed) {
        const key = systemPrimitives.openMlKem768(seed)
        return { ...key, decapsulate: ct => (ct[0] === 0 ? Buffer.alloc(32) : key.decapsulate(ct)) }
      },
    },
  ],
  ['X-Wing', { createXWingKey: seed => systemPrimitives.createXWingKey(flip(seed)) }],
  ['HPKE', { hpkeOpen: () => null }],
  [
    'HPKE',
    {
      hpkeSeal(publicKey, info, aad, plaintext) {
        const sealed = systemPrimitives.hpkeSeal(publicKey, info, aad, plaintext)
        return { ...sealed, ct: flip(sealed.ct) }
      },
    },
  ],
  ['ML-DSA-44', { verifyMlDsa44: () => true }],
  ['ML-DSA-65', { verifyMlDsa65: () => false }],
  ['ML-DSA-65', { createMlDsa65Signer: systemPrimitives.createMlDsa44Signer }],
  [
    'ML-DSA-44', // throws instead of answering
    {
      createMlDsa44Signer() {
        throw new Error('unsupported')
      },
    },
  ],
]

describe('the self-test', () => {
  it('passes on this machine', () => {
    expect(() => selfTest()).not.toThrow()
  })

  it.each(broken)('names a broken %s', (primitive, faults) => {
    const run = () => selfTest({ ...systemPrimitives, ...faults })
    expect(run).toThrow(StoreError)
    expect(run).toThrow(expect.objectContaining({ code: 'self-test-failed', data: { primitive } }))
  })

  it('breaks every primitive of the table once', () => {
    const touched = new Set(broken.flatMap(([, faults]) => Object.keys(faults)))
    expect([...touched].sort()).toEqual(Object.keys(systemPrimitives).sort())
  })
})
