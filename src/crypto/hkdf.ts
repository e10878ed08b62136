import { createHmac, createSecretKey, hash } from 'node:crypto'
import { concat } from '../base/bytes.ts'
import { writeLatin1 } from './latin1.ts'
import { nativeSha256 } from './native.ts'

/** HMAC-SHA256 (RFC 2104) and HKDF (RFC 5869). A key is derived per message, so the short case is the hot one. */

const BLOCK_BYTES = 64
const HASH_BYTES = 32
const SHORT_BYTES_MAX = 4096
const EXPAND_BYTES_MAX = 255 * HASH_BYTES
const FIRST_BLOCK = Uint8Array.of(1)

/** Reused, because an array over 64 bytes is allocated off the heap, which costs more than the hashing. */
const inner = new Uint8Array(BLOCK_BYTES + SHORT_BYTES_MAX)
const outer = new Uint8Array(BLOCK_BYTES + HASH_BYTES)

/** HMAC-SHA256 over the concatenation of `parts`, 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  return key.length <= BLOCK_BYTES && length <= SHORT_BYTES_MAX ? hmacShort(key, parts) : hmacLong(key, parts)
}

/** HKDF-Extract with SHA-256; an empty salt is 32 zero bytes, as in the RFC. */
export function hkdfExtract(salt: Uint8Array, inputKey: Uint8Array): Uint8Array {
  return hmacSha256(salt, inputKey)
}

/** HKDF-Expand with SHA-256; `info` is the concatenation of its parts, `length` at most 8,160 bytes. */
export function hkdfExpand(key: Uint8Array, info: readonly Uint8Array[], length: number): Uint8Array {
  if (length > EXPAND_BYTES_MAX) throw new RangeError(`HKDF gives at most ${EXPAND_BYTES_MAX} bytes`)
  const first = hmacSha256(key, ...info, FIRST_BLOCK)
  if (length === HASH_BYTES) return first
  const blocks = [first]
  for (let i = 2; blocks.length * HASH_BYTES < length; i++) {
    blocks.push(hmacSha256(key, blocks.at(-1)!, ...info, Uint8Array.of(i)))
  }
  return concat(...blocks).slice(0, length)
}

function hmacShort(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  inner.fill(0x36, key.length, BLOCK_BYTES)
  outer.fill(0x5c, key.length, BLOCK_BYTES)
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  let end = BLOCK_BYTES
  for (const part of parts) {
    inner.set(part, end)
    end += part.length
  }
  writeLatin1(hash('sha256', inner.subarray(0, end), 'binary'), outer, BLOCK_BYTES)
  return nativeSha256(outer)
}

function hmacLong(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  // A KeyObject: a raw key costs createHmac several times as much.
  const mac = createHmac('sha256', createSecretKey(key))
  for (const part of parts) mac.update(part)
  const out = new Uint8Array(HASH_BYTES)
  writeLatin1(mac.digest('binary'), out, 0)
  return out
}
