import type { ErrorCode } from '../../base/codes.ts'
import type { Advice } from '../../indicator/advice.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { type DraftMarking, type ImportRow, refusedRow } from '../import-row.ts'
import { markingOfText, stricterMarking } from '../marking-text.ts'
import { objectsOf, stringOf } from '../stix-object.ts'
import type { TypeHint } from '../type-hint.ts'
import { hintOfMispType, mispTypeOf } from '../type-mapping.ts'
import { parseMoment } from './cell-value.ts'
import { ownFieldsOf, ownRow } from './misp-own.ts'
import { ruleLines } from './rule-text.ts'
import { readValue } from './value-text.ts'

/** An object of MISP, of any version: numbers may be strings and flags numbers. */
export type MispFields = Readonly<Record<string, unknown>>

/** What an attribute gives but for what only its event says; without marking where it says none. */
export interface AttributeRows {
  /** Level of distribution that it names itself; undefined where it inherits. */
  readonly distribution: number | undefined
  readonly rows: readonly ImportRow[]
}

/** Labels by which it is known later what a claim was in MISP. */
const NOT_FOR_DETECTION = 'misp:to_ids="0"'
const DISTRIBUTION_INHERITED = 5
const SIGHTING = { SEEN: 0, FALSE_POSITIVE: 1, EXPIRED: 2 } as const

/** The rows of one attribute: one for each value in it, or a refused one. */
export function readAttribute(place: string, attribute: MispFields, object?: MispFields): AttributeRows {
  const distribution = distributionOf(attribute) ?? (object === undefined ? undefined : distributionOf(object))
  return { distribution, rows: rowsOf(place, attribute, object) }
}

export function distributionOf(fields: MispFields): number | undefined {
  const level = numberOf(fields.distribution)
  return level === DISTRIBUTION_INHERITED ? undefined : level
}

/** Labels and marking of the tags and galaxies on an event or an attribute. */
export function readTags(
  tags: unknown,
  galaxies: unknown,
): { labels: readonly string[]; marking: DraftMarking | undefined } {
  const clusters = objectsOf(galaxies).flatMap(galaxy => objectsOf(galaxy.GalaxyCluster))
  const names = [...objectsOf(tags).map(tag => stringOf(tag.name)), ...clusters.map(one => stringOf(one.tag_name))]
  const said = names.filter(name => name !== undefined)
  return {
    labels: [...new Set(said.filter(name => markingOfText(name) === undefined))],
    marking: said.map(markingOfText).reduce(stricterMarking, undefined),
  }
}

function rowsOf(place: string, attribute: MispFields, object: MispFields | undefined): readonly ImportRow[] {
  const type = stringOf(attribute.type)
  const value = typeof attribute.value === 'number' ? String(attribute.value) : stringOf(attribute.value)
  const refused = (code: ErrorCode, reason: string) => [refusedRow(place, code, reason, `${type ?? ''} ${value ?? ''}`)]
  const uuid = stringOf(attribute.uuid)
  if (type === undefined || value === undefined)
    return refused('import-misp-invalid', 'the attribute has no type or no value')
  if (isTrue(attribute.deleted)) {
    const rows = refused('import-revoked', 'its author has deleted this attribute')
    return uuid === undefined ? rows : rows.map(row => ({ ...row, revokes: uuid }))
  }
  const own = ownFieldsOf(attribute)
  if (own !== undefined) {
    const { marking } = readTags(attribute.Tag, attribute.Galaxy)
    return [ownRow(place, attribute, own, marking, sightingWarnings(type, attribute))]
  }
  const parts = partsOf(type, value, stringOf(attribute.object_relation))
  if (typeof parts === 'string') return refused('import-type-unsupported', parts)
  const { facts, warnings } = factsOf(type, attribute, object)
  return parts.map(({ text, hint, ...said }) => {
    const read = readValue(text, hint)
    if (read.kind === 'refused') return refusedRow(place, read.code, read.reason, `${type} ${value}`)
    const labels = [...(facts.labels ?? []), ...read.labels, ...(said.labels ?? [])]
    const draft: ClaimDraft = {
      type: read.type,
      value: read.value,
      ...(read.original !== undefined && hint !== 'yara' && hint !== 'sigma' && { original: read.original }),
      ...facts,
      ...(said.name !== undefined && { name: said.name }),
      ...(said.description !== undefined && {
        description: [said.description, facts.description].filter(Boolean).join('\n'),
      }),
      labels: [...labels, ...typeLabel(type, read)],
    }
    return { kind: 'claim', place, draft, warnings: [...read.warnings, ...warnings] }
  })
}

interface Part {
  readonly text: string
  readonly hint: TypeHint
  readonly name?: string
  readonly description?: string
  readonly labels?: readonly string[]
}

/** What an attribute holds: values, or why none of it is one. */
function partsOf(type: string, value: string, relation: string | undefined): readonly Part[] | string {
  if (type === 'snort' || type === 'suricata')
    return ruleLines(value).map(text => ({ text, hint: 'suricata' as const }))
  const hint = hintOfMispType(type) ?? (relation === undefined ? undefined : RELATIONS.get(relation))
  if (hint !== undefined) return [{ text: value, hint }]
  const bar = value.indexOf('|')
  const [first, second] = bar < 0 ? [value, ''] : [value.slice(0, bar), value.slice(bar + 1)]
  return compositeParts(type, first, second) ?? `attributes of type ${type.slice(0, 40)} are no indicators`
}

