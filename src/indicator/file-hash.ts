import { invalidValue, quoted } from './invalid.ts'

export interface HashKind {
  readonly type: 'md5' | 'sha1' | 'sha256' | 'sha512'
  /** In hexadecimal digits. */
  readonly length: number
}

const HASH_KINDS: readonly HashKind[] = [
  { type: 'md5', length: 32 },
  { type: 'sha1', length: 40 },
  { type: 'sha256', length: 64 },
  { type: 'sha512', length: 128 },
]

const HEX = /^[0-9A-Fa-f]+$/

/** A canonicaliser: as many hexadecimal digits as the algorithm gives, in lower case. */
export function canonicalHash(length: number): (text: string) => string {
  return text => {
    if (text.length !== length) {
      throw invalidValue(`${quoted(text)} has ${text.length} characters; this hash has ${length}`)
    }
    if (!HEX.test(text)) throw invalidValue(`${quoted(text)}: a hash is written in hexadecimal digits`)
    return text.toLowerCase()
  }
}

/** The algorithm whose output is as long as `text`, if that is hexadecimal. */
export function hashKindOf(text: string): HashKind | undefined {
  const kind = HASH_KINDS.find(candidate => candidate.length === text.length)
  return kind !== undefined && HEX.test(text) ? kind : undefined
}
