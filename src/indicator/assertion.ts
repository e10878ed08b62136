import { compareBytes, toHex } from '../base/bytes.ts'
import type { Hash, LogIdHex, NationId } from '../base/ids.ts'
import type { ParsedIndicator } from './item.ts'

/** Where an item stands: its entry, and its place in the batch. */
export interface ItemRef {
  readonly log: LogIdHex
  readonly seq: number
  readonly index: number
}

/** A parsed claim with its author and place. (nation, claim.id) names it, R-4.1. */
export interface Claim extends ParsedIndicator {
  readonly nation: NationId
  readonly ref: ItemRef
  /** Of the entry. */
  readonly timeMs: number
  readonly itemHash: Hash
}

/** What stands of the claims of one id or of many. */
export interface Assertions {
  /** One for each (nation, id), in that order. */
  readonly shown: readonly ShownClaim[]
  /** Other assertions of the same ids: held, not shown. */
  readonly shadowed: readonly Claim[]
}

export interface ShownClaim extends Claim {
  /** The nation asserted something else under the same id: to be told to people. */
  readonly conflict: boolean
}

/** A map key for (nation, claim id): a nation id holds no slash. */
export function claimKey(nation: NationId, id: Uint8Array): string {
  return `${nation}/${toHex(id)}`
}

/**
 * Of several assertions of one (nation, id) the one with the lesser item hash shows; of the same item published twice
 * the earliest does. A function of the set: order and repetition of `claims` change nothing. All claims of an id must
 * be given together, those on another value too.
 */
export function resolveAssertions(claims: readonly Claim[]): Assertions {
  const shown: ShownClaim[] = []
  const shadowed: Claim[] = []
  let previous: Claim | undefined
  for (const claim of [...claims].sort(compareClaims)) {
    if (previous === undefined || !isSameClaim(previous, claim)) {
      shown.push({ ...claim, conflict: false })
    } else if (compareBytes(previous.itemHash, claim.itemHash) !== 0) {
      shown.push({ ...shown.pop()!, conflict: true })
      shadowed.push(plainClaim(claim))
    }
    previous = claim
  }
  return { shown, shadowed }
}

/** By nation, id, item hash, time and place. */
function compareClaims(a: Claim, b: Claim): number {
  return (
    compareText(a.nation, b.nation) ||
    compareBytes(a.claim.id, b.claim.id) ||
    compareBytes(a.itemHash, b.itemHash) ||
    a.timeMs - b.timeMs ||
    compareText(a.ref.log, b.ref.log) ||
    a.ref.seq - b.ref.seq ||
    a.ref.index - b.ref.index
  )
}

/** By UTF-16 units: the same on every machine, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isSameClaim(a: Claim, b: Claim): boolean {
  return a.nation === b.nation && compareBytes(a.claim.id, b.claim.id) === 0
}

function plainClaim(claim: Claim & { readonly conflict?: boolean }): Claim {
  const { conflict: _, ...plain } = claim
  return plain
}
