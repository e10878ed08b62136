import { ed25519 } from '@noble/curves/ed25519.js'
import { toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { ED25519_KEY_BYTES, isCanonicalPoint } from './ed25519-encoding.ts'

declare const brand: unique symbol
/** 32 bytes: the canonical encoding of a point of prime order. */
export type Ed25519PublicKey = Uint8Array & { readonly [brand]: 'Ed25519PublicKey' }

/**
 * The admission check of, made once per key: canonical and of prime order. Stricter than the predicate of,
 * which lets a key with a small-order component pass. Throws `key-invalid`.
 */
export function parseEd25519PublicKey(bytes: Uint8Array): Ed25519PublicKey {
  if (bytes.length !== ED25519_KEY_BYTES) throw invalid(`is ${bytes.length} bytes instead of ${ED25519_KEY_BYTES}`)
  if (!isCanonicalPoint(bytes)) throw invalid('is not in canonical form')
  const point = decodePoint(bytes)
  if (point === undefined) throw invalid('is no point of the curve')
  if (point.is0() || !point.isTorsionFree()) throw invalid('is not of prime order', bytes)
  return bytes as Ed25519PublicKey
}

function decodePoint(bytes: Uint8Array) {
  try {
    return ed25519.Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}

function invalid(fault: string, bytes?: Uint8Array): ProtocolError {
  return new ProtocolError('key-invalid', `the Ed25519 public key ${fault}`, {
    ...(bytes && { data: { publicKey: toHex(bytes) } }),
  })
}
