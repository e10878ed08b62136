import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { type Claim, claimKey } from './assertion.ts'
import { type Corroboration, corroborate } from './corroboration.ts'
import { validityAt } from './expiry.ts'
import type { ParsedItem } from './item.ts'
import type { Tlp } from './marking.ts'
import { OPINION, opinionName } from './remark.ts'
import { CONFIDENCE_UNSAID, decayOf, type Rating, type ScorePolicy, trustIn } from './score-policy.ts'

/** What is known of one indicator: what one reader sees of it, and nothing else has a part in its score. */
export interface Evidence {
  readonly claims: readonly Claim[]
  readonly sightings: readonly Sighted[]
  readonly opinions: readonly Judged[]
}

interface Said {
  readonly nation: NationId
  /** Of the entry. */
  readonly timeMs: number
  readonly tlp: Tlp
}

export type Sighted = Said & Pick<Extract<ParsedItem, { kind: 'sighting' }>, 'sighting'>
export type Judged = Said & Pick<Extract<ParsedItem, { kind: 'opinion' }>, 'opinion'>

/** How one claim fares; each of `steps` is one factor, as a sentence. */
export interface ClaimScore {
  readonly claim: Claim
  /** 0 to 100, not rounded. */
  readonly score: number
  readonly steps: readonly string[]
}

export interface Score {
  /** 0 to 100, whole. */
  readonly score: number
  readonly claims: readonly ClaimScore[]
  readonly corroboration: Corroboration<Claim>
  /** How the claims add up, a sentence each. */
  readonly steps: readonly string[]
}

const DAY_MS = 86_400_000
const WHOLE = 100

/**
 * The score of an indicator at a time, from 0 to 100. Of each valid claim: confidence × trust in who says it × what is
 * left of its lifetime × what opinions leave of it. The decay is the one that MISP documents, `1 - (t/τ)^(1/δ)`, and each
 * sighting sets t back. The best claim of each origin counts, and independent origins add up as `1 - Π(1 - s)`: relaying
 * adds nothing, and neither do further sources that one nation alone tells of. A function of the set of what is said.
 */
export function scoreOf(evidence: Evidence, policy: ScorePolicy, nowMs: number): Score {
  const seenMs = lastSeen(evidence.sightings, policy, nowMs)
  const opinions = standingOpinions(evidence.opinions)
  const claims = evidence.claims.map(claim => claimScore(claim, { seenMs, opinions, policy, nowMs }))
  const corroboration = corroborate(evidence.claims)
  const byClaim = new Map(claims.map(each => [each.claim, each.score]))
  const voices = new Map<string, number>()
  let unsaid = 0
  const steps: string[] = []
  for (const { kind, name, claims, voice } of corroboration.origins) {
    const best = Math.max(...claims.map(claim => byClaim.get(claim) ?? 0))
    if (kind === 'unsaid') unsaid = Math.max(unsaid, best)
    else voices.set(voice, Math.max(voices.get(voice) ?? 0, best))
    steps.push(`${ORIGINS[kind]} ${name}: ${rounded(best)}, the best of ${counted(claims.length, 'claim')}`)
  }
  const missed = [...voices.values()].reduce((product, best) => product * (1 - best / WHOLE), 1)
  const score = Math.max(WHOLE * (1 - missed), unsaid)
  const many = corroboration.independent > 1
  const sum = many ? ', which independent origins make together' : ''
  return { score: Math.round(score), claims, corroboration, steps: [...steps, `score ${Math.round(score)}${sum}`] }
}

const ORIGINS = { observed: 'observed by', source: 'relayed from', unsaid: 'of unsaid origin, by' } as const

interface Setting {
  /** 0: never. */
  readonly seenMs: number
  readonly opinions: readonly Judged[]
  readonly policy: ScorePolicy
  readonly nowMs: number
}

function claimScore(claim: Claim, { seenMs, opinions, policy, nowMs }: Setting): ClaimScore {
  const validity = validityAt(claim, nowMs)
  if (validity !== 'valid') {
    const { validFromMs, validUntilMs } = claim.claim
    const when =
      validity === 'expired' ? `expired ${dateText(validUntilMs)}` : `not valid before ${dateText(validFromMs)}`
    return { claim, score: 0, steps: [`its author says that it is ${when}: 0`] }
  }
  const confidence = confidenceStep(claim)
  const trust = trustStep(trustIn(policy, claim.nation, claim.claim.source))
  const decay = decayStep(claim, seenMs, policy, nowMs)
  const opinion = opinionStep(claim, opinions, policy)
  const score = confidence.factor * trust.factor * decay.factor * opinion.factor * WHOLE
  return { claim, score, steps: [confidence, trust, decay, opinion].flatMap(({ text }) => text || []) }
}