/** Attributes of MISP objects that have no type of their own. */
const RELATIONS: ReadonlyMap<string, TypeHint> = new Map([
  ['ja4-fingerprint', 'ja4'],
  ['ja4', 'ja4'],
])

function compositeParts(type: string, first: string, second: string): readonly Part[] | undefined {
  switch (type) {
    case 'domain|ip':
      return [
        { text: first, hint: 'host' },
        { text: second, hint: 'host' },
      ].filter(({ text }) => text !== '') as readonly Part[]
    case 'hostname|port':
    case 'ip-dst|port':
    case 'ip-src|port':
      return [{ text: first, hint: 'host', labels: second === '' ? [] : [`port:${second.trim().slice(0, 20)}`] }]
    case 'regkey|value':
      return [{ text: first, hint: 'registry-key', ...(second !== '' && { description: second }) }]
    case 'malware-sample':
      return [{ text: second, hint: 'hash', name: first }]
    default: {
      const hint = type.startsWith('filename|') ? hintOfMispType(type.slice('filename|'.length)) : undefined
      return hint === undefined ? undefined : [{ text: second, hint, name: first }]
    }
  }
}

/** Where an export would write another type for the value, such as `ip-dst` for `ip-src`. */
function typeLabel(type: string, typed: { readonly type: string; readonly value: string }): readonly string[] {
  return mispTypeOf(typed).type === type ? [] : [`misp:type="${type}"`]
}

function factsOf(
  type: string,
  attribute: MispFields,
  object: MispFields | undefined,
): { facts: Partial<ClaimDraft>; warnings: readonly Advice[] } {
  const { labels, marking } = readTags(attribute.Tag, attribute.Galaxy)
  const objectName = object === undefined ? undefined : stringOf(object.name)
  const flags = [
    ...(isFalse(attribute.to_ids) ? [NOT_FOR_DETECTION] : []),
    ...(objectName === undefined ? [] : [`misp:object="${objectName.slice(0, 80)}"`]),
  ]
  const comment = stringOf(attribute.comment) ?? (object === undefined ? undefined : stringOf(object.comment))
  const uuid = stringOf(attribute.uuid)
  const changedMs = secondsMs(attribute.timestamp)
  const facts: Partial<ClaimDraft> = {
    ...(uuid !== undefined && { sourceId: uuid }),
    ...(comment !== undefined && { description: comment }),
    ...(changedMs !== undefined && { validFromMs: changedMs }),
    ...sightingFacts(attribute),
    ...(marking !== undefined && { marking }),
    labels: [...labels, ...flags],
  }
  return { facts, warnings: sightingWarnings(type, attribute) }
}

/** First and last seen, as the attribute has them and as its sightings widen them; the end that a sighting gives it. */
function sightingFacts(attribute: MispFields): Partial<ClaimDraft> {
  const first = momentOf(attribute.first_seen)
  const last = momentOf(attribute.last_seen)
  const seen = [
    ...sightingTimes(attribute, SIGHTING.SEEN),
    ...(first === undefined ? [] : [first]),
    ...(last === undefined ? [] : [last]),
  ]
  const expired = sightingTimes(attribute, SIGHTING.EXPIRED)
  const changedMs = secondsMs(attribute.timestamp)
  const untilMs = expired.length === 0 ? undefined : expired.reduce((a, b) => Math.min(a, b))
  return {
    ...(seen.length > 0 && {
      firstSeenMs: seen.reduce((a, b) => Math.min(a, b)),
      lastSeenMs: seen.reduce((a, b) => Math.max(a, b)),
    }),
    ...(untilMs !== undefined && (changedMs === undefined || untilMs > changedMs) && { validUntilMs: untilMs }),
  }
}

/** What becomes of sightings is told: as remarks of others they are not taken over. */
function sightingWarnings(type: string, attribute: MispFields): readonly Advice[] {
  const sightings = objectsOf(attribute.Sighting)
  const count = (kind: number) => sightings.filter(one => kindOfSighting(one) === kind).length
  const doubts = count(SIGHTING.FALSE_POSITIVE)
  const others = sightings.length - doubts
  const merged = `${others} of its sightings were taken for no more than when this ${type} was seen, or ceased to count`
  const doubted = `${doubts} of its sightings call this ${type} a false positive`
  return [
    ...(others === 0 ? [] : [{ code: 'import-sighting-merged', severity: 'warn', message: merged } as const]),
    ...(doubts === 0 ? [] : [{ code: 'import-false-positive', severity: 'warn', message: doubted } as const]),
  ]
}

function sightingTimes(attribute: MispFields, kind: number): readonly number[] {
  return objectsOf(attribute.Sighting)
    .filter(one => kindOfSighting(one) === kind)
    .flatMap(one => secondsMs(one.date_sighting) ?? [])
}

function kindOfSighting(sighting: MispFields): number {
  return numberOf(sighting.type) ?? SIGHTING.SEEN
}

function momentOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseMoment(value) : undefined
}

/** Milliseconds of a time in seconds, written as number or text; undefined for 0. */
function secondsMs(value: unknown): number | undefined {
  const seconds = numberOf(value)
  return seconds === undefined || seconds <= 0 || seconds > 1e11 ? undefined : Math.floor(seconds * 1000)
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,15}(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true'
}

function isFalse(value: unknown): boolean {
  return value === false || value === 0 || value === '0' || value === 'false'
}
