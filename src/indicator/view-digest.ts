import { sha256 } from '@noble/hashes/sha2.js'
import { compareBytes, concat, EMPTY, utf8 } from '../base/bytes.ts'
import { StoreError } from '../base/errors.ts'
import type { Hash, NationId } from '../base/ids.ts'
import { parseHash } from '../base/ids.ts'
import type { TypedValue } from './canonical.ts'

export interface DigestedClaim extends TypedValue {
  readonly nation: NationId
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly itemHash: Hash
}

/**
 * `type 00 value 00 nation 00 id item_hash`: no text holds a zero byte, so a line reads in one way only, and lines
 * ascend as bytes where the claims ascend by these fields.
 */
export function digestLine(claim: DigestedClaim): Uint8Array {
  return concat(utf8(`${claim.type}\0${claim.value}\0${claim.nation}\0`), claim.id, claim.itemHash)
}

/** Accumulates the digest of a view: equal where two nodes hold the same claims. */
export interface ViewDigest {
  /** Lines in ascending order; a repeated line counts once. Throws StoreError `internal` where the order is broken. */
  add(line: Uint8Array): void
  /** 32 bytes; may be asked for once. */
  digest(): Hash
}

/** `SHA256("tocsin/view/v1\0" || line || line ...)`. */
export function createViewDigest(): ViewDigest {
  const hash = sha256.create().update(utf8('tocsin/view/v1\0'))
  let last: Uint8Array = EMPTY
  return {
    add(line) {
      const order = compareBytes(last, line)
      if (order > 0) throw new StoreError('internal', 'claims for the view digest are not in ascending order')
      if (order < 0) hash.update(line)
      last = line
    },
    digest: () => parseHash(hash.digest()),
  }
}
