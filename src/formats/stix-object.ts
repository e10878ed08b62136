import canonicalize from 'canonicalize'
import { utf8 } from '../base/bytes.ts'
import type { Advice } from '../indicator/advice.ts'
import { CONTEXT_BYTES_MAX, type DraftMarking, type ImportRow, refusedRow } from './import-row.ts'

/** A STIX object of any type and version: a type, and an id that starts with it. */
export interface StixObject {
  readonly type: string
  readonly id: string
  readonly [property: string]: unknown
}

const TYPE = /^[a-z0-9][a-z0-9-]{1,249}$/
const ID = /^(.+)--[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The object, or why it is none. */
export function readStixObject(value: unknown): StixObject | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'this is no STIX object'
  const { type, id } = value as Record<string, unknown>
  if (typeof type !== 'string' || !TYPE.test(type)) return 'the object has no STIX type'
  if (typeof id !== 'string') return `the ${type} has no id`
  if (ID.exec(id)?.[1] !== type) return `"${id.slice(0, 80)}" is no id of a ${type}`
  return value as StixObject
}

/** The object as it travels: lossless, in RFC 8785 form. */
export function contextRow(
  place: string,
  object: StixObject,
  marking: DraftMarking | undefined,
  warnings: readonly Advice[] = [],
): ImportRow {
  const json = canonicalJson(object)
  if (json === undefined) {
    return refusedRow(place, 'import-json-invalid', 'a string of the object is no well-formed Unicode', object.id)
  }
  const bytes = utf8(json).length
  if (bytes > CONTEXT_BYTES_MAX) {
    const reason = `the ${object.type} takes ${bytes} bytes; at most ${CONTEXT_BYTES_MAX} fit into a message`
    return refusedRow(place, 'import-object-too-large', reason, `${object.id} ${json}`)
  }
  const createdBy = stringOf(object.created_by_ref)
  return {
    kind: 'context',
    place,
    stixId: object.id,
    json,
    ...(marking !== undefined && { marking }),
    ...(createdBy !== undefined && { createdBy }),
    warnings,
  }
}

function canonicalJson(object: StixObject): string | undefined {
  try {
    return canonicalize(object)
  } catch {
    // A lone surrogate: the only thing in parsed JSON that RFC 8785 has no form for.
    return undefined
  }
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}

export function objectsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'object' && one !== null) : []
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/

/** Milliseconds since 1970 of a STIX timestamp; finer digits are cut. */
export function timestampOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}
