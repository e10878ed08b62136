import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat } from '../../src/base/bytes.ts'
import { bytesOf, signerOf } from './chain-fixture.ts'

const ORDER = ed25519.Point.Fn.ORDER

/** A valid signature by `signerOf(name)` with a nonce that is not RFC 8032's: the holder of a key may make many. */
export function signWithOtherNonce(name: string, message: Uint8Array): Uint8Array {
  const { scalar } = ed25519.utils.getExtendedPublicKey(bytesOf(`key ${name}`))
  const nonce = bytesToNumberLE(sha512(concat(bytesOf('nonce'), message))) % ORDER
  const commitment = ed25519.Point.BASE.multiply(nonce).toBytes()
  const challenge = bytesToNumberLE(sha512(concat(commitment, signerOf(name).publicKey, message))) % ORDER
  return concat(commitment, numberToBytesLE((nonce + challenge * scalar) % ORDER, 32))
}

/** The same signature with s + L, which RFC 8032 forbids and lax verifiers accept. */
export function withLargeS(signature: Uint8Array): Uint8Array {
  const s = bytesToNumberLE(signature.subarray(32)) + ORDER
  return concat(signature.subarray(0, 32), numberToBytesLE(s, 32))
}
