import type { Advice } from '../../indicator/advice.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { nationOfFields, present, readClaimFields, readReference } from '../claim-fields.ts'
import { labelsOfPhases } from '../kill-chain.ts'
import { markingOfText } from '../marking-text.ts'
import { TOCSIN_EXTENSION } from '../stix-companion.ts'
import type { StixReferences } from '../stix-marking.ts'
import { objectsOf, type StixObject, stringOf, stringsOf, timestampOf } from '../stix-object.ts'
import { sourceReference } from '../stix-reference-out.ts'
import { referenceWarnings } from './stix-reference.ts'

/** What an indicator of STIX says of each of its values, and what of it no claim can hold. */
export interface StixFacts {
  readonly facts: Partial<ClaimDraft>
  readonly warnings: readonly Advice[]
  /** The type that the value had as a claim, in an export of ours. */
  readonly ownType: string | undefined
}

export function factsOfIndicator(object: StixObject, references: StixReferences): StixFacts {
  const warnings: Advice[] = [...referenceWarnings(object, references), ...lossWarnings(object)]
  const marking = references.marking(object)
  const plain = [...stringsOf(object.labels), ...stringsOf(object.indicator_types)]
  const labels = [
    ...plain.filter(label => markingOfText(label) === undefined),
    ...labelsOfPhases(object.kill_chain_phases),
  ]
  const drafted = objectsOf(object.external_references).flatMap(readReference)
  const facts: Partial<ClaimDraft> = {
    sourceId: object.id,
    ...present('name', stringOf(object.name)),
    ...present('description', stringOf(object.description)),
    ...present('source', references.creator(object)),
    ...present('confidence', confidenceOf(object.confidence)),
    ...validity(object, warnings),
    ...(marking !== undefined && { marking }),
    ...(labels.length > 0 && { labels }),
    ...(drafted.length > 0 && { references: drafted }),
  }
  const extension = extensionOf(object, TOCSIN_EXTENSION)
  return {
    facts: extension === undefined ? facts : retold(facts, extension),
    warnings,
    ownType: stringOf(extension?.indicator_type),
  }
}

type Extension = Readonly<Record<string, unknown>>

function extensionOf({ extensions }: StixObject, id: string): Extension | undefined {
  const [all] = objectsOf([extensions])
  const [extension] = objectsOf([all?.[id]])
  return extension === undefined || nationOfFields(extension) === undefined ? undefined : extension
}

/** What was a claim before: as it was said, with whom it is from, be that the nation that said it. */
function retold(facts: Partial<ClaimDraft>, extension: Extension): Partial<ClaimDraft> {
  const told = readClaimFields(extension)
  const { name, validFromMs, source, sourceId, references = [], ...others } = facts
  const unsaid = new Set(stringsOf(extension.unsaid))
  const kept = withoutSource(references, told)
  return {
    ...others,
    ...(!unsaid.has('name') && present('name', name)),
    ...(!unsaid.has('valid_from') && present('validFromMs', validFromMs)),
    ...(told.source === undefined && told.sourceId === undefined && { ...present('source', source), sourceId }),
    ...(kept.length > 0 && { references: kept }),
    ...told,
  }
}

type References = NonNullable<ClaimDraft['references']>

/** An export says the source by a last reference as well, for those who do not know the extension. */
function withoutSource(references: References, { source = '', sourceId = '' }: Partial<ClaimDraft>): References {
  const [added] = sourceReference({ source, sourceId })
  const last = references.at(-1)
  const isAdded =
    last?.sourceName === added?.source_name &&
    last?.externalId === added?.external_id &&
    last?.description === added?.description
  return isAdded ? references.slice(0, -1) : references
}

/** Properties of an indicator that a claim says, or that say nothing beyond it. */
const KEPT: ReadonlySet<string> = new Set([
  'type',
  'spec_version',
  'id',
  'created_by_ref',
  'created',
  'modified',
  'revoked',
  'labels',
  'confidence',
  'external_references',
  'object_marking_refs',
  'granular_markings',
  'name',
  'description',
  'indicator_types',
  'pattern',
  'pattern_type',
  'pattern_version',
  'valid_from',
  'valid_until',
  'kill_chain_phases',
])
const SHOWN_MAX = 5

function lossWarnings(object: StixObject): readonly Advice[] {
  const extensions = Object.keys(objectsOf([object.extensions])[0] ?? {}).filter(id => id !== TOCSIN_EXTENSION)
  const lost = [...Object.keys(object).filter(key => key !== 'extensions' && !KEPT.has(key)), ...extensions]
  if (lost.length === 0) return []
  const more = lost.length > SHOWN_MAX ? ` and ${lost.length - SHOWN_MAX} more` : ''
  const names = lost.slice(0, SHOWN_MAX).map(name => name.slice(0, 80))
  const message = `no indicator here can hold what this one says as ${names.join(', ')}${more}`
  return [{ code: 'import-property-lost', severity: 'warn', message }]
}

function validity(object: StixObject, warnings: Advice[]): Pick<ClaimDraft, 'validFromMs' | 'validUntilMs'> {
  const validFromMs = timestampOf(object.valid_from)
  const validUntilMs = timestampOf(object.valid_until)
  if (validFromMs !== undefined && validUntilMs !== undefined && validUntilMs <= validFromMs) {
    const message = 'valid_until is not after valid_from; valid_until was left out'
    warnings.push({ code: 'import-date-unclear', severity: 'warn', message })
    return { validFromMs }
  }
  return { ...present('validFromMs', validFromMs), ...present('validUntilMs', validUntilMs) }
}

function confidenceOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 100 ? value : undefined
}