interface Step {
  /** 0 to 1. */
  readonly factor: number
  /** Empty where there is nothing to tell. */
  readonly text: string
}

function confidenceStep({ claim }: Claim): Step {
  const said = claim.confidencePlus1 > 0
  const confidence = said ? claim.confidencePlus1 - 1 : CONFIDENCE_UNSAID
  return { factor: confidence / WHOLE, text: `confidence ${confidence}${said ? '' : ', as its author says none'}` }
}

function trustStep({ factor, rating, about }: Rating): Step {
  return { factor, text: rating === '' ? '' : `× ${rounded(factor)}: ${about} is rated ${rating}` }
}

function decayStep(claim: Claim, seenMs: number, policy: ScorePolicy, nowMs: number): Step {
  const decay = decayOf(policy, claim.type)
  if (decay === undefined) return { factor: 1, text: `no decay for ${claim.type}` }
  const said = Math.min(Math.max(claim.claim.lastSeenMs, claim.timeMs), nowMs)
  const fromMs = Math.max(said, seenMs)
  const days = (nowMs - fromMs) / DAY_MS
  const left = Math.max(0, 1 - Math.min(1, days / decay.lifetimeDays) ** (1 / decay.speed))
  const since = seenMs > said ? 'it was last sighted' : 'its author told of it'
  const form = `lifetime ${decay.lifetimeDays} days, speed ${decay.speed}`
  return { factor: left, text: `× ${rounded(left)}: ${rounded(days)} days since ${since} (${claim.type}: ${form})` }
}

/** Each nation's word weighs as much as the trust in it. */
function opinionStep(claim: Claim, opinions: readonly Judged[], policy: ScorePolicy): Step {
  const about = opinions.filter(({ opinion }) => isAbout(opinion, claim))
  let agrees = 0
  let against = 0
  for (const { nation, opinion } of about) {
    const weight = trustIn(policy, nation, '').factor
    if (opinion.opinion === OPINION.agree) agrees += weight
    else against += weight
  }
  if (about.length === 0) return { factor: 1, text: '' }
  const factor = (1 + agrees) / (1 + agrees + against)
  const who = about.map(({ nation, opinion }) => `${nation} says ${opinionName(opinion.opinion)}`).join(', ')
  return { factor, text: `× ${rounded(factor)}: ${who}` }
}

/** No claim is named: all of them are meant. */
function isAbout(opinion: Judged['opinion'], claim: Claim): boolean {
  if (opinion.nation === '' && opinion.claimId.length === 0) return true
  return claimKey(opinion.nation as NationId, opinion.claimId) === claimKey(claim.nation, claim.claim.id)
}

/** The last that each nation thinks of each claim, or of the indicator as such. */
export function standingOpinions(opinions: readonly Judged[]): readonly Judged[] {
  const standing = new Map<string, Judged>()
  for (const each of opinions) {
    const key = `${each.nation} ${each.opinion.nation} ${toHex(each.opinion.claimId)}`
    const other = standing.get(key)
    if (other === undefined || isLater(each, other)) standing.set(key, each)
  }
  return [...standing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

function isLater(a: Judged, b: Judged): boolean {
  return a.timeMs > b.timeMs || (a.timeMs === b.timeMs && toHex(a.opinion.id) < toHex(b.opinion.id))
}

/**
 * When it was last seen by what sightings of nations with any trust say, none of which saw it after it was published or
 * in the future; 0: never.
 */
function lastSeen(sightings: readonly Sighted[], policy: ScorePolicy, nowMs: number): number {
  let lastMs = 0
  for (const { nation, sighting, timeMs } of sightings) {
    if (trustIn(policy, nation, sighting.source).factor === 0) continue
    lastMs = Math.max(lastMs, Math.min(sighting.lastSeenMs || sighting.firstSeenMs || timeMs, timeMs, nowMs))
  }
  return lastMs
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`
}

function dateText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
