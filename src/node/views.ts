import { toHex } from '../base/bytes.ts'
import { type LogIdHex, logIdHex, type NationId } from '../base/ids.ts'
import type { Claim } from '../indicator/assertion.ts'
import { indicatorId, indicatorIdText } from '../indicator/indicator-id.ts'
import { parseItem } from '../indicator/item.ts'
import { papName, tlpName } from '../indicator/marking.ts'
import { mergeClaims } from '../indicator/merge.ts'
import type { StoredIndicator, StoredItem } from '../store/store.ts'
import { Item } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import type { ClaimView, IndicatorView, NationStatus } from './indicator-reading.ts'

/** One indicator as people and programs read it, merged from the claims that stand. */
export function indicatorView(
  stored: StoredIndicator,
  viewOfClaim: (item: StoredItem) => ClaimView,
): IndicatorView | null {
  const merged = mergeClaims(stored.claims.map(claimOf))
  if (merged === undefined) return null
  return {
    id: indicatorIdText(indicatorId(merged)),
    type: merged.type,
    value: merged.value,
    nations: merged.nations,
    tlp: tlpName(merged.marking.tlp),
    confidence: merged.confidence ?? null,
    firstSeenMs: merged.firstSeenMs,
    lastSeenMs: merged.lastSeenMs,
    validUntilMs: merged.validUntilMs,
    labels: merged.labels,
    claims: stored.claims.map(viewOfClaim),
  }
}

function claimOf(item: StoredItem): Claim {
  const parsed = parseItem(decodeStrict(Item, item.item, BODY_BYTES_MAX))
  if (parsed.kind !== 'indicator') throw new TypeError('the view holds a claim that is none')
  const first = item.entries[0]
  const log = first === undefined ? ('' as LogIdHex) : logIdHex(first.logId)
  const ref = { log, seq: first?.seq ?? 0, index: 0 }
  return { ...parsed, nation: item.nation, ref, timeMs: item.timeMs, itemHash: item.hash }
}

export function claimView(item: StoredItem, statusOf: (nation: NationId) => NationStatus): ClaimView {
  const { claim, marking, ref, nation, timeMs } = claimOf(item)
  return {
    id: toHex(item.id),
    nation,
    nationStatus: statusOf(nation),
    tlp: tlpName(marking.tlp),
    pap: papName(marking.pap),
    exercise: marking.exercise,
    confidence: claim.confidencePlus1 === 0 ? null : claim.confidencePlus1 - 1,
    entry: `${ref.log}/${ref.seq}`,
    publishedMs: timeMs,
    validFromMs: claim.validFromMs,
    validUntilMs: claim.validUntilMs,
    firstSeenMs: claim.firstSeenMs,
    lastSeenMs: claim.lastSeenMs,
    original: claim.original,
    name: claim.name,
    description: claim.description,
    labels: claim.labels,
    references: claim.references,
    source: claim.source,
    sourceId: claim.sourceId,
    conflict: item.conflict,
  }
}
