import { toHex } from '../../base/bytes.ts'
import { type LogIdHex, logIdHex, type NationId } from '../../base/ids.ts'
import type { Claim } from '../../indicator/assertion.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { corroborationText } from '../../indicator/corroboration.ts'
import { isLive, validityAt } from '../../indicator/expiry.ts'
import { indicatorId, indicatorIdText } from '../../indicator/indicator-id.ts'
import { parseItem } from '../../indicator/item.ts'
import { papName, tlpName } from '../../indicator/marking.ts'
import { mergeClaims } from '../../indicator/merge.ts'
import { OPINION } from '../../indicator/remark.ts'
import { type Evidence, type Score, scoreOf, standingOpinions } from '../../indicator/score.ts'
import type { ScorePolicy } from '../../indicator/score-policy.ts'
import type { WarningHit } from '../../policy/warninglists.ts'
import type { StoredIndicator, StoredItem } from '../../store/store.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { ClaimView, IndicatorState, IndicatorView, NationStatus } from './indicator-reading.ts'
import { opinionView, remarksOn, sightingView, withdrawnView } from './remark-views.ts'

/** What is said of an indicator beside what nations say of it. */
export interface Scoring {
  policy(): ScorePolicy
  nowMs(): number
  /** On which warninglists a canonical value is; its score is what nations say of it, whatever lists it is on. */
  warnings(typed: TypedValue): readonly WarningHit[]
}

/**
 * One indicator as people and programs read it, merged from the claims that stand, or from those that were
 * withdrawn where none does. `explained`: with how its score comes about.
 */
export function indicatorView(
  stored: StoredIndicator,
  viewOfClaim: (item: StoredItem, claim?: Claim) => ClaimView,
  scoring: Scoring,
  explained = false,
): IndicatorView | null {
  const claims = stored.claims.map(claimOf)
  const merged = mergeClaims(claims) ?? mergeClaims(stored.withdrawn.map(({ claim }) => claimOf(claim)))
  if (merged === undefined) return null
  const evidence = { claims, ...remarksOn(stored) }
  const nowMs = scoring.nowMs()
  const score = scoreOf(evidence, scoring.policy(), nowMs)
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
    state: stateOf(evidence, nowMs),
    score: score.score,
    origins: score.corroboration.independent,
    corroboration: corroborationText(score.corroboration),
    warnings: scoring.warnings(merged),
    claims: stored.claims.map((item, i) => viewOfClaim(item, claims[i])),
    sightings: evidence.sightings.map(sightingView),
    opinions: standingOpinions(evidence.opinions).map(opinionView),
    withdrawn: stored.withdrawn.map(withdrawn => withdrawnView(withdrawn, viewOfClaim)),
    ...(explained && { explanation: explanationOf(score) }),
  }
}

function stateOf({ claims, opinions }: Evidence, nowMs: number): IndicatorState {
  if (claims.length === 0) return 'withdrawn'
  if (!isLive({ claims }, nowMs)) {
    return claims.every(claim => validityAt(claim, nowMs) === 'expired') ? 'expired' : 'pending'
  }
  const isDisputed = standingOpinions(opinions).some(({ opinion }) => opinion.opinion === OPINION['false-positive'])
  return isDisputed ? 'disputed' : 'active'
}

function explanationOf({ claims, steps }: Score): readonly string[] {
  const ofClaims = claims.map(({ claim, score, steps }) => {
    const left = Math.round(score * 100) / 100
    return `claim ${toHex(claim.claim.id).slice(0, 8)} of ${claim.nation}: ${steps.join(' ')} = ${left}`
  })
  return [...ofClaims, ...steps]
}

const LINEAGES = ['', 'observed', 'relayed'] as const

function claimOf(item: StoredItem): Claim {
  const parsed = parseItem(decodeStrict(Item, item.item, BODY_BYTES_MAX))
  if (parsed.kind !== 'indicator') throw new TypeError('the view holds a claim that is none')
  const first = item.entries[0]
  const log = first === undefined ? ('' as LogIdHex) : logIdHex(first.logId)
  const ref = { log, seq: first?.seq ?? 0, index: 0 }
  return { ...parsed, nation: item.nation, ref, timeMs: item.timeMs, itemHash: item.hash }
}

/** `parsed`: the claim of the item, where it is known. */
export function claimView(
  item: StoredItem,
  statusOf: (nation: NationId) => NationStatus,
  parsed: Claim = claimOf(item),
): ClaimView {
  const { claim, marking, ref, nation, timeMs } = parsed
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
    lineage: LINEAGES[claim.lineage] ?? '',
    conflict: item.conflict,
  }
}
