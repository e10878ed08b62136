import { equalBytes, isZero, toHex } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import { decodeLoose } from '../wire/codec.ts'
import { AuditRecord } from '../wire/gen/store.ts'
import { AUDIT_KIND, auditHash, NO_RECORD } from './audit-record.ts'

/** A record where it was found. */
export interface AuditLine {
  /** Where it is kept, or which one it is said to be. */
  readonly number: number
  readonly bytes: Uint8Array
}

/** How far a chain goes, or is said to go. */
export interface AuditHead {
  /** Number of the oldest record held. */
  readonly first: number
  /** One more than the number of the newest. */
  readonly next: number
  /** Of record next-1; `NO_RECORD` where there is none. */
  readonly hash: Hash
}

/** What the checks expect of a chain beside itself. */
export interface AuditExpectation {
  /** Where the log is said to end. */
  readonly head?: AuditHead | undefined
  /** Hashes that somebody noted: each must be that of a record. */
  readonly noted?: readonly Hash[]
  /** The chain is looked at from the middle on: nothing has to explain its first record. */
  readonly partial?: boolean
}

export type AuditVerdict =
  | { readonly kind: 'good'; readonly head: AuditHead }
  /** `at` is the first record that does not fit. */
  | { readonly kind: 'broken'; readonly at: number; readonly reason: string }
  | { readonly kind: 'undecided'; readonly reason: string }

export interface AuditCheck {
  /** The next record; what comes after the first break is not looked at. False once the chain is broken. */
  add(line: AuditLine): boolean
  end(): AuditVerdict
}

/** Follows a chain from its oldest record on, recomputing every hash from the bytes. */
export function createAuditCheck(expected: AuditExpectation = {}): AuditCheck {
  const noted = new Set((expected.noted ?? []).map(toHex))
  let first: { readonly number: number; readonly prev: Uint8Array } | undefined
  let next = 0
  let hash = NO_RECORD
  let broken: { readonly at: number; readonly reason: string } | undefined
  /** What the newest truncation says of the beginning. */
  let cut: { readonly first: number; readonly before: Uint8Array } | undefined

  function fault({ number, bytes }: AuditLine): string | undefined {
    const record = decoded(bytes)
    if (record === undefined) return 'it cannot be read as a record'
    if (first !== undefined && number !== next) return `record ${next} is missing`
    if (record.number !== number) return `it says that it is record ${record.number}`
    if (first !== undefined && !equalBytes(record.prev, hash))
      return `it does not continue record ${next - 1}: one of the two was changed`
    if (number === 0 && !isZero(record.prev)) return 'it is the first one and names a record before it'
    first ??= { number, prev: record.prev }
    if (record.kind === AUDIT_KIND.truncated) cut = { first: record.count, before: record.subject }
    return undefined
  }

  function faultAtTheBeginning(): string | undefined {
    if (first === undefined || expected.partial === true) return undefined
    if (expected.head !== undefined && first.number !== expected.head.first) {
      return `the log is said to begin with record ${expected.head.first}, and begins with ${first.number}`
    }
    if (first.number === 0 || cut === undefined) return undefined
    if (cut.first !== first.number) return `records were removed up to ${cut.first}, and the oldest is ${first.number}`
    return equalBytes(cut.before, first.prev) ? undefined : 'it does not continue what was removed before it'
  }

  function faultAtTheEnd({ head }: AuditExpectation): string | undefined {
    if (head === undefined) return undefined
    if (next !== head.next) return `the log is said to end before record ${head.next}, and ends before ${next}`
    if (!equalBytes(hash, head.hash)) return 'the last record is not the one at which the log is said to end'
    return undefined
  }

  return {
    add(line) {
      if (broken !== undefined) return false
      const reason = fault(line)
      if (reason !== undefined) {
        broken = { at: line.number, reason }
        return false
      }
      next = line.number + 1
      hash = auditHash(line.bytes)
      noted.delete(toHex(hash))
      return true
    },
    end() {
      if (broken !== undefined) return { kind: 'broken', ...broken }
      const begin = faultAtTheBeginning()
      if (begin !== undefined) return { kind: 'broken', at: first!.number, reason: begin }
      const end = faultAtTheEnd(expected)
      if (end !== undefined) return { kind: 'broken', at: next, reason: end }
      if (first === undefined) return { kind: 'undecided', reason: 'there is no record' }
      if (first.number > 0 && cut === undefined && expected.partial !== true) {
        return { kind: 'undecided', reason: `it begins with record ${first.number}, and nothing says why` }
      }
      const [missing] = noted
      if (missing === undefined) return { kind: 'good', head: { first: first.number, next, hash } }
      if (first.number > 0) return { kind: 'undecided', reason: `no record held has the hash ${missing}` }
      return { kind: 'broken', at: next, reason: `no record has the hash ${missing}` }
    },
  }
}

/** The verdict on all of `lines`, the oldest first. */
export function checkAuditChain(lines: Iterable<AuditLine>, expected: AuditExpectation = {}): AuditVerdict {
  const check = createAuditCheck(expected)
  for (const line of lines) if (!check.add(line)) break
  return check.end()
}

/** Unknown fields are those of a later version; its records are in the chain all the same. */
function decoded(bytes: Uint8Array): AuditRecord | undefined {
  try {
    return decodeLoose(AuditRecord, bytes, true)
  } catch {
    return undefined
  }
}
