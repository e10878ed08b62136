import { createCipheriv, createHmac, hkdfSync } from 'node:crypto'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { describe, expect, it } from 'vitest'
import { concat, EMPTY, toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'
import { hkdfExpand, hkdfExtract, hmacSha256 } from '../../src/crypto/hkdf.ts'
import { mlDsa44, mlDsa65 } from '../../src/crypto/mldsa.ts'
import { createMlDsa44Signer, createMlDsa65Signer } from '../../src/crypto/mldsa-signer.ts'
import { nativeSha256 } from '../../src/crypto/native.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff)

describe('SHA-256 by the machine', () => {
  it.each([0, 1, 55, 56, 64, 1000, 65_536])('gives the same 32 bytes as the portable one for %i bytes', length => {
    const data = counting(length)
    expect(nativeSha256(data)).toEqual(nobleSha256(data))
    expect(sha256(data)).toEqual(nobleSha256(data))
  })
})

describe('HMAC and HKDF', () => {
  it.each([
    [32, [0]],
    [32, [15, 32, 8, 32]],
    [64, [100]],
    [65, [100]],
    [20, [4095, 1]],
    [20, [4096, 1]],
    [32, [32, 63_488]],
  ])('keys %i bytes over parts of %j as node and noble do', (keyLength, lengths) => {
    const key = counting(keyLength)
    const parts = lengths.map(counting)
    const mac = hmacSha256(key, ...parts)
    expect(mac).toEqual(hmac(nobleSha256, key, concat(...parts)))
    expect(toHex(mac)).toBe(
      createHmac('sha256', key)
        .update(concat(...parts))
        .digest('hex'),
    )
  })

  it('leaves nothing of one computation in the next', () => {
    const long = hmacSha256(counting(64), counting(300))
    hmacSha256(counting(3), counting(5))
    expect(hmacSha256(counting(64), counting(300))).toEqual(long)
  })

  it.each([1, 31, 32, 33, 64, 100, 8160])('expands to %i bytes as node and noble do', length => {
    const [salt, inputKey, info] = [counting(13), counting(22), counting(10)]
    const expanded = hkdfExpand(hkdfExtract(salt, inputKey), [info.subarray(0, 4), info.subarray(4)], length)
    expect(expanded).toEqual(hkdf(nobleSha256, inputKey, salt, info, length))
    expect(expanded).toEqual(new Uint8Array(hkdfSync('sha256', inputKey, salt, info, length)))
  })

  it('refuses to expand beyond what one counter byte can number', () => {
    expect(() => hkdfExpand(counting(32), [EMPTY], 8161)).toThrow(RangeError)
  })
})

describe('ChaCha20-Poly1305', () => {
  const key = counting(32)
  const nonce = counting(12)

  it.each([0, 1, 15, 16, 512, 4096, 65_520])('opens %i bytes that it sealed, and nothing that was changed', length => {
    const [aad, plaintext] = [counting(110), counting(length)]
    const sealed = aeadSeal(key, nonce, aad, plaintext)
    expect(sealed).toHaveLength(length + 16)
    expect(aeadOpen(key, nonce, aad, sealed)).toEqual(plaintext)
    for (const at of [0, sealed.length - 17, sealed.length - 1].filter(index => index >= 0)) {
      expect(aeadOpen(key, nonce, aad, sealed.with(at, sealed[at]! ^ 0x80))).toBeNull()
    }
    expect(aeadOpen(key, nonce, aad.subarray(1), sealed)).toBeNull()
    expect(aeadOpen(key, nonce.with(0, 9), aad, sealed)).toBeNull()
    expect(aeadOpen(key.with(0, 9), nonce, aad, sealed)).toBeNull()
  })

  it('seals as a cipher with a raw key does', () => {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
    const expected = concat(cipher.update(counting(100)), cipher.final(), cipher.getAuthTag())
    expect(aeadSeal(key, nonce, EMPTY, counting(100))).toEqual(expected)
  })

  it('opens nothing shorter than a tag', () => {
    expect(aeadOpen(key, nonce, EMPTY, counting(15))).toBeNull()
  })
})

describe.each([
  ['ML-DSA-44', mlDsa44, ml_dsa44, createMlDsa44Signer, 1312, 2420],
  ['ML-DSA-65', mlDsa65, ml_dsa65, createMlDsa65Signer, 1952, 3309],
] as const)('%s', (_name, mlDsa, portable, createSigner, publicKeyBytes, signatureBytes) => {
  const seed = counting(32)
  const { publicKey, sign } = createSigner(seed)
  const message = utf8('message')

  it('signs what it verifies, with the sizes of FIPS 204', () => {
    const signature = sign(message)
    expect([publicKey.length, signature.length]).toEqual([publicKeyBytes, signatureBytes])
    expect(mlDsa.verify(publicKey, message, signature)).toBe(true)
    expect(mlDsa.verify(publicKey, utf8('massage'), signature)).toBe(false)
    expect(mlDsa.verify(publicKey, message, signature.with(100, signature[100]! ^ 1))).toBe(false)
    expect(mlDsa.verify(createSigner(seed.with(0, 1)).publicKey, message, signature)).toBe(false)
  })

  it('is verified by the machine as by the portable code, wherever a bit is flipped', () => {
    const signature = sign(message)
    expect(portable.verify(signature, message, publicKey)).toBe(true)
    // The last bytes are the hints, whose encoding has rules of its own.
    const places = [0, 31, 32, 700, ...Array.from({ length: 90 }, (_, i) => signature.length - 1 - i)]
    for (const place of places) {
      const changed = signature.with(place, signature[place]! ^ 1)
      expect(mlDsa.verify(publicKey, message, changed)).toBe(portable.verify(changed, message, publicKey))
    }
  })

  it('calls keys and signatures of wrong length invalid', () => {
    const signature = sign(message)
    expect(mlDsa.verify(publicKey.subarray(1), message, signature)).toBe(false)
    expect(mlDsa.verify(publicKey, message, signature.subarray(1))).toBe(false)
    expect(() => mlDsa.assertPublicKey(publicKey)).not.toThrow()
    expect(() => mlDsa.assertPublicKey(publicKey.subarray(1))).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })
})

describe('the random port', () => {
  it('gives as many bytes as asked for, and others each time', () => {
    expect(systemRandom.bytes(32)).toHaveLength(32)
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32))
  })
})
