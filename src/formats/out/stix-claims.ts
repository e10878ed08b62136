import { compareText } from '../../indicator/assertion.ts'
import type { OpinionKind } from '../../indicator/remark.ts'
import { claimFields } from '../claim-fields.ts'
import type { ExportedClaim, ExportedIndicator, ExportedOpinion, ExportedSighting } from '../exported.ts'
import { phaseOfLabel } from '../kill-chain.ts'
import { EXERCISE_LABEL } from '../marking-text.ts'
import { stixIdentity, stixMarkings, TOCSIN_EXTENSION } from '../stix-companion.ts'
import { stixIdentityId, stixIndicatorId, stixOpinionId, stixSightingId } from '../stix-id.ts'
import type { StixObject } from '../stix-object.ts'
import { sourceReference, stixReferences } from '../stix-reference-out.ts'
import { stixTime } from '../stix-time.ts'
import { stixRuleOf } from '../type-mapping.ts'

/**
 * What nations say of an indicator as STIX 2.1: one `indicator` for each claim, a `sighting` for each sighting, an
 * `opinion` for each opinion. Ids and bytes follow from what was said alone, so that two nodes which hold the same give
 * the same. A claim keeps the id of its own: were it that of its source, one nation could revoke what another says.
 */
export function stixObjectsOf(indicator: ExportedIndicator): readonly StixObject[] | { readonly left: string } {
  const rule = stixRuleOf(indicator)
  if (rule === undefined) return { left: `STIX has no pattern for a value of type ${indicator.type}` }
  const claims = [
    ...indicator.claims.map(claim => claimObject(indicator, rule, claim)),
    ...indicator.withdrawn.map(({ claim, ...withdrawal }) => claimObject(indicator, rule, claim, withdrawal)),
  ]
  const spoken = claimsSpokenOf(indicator)
  return [
    ...claims,
    ...indicator.sightings.flatMap(sighting => sightingObject(sighting, spoken)),
    ...indicator.opinions.flatMap(opinion => opinionObject(opinion, spoken)),
  ]
}

/** The objects to which those of `stixObjectsOf` refer and which are no claims: identities and marking definitions. */
export function stixCompanionsOf(indicator: ExportedIndicator): readonly StixObject[] {
  const said = [...indicator.claims, ...indicator.withdrawn.map(({ claim }) => claim)]
  const remarks = [...indicator.sightings, ...indicator.opinions]
  const all = [
    ...said.flatMap(({ nation, tlp, pap }) => [stixIdentity(nation), ...stixMarkings(tlp, pap)]),
    ...remarks.flatMap(({ nation, tlp }) => [stixIdentity(nation), ...stixMarkings(tlp, '')]),
  ]
  return [...new Map(all.map(object => [object.id, object])).values()]
}

type Rule = NonNullable<ReturnType<typeof stixRuleOf>>

interface Withdrawal {
  readonly withdrawnMs: number
  readonly reason: string
}

/** STIX's own words for what an indicator is of (§10.12); other labels stay labels. */
const INDICATOR_TYPES: ReadonlySet<string> = new Set([
  'anomalous-activity',
  'anonymization',
  'attribution',
  'benign',
  'compromised',
  'malicious-activity',
  'unknown',
])

function claimObject(
  { type, value }: ExportedIndicator,
  rule: Rule,
  claim: ExportedClaim,
  withdrawal?: Withdrawal,
): StixObject {
  const { fromMs, untilMs } = validityOf(claim)
  const references = [...stixReferences(claim.references), ...sourceReference(claim)]
  const phases = claim.labels.flatMap(label => phaseOfLabel(label) ?? [])
  const types = claim.labels.filter(label => INDICATOR_TYPES.has(label))
  const plain = claim.labels.filter(label => !INDICATOR_TYPES.has(label) && phaseOfLabel(label) === undefined)
  const labels = claim.exercise ? [...plain, EXERCISE_LABEL] : plain
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: stixIndicatorId(claim.nation, claim.id),
    created_by_ref: stixIdentityId(claim.nation),
    created: stixTime(claim.publishedMs),
    // Final, and later than what it takes back, even where the reader may not know when.
    modified: stixTime(
      withdrawal === undefined ? claim.publishedMs : Math.max(withdrawal.withdrawnMs, claim.publishedMs + 1),
    ),
    ...(withdrawal !== undefined && { revoked: true }),
    name: claim.name === '' ? `${type} ${value}`.slice(0, NAME_LENGTH_MAX).toWellFormed() : claim.name,
    ...(claim.description !== '' && { description: claim.description }),
    ...(types.length > 0 && { indicator_types: types }),
    pattern: rule.pattern,
    pattern_type: rule.language,
    pattern_version: rule.version,
    valid_from: stixTime(fromMs),
    ...(untilMs !== 0 && { valid_until: stixTime(untilMs) }),
    ...(phases.length > 0 && { kill_chain_phases: phases }),
    ...(claim.confidence !== null && { confidence: claim.confidence }),
    ...(labels.length > 0 && { labels }),
    ...(references.length > 0 && { external_references: references }),
    object_marking_refs: stixMarkings(claim.tlp, claim.pap).map(({ id }) => id),
    extensions: { [TOCSIN_EXTENSION]: claimExtension(type, claim, withdrawal) },
  }
}

