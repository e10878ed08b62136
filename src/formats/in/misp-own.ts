import { ProtocolError } from '../../base/errors.ts'
import type { Advice } from '../../indicator/advice.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { nationOfFields, present, readClaimFields, readFieldsBeyondMisp } from '../claim-fields.ts'
import { type DraftMarking, type ImportRow, refusedRow } from '../import-row.ts'
import { objectsOf, stringOf } from '../stix-object.ts'

/**
 * An attribute that an export of ours has written: beside what MISP knows it holds what the claim was, in a field that
 * every MISP passes over. It is gone once a MISP has stored the event; then what MISP knows is all there is.
 */
type OwnFields = Readonly<Record<string, unknown>>

/** Undefined in an attribute of anybody else. */
export function ownFieldsOf(attribute: OwnFields): OwnFields | undefined {
  const [fields] = objectsOf([attribute.tocsin])
  return fields === undefined || nationOfFields(fields) === undefined ? undefined : fields
}

/** `marking`: by its tags, which alone decide that. */
export function ownRow(
  place: string,
  attribute: OwnFields,
  fields: OwnFields,
  marking: DraftMarking | undefined,
  warnings: readonly Advice[],
): ImportRow {
  const text = textOf(stringOf(attribute.type) ?? '', stringOf(attribute.value) ?? '')
  try {
    const typed = canonicalValue(stringOf(fields.type) ?? '', text)
    const draft = { ...typed, ...factsOf(attribute, fields), ...present('marking', marking) }
    return { kind: 'claim', place, draft, warnings }
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    return refusedRow(place, cause.code, cause.message, text)
  }
}

/** Of `filename|sha256` the hash, of `ip-dst|port` the address. */
function textOf(type: string, value: string): string {
  if (type.startsWith('filename|')) return value.slice(value.indexOf('|') + 1)
  return type.endsWith('|port') ? value.slice(0, value.lastIndexOf('|')) : value
}

/** What is empty here is not to be taken from the event. */
function factsOf(attribute: OwnFields, fields: OwnFields): Partial<ClaimDraft> {
  const {
    name = '',
    description,
    confidence,
    validFromMs,
    validUntilMs,
    references = [],
    labels,
  } = readFieldsBeyondMisp(fields)
  const told = readClaimFields(fields)
  const hasSource = told.source !== undefined || told.sourceId !== undefined
  return {
    name,
    references,
    labels,
    ...present('description', description),
    ...present('confidence', confidence),
    ...present('validFromMs', validFromMs),
    ...present('validUntilMs', validUntilMs),
    ...(hasSource
      ? { source: '' }
      : { ...present('source', nationOfFields(fields)), ...present('sourceId', stringOf(attribute.uuid)) }),
    ...told,
  }
}
