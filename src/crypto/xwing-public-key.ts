import { equalBytes, fromHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'

/** An ML-KEM-768 key, then an X25519 key. */
export const XWING_PUBLIC_KEY_BYTES = 1216
export const MLKEM_PUBLIC_KEY_BYTES = 1184

/** 768 coefficients of 12 bits, then the 32-byte seed of the matrix. */
const MLKEM_COEFFICIENT_BYTES = 1152
const MLKEM_MODULUS = 3329

/**
 * Every u, top bit cleared, whose product with any clamped scalar is zero: the points of order 1, 2, 4 and 8 of the curve
 * and of its twist, and those of them that can also be written with p added (RFC 7748 section 6.1).
 */
const SMALL_ORDER_U = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p - 1
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p, which is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1, which is 1
].map(fromHex)

/**
 * The admission check of: length, the modulus check of FIPS 203 section 7.2, and an X25519 half that is not of
 * small order, so that whoever seals to the key can. Throws `key-invalid`.
 */
export function assertXWingPublicKey(bytes: Uint8Array): void {
  if (bytes.length !== XWING_PUBLIC_KEY_BYTES || !isReduced(bytes) || isSmallOrder(bytes)) {
    throw new ProtocolError('key-invalid', 'the key is no X-Wing public key')
  }
}

/** Whether every coefficient, two of which share three bytes, is below the modulus. */
function isReduced(bytes: Uint8Array): boolean {
  for (let i = 0; i < MLKEM_COEFFICIENT_BYTES; i += 3) {
    const [low, middle, high] = [bytes[i]!, bytes[i + 1]!, bytes[i + 2]!]
    if ((((middle & 0x0f) << 8) | low) >= MLKEM_MODULUS || ((high << 4) | (middle >> 4)) >= MLKEM_MODULUS) return false
  }
  return true
}

function isSmallOrder(bytes: Uint8Array): boolean {
  const u = bytes.slice(MLKEM_PUBLIC_KEY_BYTES)
  u[31]! &= 0x7f
  return SMALL_ORDER_U.some(small => equalBytes(u, small))
}
