import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type Codec, decodeLoose, encode } from './codec.ts'

/**
 * Decodes untrusted bytes: cap, decode, re-encode, compare. Byte fields are views into `bytes`.
 * Throws ProtocolError `wire-too-large`, `wire-undecodable` or `wire-not-canonical`.
 */
export function decodeStrict<T>(codec: Codec<T>, bytes: Uint8Array, bytesMax: number): T {
  if (bytes.length > bytesMax) {
    throw new ProtocolError('wire-too-large', `${codec.name} of ${bytes.length} bytes; at most ${bytesMax} are allowed`)
  }
  let message: T
  try {
    message = decodeLoose(codec, bytes, false)
  } catch (cause) {
    throw new ProtocolError('wire-undecodable', `${codec.name} cannot be decoded: ${reasonOf(cause)}`, { cause })
  }
  if (!equalBytes(encode(codec, message), bytes)) {
    throw new ProtocolError('wire-not-canonical', `${codec.name} is not in canonical form`)
  }
  return message
}

export function assertLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) {
    throw new ProtocolError('wire-field-length', `${what} is ${bytes.length} bytes instead of ${length}`)
  }
}

/** Whole or empty. */
export function assertLengthOrEmpty(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== 0) assertLength(bytes, length, what)
}

export function assertRange(value: number, min: number, max: number, what: string): void {
  if (value < min || value > max) {
    throw new ProtocolError('wire-field-range', `${what} is ${value}; allowed are ${min} to ${max}`)
  }
}

/** Counts UTF-16 units, which is what bounds memory; control characters other than tab and newlines are refused. */
export function assertText(text: string, lengthMax: number, what: string): void {
  if (text.length > lengthMax) {
    throw new ProtocolError('wire-text', `${what} has ${text.length} characters; at most ${lengthMax} are allowed`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) {
    throw new ProtocolError('wire-text', `${what} contains control characters`)
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
