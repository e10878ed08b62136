import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat, equalBytes } from '../base/bytes.ts'
import { isSoundEncoding } from './ed25519-encoding.ts'

const { Point } = ed25519

/**
 * The predicate of R-2.3 without node: for browsers, and the second opinion on `ed25519.ts` in the tests. Computes
 * R' = sB - kA and compares bytes, because noble's own `verify` multiplies by the cofactor.
 */
export function verifyEd25519Portable(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isSoundEncoding(publicKey, signature)) return false
  const keyPoint = decodePoint(publicKey)
  if (keyPoint === undefined) return false
  const encodedR = signature.subarray(0, 32)
  const k = Point.Fn.create(littleEndian(sha512(concat(encodedR, publicKey, message))))
  const s = littleEndian(signature.subarray(32))
  const computedR = Point.BASE.multiplyUnsafe(s).subtract(keyPoint.multiplyUnsafe(k))
  return equalBytes(computedR.toBytes(), encodedR)
}

function decodePoint(bytes: Uint8Array) {
  try {
    return Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}
