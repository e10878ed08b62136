import { utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import {
  type AllianceId,
  type LogIdHex,
  logIdHex,
  type NationId,
  parseAllianceId,
  parseLogId,
  parseNationId,
} from '../../src/base/ids.ts'
import type { Claim } from '../../src/indicator/assertion.ts'
import { buildClaim, type ClaimContext, type ClaimDraft, encodeClaimItem } from '../../src/indicator/claim.ts'
import { itemHash, parseItem } from '../../src/indicator/item.ts'
import type { IndicatorClaim } from '../../src/wire/gen/tocsin.ts'

const ALLIANCE: AllianceId = parseAllianceId(sha256(utf8('an alliance')))

export function context(over: Partial<ClaimContext> = {}): ClaimContext {
  return { allianceId: ALLIANCE, nation: parseNationId('AAA'), defaultTlp: 2, assertion: 0, ...over }
}

export interface ClaimPlace {
  readonly nation?: string
  readonly timeMs?: number
  readonly seq?: number
  readonly index?: number
}

/** A claim as a node holds it after the whole way: built, encoded, parsed. */
export function claimFrom(
  draft: Partial<ClaimDraft>,
  place: ClaimPlace = {},
  over: Partial<IndicatorClaim> = {},
): Claim {
  const nation: NationId = parseNationId(place.nation ?? 'AAA')
  const built = buildClaim({ type: 'domain', value: 'evil.example', ...draft }, context({ nation }))
  const item = encodeClaimItem({ ...built, ...over })
  const parsed = parseItem(item)
  if (parsed.kind !== 'indicator') throw new Error('not an indicator')
  const ref = { log: logOf(nation), seq: place.seq ?? 1, index: place.index ?? 0 }
  return { ...parsed, nation, ref, timeMs: place.timeMs ?? 1_000, itemHash: itemHash(item) }
}

function logOf(nation: string): LogIdHex {
  return logIdHex(parseLogId(sha256(utf8(nation))))
}
