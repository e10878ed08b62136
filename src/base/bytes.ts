/** Byte-string helpers shared by every layer. Integers are big-endian, as everywhere in signed or hashed strings. */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

/** What a machine's own routines may do faster, with the same results. */
export interface NativeBytes {
  equal(a: Uint8Array, b: Uint8Array): boolean
  hex(bytes: Uint8Array): string
}

let native: NativeBytes | undefined

/** The portable routines serve until the daemon installs the machine's own (`crypto/native.ts`). */
export function useNativeBytes(routines: NativeBytes): void {
  native = routines
}

/** From this many bytes on the native comparison is worth its call. */
const NATIVE_BYTES_MIN = 64

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const EMPTY: Uint8Array = new Uint8Array(0)

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Decodes UTF-8; throws `TypeError` on malformed input. */
export function fromUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value)
}

export function u32be(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** Eight bytes, big-endian, of a non-negative safe integer. */
export function u64be(value: number): Uint8Array {
  const out = new Uint8Array(8)
  const high = Math.floor(value / 0x1_0000_0000)
  out[0] = high >>> 24
  out[1] = high >>> 16
  out[2] = high >>> 8
  out[3] = high
  out[4] = value >>> 24
  out[5] = value >>> 16
  out[6] = value >>> 8
  out[7] = value
  return out
}

/** Reads eight big-endian bytes at `offset`; the value must be a safe integer. */
export function readU64be(bytes: Uint8Array, offset = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4)
}

export function readU32be(bytes: Uint8Array, offset = 0): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  if (native !== undefined && a.length >= NATIVE_BYTES_MIN) return native.equal(a, b)
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order of unsigned bytes: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return native === undefined ? bytesToHex(bytes) : native.hex(bytes)
}

/** Parses lower- or upper-case hex; throws on anything else. */
export const fromHex: (text: string) => Uint8Array = hexToBytes

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Parses canonical, padded base64; throws `SyntaxError` on anything else. */
export function fromBase64(text: string): Uint8Array {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    throw new SyntaxError('not base64')
  }
  const out = Uint8Array.from(binary, char => char.charCodeAt(0))
  if (toBase64(out) !== text) throw new SyntaxError('not canonical base64')
  return out
}
