import type { NationId } from '../base/ids.ts'
import { type Claim, claimKey, compareText, resolveAssertions, type ShownClaim } from './assertion.ts'
import type { TypedValue } from './canonical.ts'
import { type MarkingFields, mostRestrictive } from './marking.ts'

/** What all nations together say of one value. Times in milliseconds since the Unix epoch, 0 where unsaid. */
export interface Indicator extends TypedValue {
  /** Ascending by nation and id; each keeps its own marking. Never empty. */
  readonly claims: readonly ShownClaim[]
  /** Second assertions of an id that is shown: held so that merging on gives the same. */
  readonly shadowed: readonly Claim[]
  /** A nation contradicts itself under one id. */
  readonly conflict: boolean
  readonly nations: readonly NationId[]
  /** For handling the whole: a single claim may be freer. */
  readonly marking: MarkingFields
  /** 0 to 100, the highest of the claims that give one. */
  readonly confidence: number | undefined
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** Of the earliest and the latest entry. */
  readonly firstClaimedMs: number
  readonly lastClaimedMs: number
  readonly validFromMs: number
  /** 0: at least one claim has no end. */
  readonly validUntilMs: number
  readonly labels: readonly string[]
  readonly sources: readonly string[]
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Merges the claims on one (type, value); `withdrawn` holds `claimKey`s, which never show. Undefined where nothing is
 * left. A function of the set of claims, whatever their order and repetition, so that merging what was merged with more
 * gives what merging all at once gives. Readers who may see fewer claims get the merge of those, a live
 * feed the merge of those that are no exercise.
 */
export function mergeClaims(claims: readonly Claim[], withdrawn: ReadonlySet<string> = NONE): Indicator | undefined {
  const standing = withdrawn.size === 0 ? claims : claims.filter(claim => !isWithdrawn(claim, withdrawn))
  const { shown, shadowed } = resolveAssertions(standing)
  const first = shown[0]
  if (first === undefined) return undefined
  return {
    type: first.type,
    value: first.value,
    claims: shown,
    shadowed,
    conflict: shadowed.length > 0,
    nations: [...new Set(shown.map(claim => claim.nation))],
    marking: mostRestrictive(shown.map(claim => claim.marking)),
    confidence: highestConfidence(shown),
    firstSeenMs: earliest(shown.map(({ claim }) => claim.firstSeenMs || claim.lastSeenMs)),
    lastSeenMs: latest(shown.map(({ claim }) => claim.lastSeenMs || claim.firstSeenMs)),
    firstClaimedMs: earliest(shown.map(claim => claim.timeMs)),
    lastClaimedMs: latest(shown.map(claim => claim.timeMs)),
    validFromMs: earliest(shown.map(({ claim, timeMs }) => claim.validFromMs || timeMs)),
    validUntilMs: shown.some(({ claim }) => claim.validUntilMs === 0)
      ? 0
      : latest(shown.map(({ claim }) => claim.validUntilMs)),
    labels: union(shown.map(({ claim }) => claim.labels)),
    sources: union(shown.map(({ claim }) => (claim.source === '' ? [] : [claim.source]))),
  }
}

function isWithdrawn(claim: Claim, withdrawn: ReadonlySet<string>): boolean {
  return withdrawn.has(claimKey(claim.nation, claim.claim.id))
}

function highestConfidence(claims: readonly Claim[]): number | undefined {
  const highest = latest(claims.map(({ claim }) => claim.confidencePlus1))
  return highest === 0 ? undefined : highest - 1
}

/** The least that is not 0, or 0. */
function earliest(times: readonly number[]): number {
  let least = 0
  for (const time of times) if (time !== 0 && (least === 0 || time < least)) least = time
  return least
}

function latest(times: readonly number[]): number {
  let greatest = 0
  for (const time of times) if (time > greatest) greatest = time
  return greatest
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort(compareText)
}
