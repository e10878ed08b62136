/**
 * The half of the one Ed25519 predicate that looks at bytes alone: lengths, canonical A and R, neither of small
 * order, s < L. Both verifiers run it before they compute anything.
 */

import { fromHex } from '../base/bytes.ts'

export const ED25519_KEY_BYTES = 32
const ED25519_SIGNATURE_BYTES = 64

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/**
 * The y coordinates, sign bit cleared, of the eight points of small order: five canonical ones and the two that can
 * also be written with p added. With either sign bit they are the 14 encodings of C2SP/CCTV ed25519.
 */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p, which is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1, which is 1
].map(fromHex)

/** Whether the 32 bytes at `offset` have y < p = 2^255 - 19; the sign bit is not looked at. */
export function isCanonicalPoint(bytes: Uint8Array, offset = 0): boolean {
  if ((bytes[offset + 31]! & 0x7f) !== 0x7f) return true
  for (let i = 30; i > 0; i--) if (bytes[offset + i] !== 0xff) return true
  return bytes[offset]! < 0xed
}

/** Whether the 32 bytes at `offset` encode, canonically or not, a point whose order divides 8. */
export function isSmallOrderPoint(bytes: Uint8Array, offset = 0): boolean {
  return SMALL_ORDER_Y.some(y => {
    for (let i = 0; i < 31; i++) if (bytes[offset + i] !== y[i]) return false
    return (bytes[offset + 31]! & 0x7f) === y[31]
  })
}

/** Whether the 32 little-endian bytes at `offset` are a number below L. */
export function isReducedScalar(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = bytes[offset + i]! - GROUP_ORDER[i]!
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Everything asks for before the equation R = sB - kA is computed. */
export function isSoundEncoding(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === ED25519_KEY_BYTES &&
    signature.length === ED25519_SIGNATURE_BYTES &&
    isReducedScalar(signature, 32) &&
    isCanonicalPoint(publicKey) &&
    isCanonicalPoint(signature) &&
    !isSmallOrderPoint(publicKey) &&
    !isSmallOrderPoint(signature)
  )
}