const NAME_LENGTH_MAX = 200

function claimExtension(type: string, claim: ExportedClaim, withdrawal: Withdrawal | undefined) {
  const unsaid = [...(claim.name === '' ? ['name'] : []), ...(claim.validFromMs === 0 ? ['valid_from'] : [])]
  return {
    extension_type: 'property-extension',
    indicator_type: type,
    ...claimFields(claim, withdrawal),
    ...(unsaid.length > 0 && { unsaid }),
  }
}

/** An end must come after the beginning: where the author says no beginning, or none that fits, the end decides. */
function validityOf({ validFromMs, validUntilMs, publishedMs }: ExportedClaim): { fromMs: number; untilMs: number } {
  const fromMs = validFromMs === 0 ? publishedMs : validFromMs
  if (validUntilMs === 0 || stixTime(fromMs) < stixTime(validUntilMs)) return { fromMs, untilMs: validUntilMs }
  return { fromMs: validUntilMs - 1, untilMs: validUntilMs }
}

interface SpokenOf {
  readonly key: string
  readonly id: string
  readonly publishedMs: number
}

/** The claims that remarks may be about: the first published first, so that what comes later changes nothing. */
function claimsSpokenOf({ claims, withdrawn }: ExportedIndicator): readonly SpokenOf[] {
  return [...claims, ...withdrawn.map(({ claim }) => claim)]
    .map(({ nation, id, publishedMs }) => ({ key: `${nation}/${id}`, id: stixIndicatorId(nation, id), publishedMs }))
    .sort((a, b) => a.publishedMs - b.publishedMs || compareText(a.key, b.key))
}

const COUNT_MAX = 999_999_999

/** On the first claim there was: STIX can say only of an object that it was seen, not of a value. */
function sightingObject(sighting: ExportedSighting, [first]: readonly SpokenOf[]): readonly StixObject[] {
  if (first === undefined) return []
  const { nation, firstSeenMs, lastSeenMs } = sighting
  return [
    {
      type: 'sighting',
      spec_version: '2.1',
      id: stixSightingId(nation, sighting.id),
      created_by_ref: stixIdentityId(nation),
      created: stixTime(sighting.publishedMs),
      modified: stixTime(sighting.publishedMs),
      ...(sighting.source !== '' && { description: sighting.source }),
      ...(firstSeenMs !== 0 && { first_seen: stixTime(firstSeenMs) }),
      ...(lastSeenMs !== 0 && { last_seen: stixTime(Math.max(firstSeenMs, lastSeenMs)) }),
      count: Math.min(sighting.count, COUNT_MAX),
      sighting_of_ref: first.id,
      where_sighted_refs: [stixIdentityId(nation)],
      object_marking_refs: stixMarkings(sighting.tlp, '').map(({ id }) => id),
    },
  ]
}

const STIX_OPINIONS: Readonly<Record<OpinionKind, string>> = {
  agree: 'agree',
  'false-positive': 'strongly-disagree',
  expired: 'disagree',
}

/** More than nations there can be, so that a list stays short. */
const REFERRED_MAX = 256

/** On the claim that it is about, or on all that there are: then it has a later version with each that joins them. */
function opinionObject(opinion: ExportedOpinion, spoken: readonly SpokenOf[]): readonly StixObject[] {
  const { nation, about, publishedMs } = opinion
  const referred = (about === '' ? spoken : spoken.filter(({ key }) => key === about)).slice(0, REFERRED_MAX)
  if (referred.length === 0) return []
  return [
    {
      type: 'opinion',
      spec_version: '2.1',
      id: stixOpinionId(nation, opinion.id),
      created_by_ref: stixIdentityId(nation),
      created: stixTime(publishedMs),
      modified: stixTime(referred.reduce((latest, claim) => Math.max(latest, claim.publishedMs), publishedMs)),
      ...(opinion.comment !== '' && { explanation: opinion.comment }),
      opinion: STIX_OPINIONS[opinion.opinion],
      object_refs: referred.map(({ id }) => id),
      object_marking_refs: stixMarkings(opinion.tlp, '').map(({ id }) => id),
      extensions: {
        [TOCSIN_EXTENSION]: { extension_type: 'property-extension', verdict: opinion.opinion },
      },
    },
  ]
}
