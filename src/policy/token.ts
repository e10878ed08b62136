import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import type { Hash } from '../base/ids.ts'

/** What a program shows to be let read. Only its hash is kept. */

const PREFIX = 'tocsin_'
const SECRET_BYTES = 32
const FORM = /^tocsin_[A-Za-z0-9_-]{43}$/

/** `tocsin_` and base64url of 32 random bytes. */
export function tokenText(secret: Uint8Array): string {
  if (secret.length !== SECRET_BYTES) throw new RangeError('a token holds 32 bytes')
  return `${PREFIX}${Buffer.from(secret).toString('base64url')}`
}

/** Undefined for what cannot be one. */
export function tokenHash(text: string): Hash | undefined {
  return FORM.test(text) ? sha256(utf8(text)) : undefined
}
