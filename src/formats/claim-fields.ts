import type { ClaimDraft, DraftReference } from '../indicator/claim.ts'
import type { ExportedClaim } from './exported.ts'
import { objectsOf, stringOf, stringsOf, timestampOf } from './stix-object.ts'
import { stixTime } from './stix-time.ts'

/**
 * What other formats have no word for travels beside their own fields, under the same names in each: as an extension in
 * STIX, as a field `tocsin` of an attribute in MISP. Nothing in it loosens a marking.
 */
type ClaimFields = Readonly<Record<string, unknown>>

/** A claim that is taken back, and why. */
interface Taken {
  readonly reason: string
}

/** What neither STIX nor MISP has a word for. */
export function claimFields(claim: ExportedClaim, taken: Taken | undefined): ClaimFields {
  return {
    claim: `${claim.nation}/${claim.id}`,
    ...(claim.exercise && { exercise: true }),
    ...(claim.lineage !== '' && { lineage: claim.lineage }),
    ...(claim.firstSeenMs !== 0 && { first_seen: stixTime(claim.firstSeenMs) }),
    ...(claim.lastSeenMs !== 0 && { last_seen: stixTime(claim.lastSeenMs) }),
    ...(claim.source !== '' && { source: claim.source }),
    ...(claim.sourceId !== '' && { source_id: claim.sourceId }),
    ...(taken !== undefined && taken.reason !== '' && { withdrawn_reason: taken.reason }),
  }
}

/** What STIX says and MISP does not, or less exactly. */
export function claimFieldsBeyondMisp(claim: ExportedClaim): ClaimFields {
  return {
    ...(claim.name !== '' && { name: claim.name }),
    ...(claim.description !== '' && { description: claim.description }),
    ...(claim.confidence !== null && { confidence: claim.confidence }),
    ...(claim.validFromMs !== 0 && { valid_from: stixTime(claim.validFromMs) }),
    ...(claim.validUntilMs !== 0 && { valid_until: stixTime(claim.validUntilMs) }),
    ...(claim.references.length > 0 && { references: claim.references.map(referenceFields) }),
    labels: claim.labels,
  }
}

function referenceFields({ sourceName, url, externalId, description }: ExportedClaim['references'][number]) {
  return {
    source_name: sourceName,
    ...(url !== '' && { url }),
    ...(externalId !== '' && { external_id: externalId }),
    ...(description !== '' && { description }),
  }
}

/** The nation that `claim` names; undefined in what is none of ours. */
export function nationOfFields(fields: ClaimFields): string | undefined {
  return /^([^/\s]{1,64})\/[0-9a-f]{32}$/.exec(stringOf(fields.claim) ?? '')?.[1]
}

/** What fields say of a claim, as another one makes it: it has been told, so it is relayed. */
export function readClaimFields(fields: ClaimFields): Partial<ClaimDraft> {
  return {
    ...present('firstSeenMs', timestampOf(fields.first_seen)),
    ...present('lastSeenMs', timestampOf(fields.last_seen)),
    ...present('source', stringOf(fields.source)),
    ...present('sourceId', stringOf(fields.source_id)),
    lineage: 'relayed',
  }
}

/** What `claimFieldsBeyondMisp` says, with what it leaves unsaid as undefined. */
export function readFieldsBeyondMisp(fields: ClaimFields): {
  readonly [Key in 'name' | 'description' | 'confidence' | 'validFromMs' | 'validUntilMs' | 'references']:
    | ClaimDraft[Key]
    | undefined
} & { readonly labels: readonly string[] } {
  const { confidence } = fields
  const isShare = typeof confidence === 'number' && confidence >= 0 && confidence <= 100
  const references = objectsOf(fields.references).flatMap(readReference)
  return {
    name: stringOf(fields.name),
    description: stringOf(fields.description),
    confidence: isShare ? confidence : undefined,
    validFromMs: timestampOf(fields.valid_from),
    validUntilMs: timestampOf(fields.valid_until),
    references: references.length > 0 ? references : undefined,
    labels: stringsOf(fields.labels),
  }
}

export function readReference(reference: ClaimFields): readonly DraftReference[] {
  const sourceName = stringOf(reference.source_name)
  if (sourceName === undefined) return []
  return [
    {
      sourceName,
      ...present('url', stringOf(reference.url)),
      ...present('externalId', stringOf(reference.external_id)),
      ...present('description', stringOf(reference.description)),
    },
  ]
}

export function present<Key extends string, T>(key: Key, value: T | undefined): { readonly [K in Key]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: T })
}
