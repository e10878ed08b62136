import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { isReducedScalar, isSmallOrderPoint } from '../../src/crypto/ed25519-encoding.ts'
import { parseEd25519PublicKey } from '../../src/crypto/ed25519-key.ts'
import { verifyEd25519Async } from '../../src/crypto/ed25519-native.ts'
import { verifyEd25519Portable } from '../../src/crypto/ed25519-portable.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const PRIME = 2n ** 255n - 19n

/** The y of the points of order 8, found by clearing the prime-order part of some point. */
function eighthOrder(): Set<bigint> {
  const found = new Set<bigint>()
  for (let y = 2n; found.size < 2; y++) {
    try {
      const point = ed25519.Point.fromBytes(littleEndian(y)).multiplyUnsafe(GROUP_ORDER - 1n)
      const torsion = point.add(ed25519.Point.fromBytes(littleEndian(y)))
      if (!torsion.double().double().is0()) found.add(torsion.y)
    } catch {}
  }
  return found
}

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).reverse()
}

/** Flips one bit, or puts an arbitrary R or s in place: what a forger would try first. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), bit: fc.nat(511) }),
  fc.record({ kind: fc.constant('r' as const), bytes: bytes(32) }),
  fc.record({ kind: fc.constant('s' as const), bytes: bytes(32) }),
  fc.record({ kind: fc.constant('s + L' as const) }),
  fc.record({ kind: fc.constant('none' as const) }),
)

function mutate(signature: Uint8Array, how: typeof mutation extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const out = signature.slice()
  if (how.kind === 'flip') out[how.bit >> 3]! ^= 1 << (how.bit & 7)
  if (how.kind === 'r') out.set(how.bytes, 0)
  if (how.kind === 's') out.set(how.bytes, 32)
  if (how.kind === 's + L') {
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
    out.set(littleEndian(s + GROUP_ORDER), 32)
  }
  return out
}

describe('R-2.3: the two Ed25519 verifiers', () => {
  it('agree on signatures however they are changed, and accept none that was', () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 80 }), mutation, (seed, message, how) => {
        const signer = createEd25519Signer(seed)
        const signature = mutate(signer.sign(message), how)
        const verdict = verifyEd25519(signer.publicKey, message, signature)
        expect(verdict).toBe(how.kind === 'none')
        expect(verifyEd25519Portable(signer.publicKey, message, signature)).toBe(verdict)
      }),
      { numRuns: 150 },
    )
  })

  it('agree on arbitrary bytes for a key', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), bytes(64), bytes(16), async (key, signature, message) => {
        signature[63]! &= 0x0f
        const verdict = verifyEd25519(key, message, signature)
        expect(verifyEd25519Portable(key, message, signature)).toBe(verdict)
        expect(await verifyEd25519Async(key, message, signature)).toBe(verdict)
      }),
      { numRuns: 100 },
    )
  })

  it('call every other length invalid', () => {
    const signer = createEd25519Signer(new Uint8Array(32))
    const message = new Uint8Array(3)
    const signature = signer.sign(message)
    for (const verify of [verifyEd25519, verifyEd25519Portable]) {
      expect(verify(signer.publicKey, message, signature)).toBe(true)
      expect(verify(signer.publicKey, message, signature.subarray(1))).toBe(false)
      expect(verify(signer.publicKey.subarray(1), message, signature)).toBe(false)
      expect(verify(signer.publicKey, message, new Uint8Array([...signature, 0]))).toBe(false)
    }
  })
})

describe('R-1.11: admission of a key', () => {
  it('takes every key that a seed gives', () => {
    fc.assert(
      fc.property(bytes(32), seed => {
        const { publicKey } = createEd25519Signer(seed)
        expect(parseEd25519PublicKey(publicKey)).toBe(publicKey)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses the wrong length, a y that is not below p, and what is no point', () => {
    const refused = [new Uint8Array(31), littleEndian(PRIME + 3n), littleEndian(2n)]
    for (const key of refused) {
      expect(() => parseEd25519PublicKey(key)).toThrow(expect.objectContaining({ code: 'key-invalid' }))
    }
  })
})

describe('the scalar check', () => {
  it('takes exactly the numbers below L', () => {
    expect(isReducedScalar(littleEndian(GROUP_ORDER - 1n))).toBe(true)
    expect(isReducedScalar(littleEndian(GROUP_ORDER))).toBe(false)
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), value => {
        expect(isReducedScalar(littleEndian(value))).toBe(value < GROUP_ORDER)
      }),
    )
  })
})

describe('the small-order check', () => {
  it('knows 14 encodings and no neighbour of them', () => {
    const order8 = [...eighthOrder()]
    expect(order8).toHaveLength(2)
    for (const y of [0n, 1n, PRIME - 1n, PRIME, PRIME + 1n, ...order8]) {
      expect(isSmallOrderPoint(littleEndian(y))).toBe(true)
      expect(isSmallOrderPoint(littleEndian(y + 2n ** 255n))).toBe(true)
    }
    for (const y of [2n, PRIME - 2n, PRIME + 2n, order8[0]! + 1n])
      expect(isSmallOrderPoint(littleEndian(y))).toBe(false)
  })
})
