import { ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { type Hash, isNationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import {
  Acknowledgement,
  Batch,
  GroupDoc,
  IncidentReport,
  IndicatorClaim,
  Item,
  Opinion,
  type Reference,
  RequestForInformation,
  Sighting,
  StixObject,
  Withdrawal,
} from '../wire/gen/tocsin.ts'
import {
  BODY_BYTES_MAX,
  ITEMS_PER_BATCH_MAX,
  LABELS_MAX,
  NATIONS_MAX,
  REFERENCES_MAX,
  SHORT_TEXT_LENGTH_MAX,
  TEXT_LENGTH_MAX,
  VALUE_LENGTH_MAX,
} from '../wire/limits.ts'
import { assertLength, assertLengthOrEmpty, assertRange, assertText, decodeStrict } from '../wire/strict.ts'
import { receivedValue, type TypedValue } from './canonical.ts'
import { ITEM } from './item-type.ts'
import { type MarkingFields, parseMarking, TLP } from './marking.ts'

/** An indicator claim with its type and value in canonical form, whatever spelling came. */
export interface ParsedIndicator extends TypedValue {
  readonly kind: 'indicator'
  readonly marking: MarkingFields
  readonly claim: IndicatorClaim
}

export type ParsedItem =
  | ParsedIndicator
  | (TypedValue & { readonly kind: 'sighting'; readonly marking: MarkingFields; readonly sighting: Sighting })
  | { readonly kind: 'withdrawal'; readonly withdrawal: Withdrawal }
  | (TypedValue & { readonly kind: 'opinion'; readonly marking: MarkingFields; readonly opinion: Opinion })
  | { readonly kind: 'stix-object'; readonly marking: MarkingFields; readonly object: StixObject }
  | { readonly kind: 'group'; readonly group: GroupDoc }
  | { readonly kind: 'incident'; readonly marking: MarkingFields; readonly report: IncidentReport }
  | { readonly kind: 'request'; readonly marking: MarkingFields; readonly request: RequestForInformation }
  | { readonly kind: 'acknowledgement'; readonly marking: MarkingFields; readonly acknowledgement: Acknowledgement }
  /** Of a later version: kept as it is. */
  | { readonly kind: 'unknown'; readonly type: number; readonly body: Uint8Array }

const ID_BYTES = 16
const HASH_BYTES = 32
const CONFIDENCE_PLUS_1_MAX = 101
const LINEAGE_MAX = 2
const OPINION_MAX = 3

const PARSERS: ReadonlyMap<number, (body: Uint8Array) => ParsedItem> = new Map([
  [ITEM.INDICATOR, parseIndicator],
  [ITEM.SIGHTING, parseSighting],
  [ITEM.WITHDRAWAL, parseWithdrawal],
  [ITEM.OPINION, parseOpinion],
  [ITEM.STIX_OBJECT, parseStixObject],
  [ITEM.GROUP, parseGroup],
  [ITEM.INCIDENT, parseIncident],
  [ITEM.REQUEST, parseRequest],
  [ITEM.ACKNOWLEDGEMENT, parseAcknowledgement],
])

/** The items of an opened batch. Throws ProtocolError `item-malformed`: then the entry stays and has no content. */
export function parseBatch(plaintext: Uint8Array): readonly Item[] {
  return asItemFault('batch', () => {
    const { items } = decodeStrict(Batch, plaintext, BODY_BYTES_MAX)
    assertRange(items.length, 1, ITEMS_PER_BATCH_MAX, 'number of items')
    return items
  })
}

/** Throws ProtocolError `item-malformed`; the other items of the batch are not concerned. */
export function parseItem(item: Item): ParsedItem {
  const parse = PARSERS.get(item.type)
  if (parse === undefined) return { kind: 'unknown', type: item.type, body: item.body }
  return asItemFault(`item of type ${item.type}`, () => parse(item.body))
}

/** SHA-256 of the encoded Item: the order among two assertions of one id. */
export function itemHash(item: Item): Hash {
  return sha256(encode(Item, item))
}

function asItemFault<T>(what: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ProtocolError('item-malformed', `${what}: ${cause.message}`, { cause })
  }
}

function parseIndicator(body: Uint8Array): ParsedItem {
  const claim = decodeStrict(IndicatorClaim, body, BODY_BYTES_MAX)
  assertLength(claim.id, ID_BYTES, 'id')
  assertRange(claim.confidencePlus1, 0, CONFIDENCE_PLUS_1_MAX, 'confidence_plus_1')
  assertRange(claim.lineage, 0, LINEAGE_MAX, 'lineage')
  assertText(claim.original, VALUE_LENGTH_MAX, 'original')
  assertText(claim.name, SHORT_TEXT_LENGTH_MAX, 'name')
  assertText(claim.description, TEXT_LENGTH_MAX, 'description')
  assertText(claim.source, SHORT_TEXT_LENGTH_MAX, 'source')
  assertText(claim.sourceId, SHORT_TEXT_LENGTH_MAX, 'source_id')
  assertRange(claim.labels.length, 0, LABELS_MAX, 'number of labels')
  for (const label of claim.labels) assertText(label, SHORT_TEXT_LENGTH_MAX, 'label')
  assertReferences(claim.references)
  const { type, value } = receivedValue(claim.type, claim.value)
  return { kind: 'indicator', type, value, marking: parseMarking(claim.marking), claim }
}

function parseSighting(body: Uint8Array): ParsedItem {
  const sighting = decodeStrict(Sighting, body, BODY_BYTES_MAX)
  assertLength(sighting.id, ID_BYTES, 'id')
  assertText(sighting.source, SHORT_TEXT_LENGTH_MAX, 'source')
  const { type, value } = receivedValue(sighting.type, sighting.value)
  return { kind: 'sighting', type, value, marking: parseMarking(sighting.marking), sighting }
}

function parseWithdrawal(body: Uint8Array): ParsedItem {
  const withdrawal = decodeStrict(Withdrawal, body, BODY_BYTES_MAX)
  assertLength(withdrawal.claimId, ID_BYTES, 'claim_id')
  assertText(withdrawal.reason, TEXT_LENGTH_MAX, 'reason')
  return { kind: 'withdrawal', withdrawal }
}

function parseOpinion(body: Uint8Array): ParsedItem {
  const opinion = decodeStrict(Opinion, body, BODY_BYTES_MAX)
  assertLength(opinion.id, ID_BYTES, 'id')
  assertLengthOrEmpty(opinion.claimId, ID_BYTES, 'claim_id')
  if (opinion.nation !== '') assertNation(opinion.nation)
  assertRange(opinion.opinion, 1, OPINION_MAX, 'opinion')
  assertText(opinion.comment, TEXT_LENGTH_MAX, 'comment')
  const { type, value } = receivedValue(opinion.type, opinion.value)
  return { kind: 'opinion', type, value, marking: parseMarking(opinion.marking), opinion }
}

function parseStixObject(body: Uint8Array): ParsedItem {
  const object = decodeStrict(StixObject, body, BODY_BYTES_MAX)
  assertLength(object.id, ID_BYTES, 'id')
  assertStixJson(object.json)
  return { kind: 'stix-object', marking: parseMarking(object.marking), object }
}

function parseGroup(body: Uint8Array): ParsedItem {
  const group = decodeStrict(GroupDoc, body, BODY_BYTES_MAX)
  assertLength(group.id, ID_BYTES, 'id')
  assertRange(group.version, 1, Number.MAX_SAFE_INTEGER, 'version')
  assertLength(group.prevHash, group.version === 1 ? 0 : HASH_BYTES, 'prev_hash')
  assertText(group.name, SHORT_TEXT_LENGTH_MAX, 'name')
  assertRange(group.members.length, 0, NATIONS_MAX, 'number of members')
  for (const member of group.members) assertNation(member)
  assertRange(group.maxTlp, 0, TLP.RED, 'max_tlp')
  return { kind: 'group', group }
}

function parseIncident(body: Uint8Array): ParsedItem {
  const report = decodeStrict(IncidentReport, body, BODY_BYTES_MAX)
  assertLength(report.id, ID_BYTES, 'id')
  assertText(report.title, SHORT_TEXT_LENGTH_MAX, 'title')
  assertText(report.text, TEXT_LENGTH_MAX, 'text')
  assertReferences(report.references)
  return { kind: 'incident', marking: parseMarking(report.marking), report }
}

function parseRequest(body: Uint8Array): ParsedItem {
  const request = decodeStrict(RequestForInformation, body, BODY_BYTES_MAX)
  assertLength(request.id, ID_BYTES, 'id')
  assertText(request.title, SHORT_TEXT_LENGTH_MAX, 'title')
  assertText(request.text, TEXT_LENGTH_MAX, 'text')
  return { kind: 'request', marking: parseMarking(request.marking), request }
}

function parseAcknowledgement(body: Uint8Array): ParsedItem {
  const acknowledgement = decodeStrict(Acknowledgement, body, BODY_BYTES_MAX)
  assertLength(acknowledgement.id, ID_BYTES, 'id')
  assertLength(acknowledgement.itemId, ID_BYTES, 'item_id')
  assertNation(acknowledgement.nation)
  assertText(acknowledgement.text, TEXT_LENGTH_MAX, 'text')
  return { kind: 'acknowledgement', marking: parseMarking(acknowledgement.marking), acknowledgement }
}

function assertReferences(references: readonly Reference[]): void {
  assertRange(references.length, 0, REFERENCES_MAX, 'number of references')
  for (const reference of references) {
    assertText(reference.sourceName, SHORT_TEXT_LENGTH_MAX, 'source_name')
    assertText(reference.url, VALUE_LENGTH_MAX, 'url')
    assertText(reference.externalId, SHORT_TEXT_LENGTH_MAX, 'external_id')
    assertText(reference.description, TEXT_LENGTH_MAX, 'description')
  }
}

function assertNation(nation: string): void {
  if (!isNationId(nation)) throw new ProtocolError('wire-text', 'a nation id is not well formed')
}

/** One JSON object with a type and an id; what it says beyond that is for those who read STIX. */
function assertStixJson(json: string): void {
  assertText(json, BODY_BYTES_MAX, 'json')
  let object: unknown
  try {
    object = JSON.parse(json)
  } catch (cause) {
    throw new ProtocolError('wire-text', 'the STIX object is not JSON', { cause })
  }
  const fields = typeof object === 'object' && object !== null ? (object as Record<string, unknown>) : {}
  if (typeof fields['type'] !== 'string' || typeof fields['id'] !== 'string') {
    throw new ProtocolError('wire-text', 'the STIX object has no type or no id')
  }
}
