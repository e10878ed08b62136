import { toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { Hash, LogId, LogIdHex } from '../base/ids.ts'
import { logIdHex, parseHash, parseLogId } from '../base/ids.ts'
import type { LogBound } from '../wire/gen/tocsin.ts'
import { LOG_BOUNDS_MAX } from '../wire/limits.ts'
import { assertRange } from '../wire/strict.ts'

/** What registry and nation documents have in common. */

declare const brand: unique symbol
/** 64 lower-case hex characters of a document's hash, for use as a map key. */
export type DocHashHex = string & { readonly [brand]: 'DocHashHex' }

export const DAY_MS = 86_400_000
/** */
const VALIDITY_DAYS_MAX = 400

/** Entries of the log with seq < size stay trusted, on the branch whose Merkle root at that size is `root`. */
export interface Bound {
  readonly logId: LogId
  readonly size: number
  readonly root: Hash
}

export function docHashHex(hash: Hash): DocHashHex {
  return toHex(hash) as DocHashHex
}

export function parseBounds(bounds: readonly LogBound[]): ReadonlyMap<LogIdHex, Bound> {
  assertCount(bounds, 0, LOG_BOUNDS_MAX, 'log bounds')
  const parsed = new Map<LogIdHex, Bound>()
  for (const bound of bounds) {
    const logId = parseLogId(bound.logId)
    parsed.set(logIdHex(logId), { logId, size: bound.size, root: parseHash(bound.root, 'root of a log bound') })
  }
  if (parsed.size !== bounds.length) throw new ProtocolError('wire-field-range', 'two bounds are for one log')
  return parsed
}

export function assertCount(list: readonly unknown[], min: number, max: number, what: string): void {
  assertRange(list.length, min, max, `the number of ${what}`)
}

/** Version 1 has no predecessor, every other has one. */
export function parsePrevHash(version: number, prevHash: Uint8Array): Hash | undefined {
  assertRange(version, 1, Number.MAX_SAFE_INTEGER, 'version')
  if (version > 1) return parseHash(prevHash, 'prev_hash')
  if (prevHash.length !== 0) throw new ProtocolError('wire-field-length', 'version 1 has no prev_hash')
  return undefined
}

export function assertPeriod(issuedMs: number, expiresMs: number): void {
  if (expiresMs <= issuedMs || expiresMs - issuedMs > VALIDITY_DAYS_MAX * DAY_MS) {
    throw new ProtocolError('doc-period', `a document is valid for more than 0 and at most ${VALIDITY_DAYS_MAX} days`)
  }
}

/** Repeated integers in ascending order, each once: one set has one encoding. */
export function assertAscending(values: readonly number[], min: number, max: number, what: string): void {
  values.forEach((value, i) => {
    assertRange(value, i === 0 ? min : values[i - 1]! + 1, max, what)
  })
}
