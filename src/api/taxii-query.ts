import type { Context } from 'hono'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { microsecondTime, parseMicrosecondTime } from '../formats/microsecond-time.ts'
import type { TaxiiMatch, TaxiiQuery } from '../node/orders/taxii-reading.ts'
import type { Cursors } from '../node/reading/cursor-seal.ts'
import { parseRequest } from './request-body.ts'

/** Of one page, whatever is asked for. */
const PAGE_OBJECTS_MAX = 1000
/** Where the client says no limit. */
const PAGE_OBJECTS = 100
/** Of one list; `next` repeats it, and has to fit into an address. */
const MATCHED_MAX = 100
const VALUE_LENGTH_MAX = 256

const MATCH_FIELDS = {
  'match[id]': 'ids',
  'match[type]': 'types',
  'match[version]': 'versions',
  'match[spec_version]': 'specVersions',
} as const satisfies Record<string, keyof TaxiiMatch>

type Field = keyof typeof MATCH_FIELDS

/** What each endpoint can be asked (TAXII 2.1 §5.4, 5.6, 5.8, 5.9). */
export const PAGE_FIELDS = {
  manifest: ['match[id]', 'match[type]', 'match[version]', 'match[spec_version]'],
  objects: ['match[id]', 'match[type]', 'match[version]', 'match[spec_version]'],
  object: ['match[version]', 'match[spec_version]'],
  versions: ['match[spec_version]'],
} as const satisfies Record<string, readonly Field[]>

export type PageKind = keyof typeof PAGE_FIELDS

/** What a page is of, to be asked for the page after it. */
interface PageMark extends Omit<TaxiiQuery, 'limit'> {
  readonly kind: PageKind
}

/**
 * The query of a page. `id`: of the object in the address. Throws UserError `api-request-invalid` for a parameter that
 * is unknown here, stands twice or cannot be meant: a filter that is passed over is one that lets everything through.
 */
export async function parsePageQuery(
  c: Context,
  cursors: Cursors,
  kind: PageKind,
  collection: string,
  id?: string,
): Promise<TaxiiQuery> {
  const fields = queryOf(c, ['added_after', 'limit', 'next', ...PAGE_FIELDS[kind]])
  const limit = parseLimit(fields.get('limit'))
  const asked: PageMark = {
    kind,
    collection,
    afterUs: parseAfter(fields.get('added_after')),
    match: { ...matchOf(fields), ...(id !== undefined && { ids: [id] }), ...(kind === 'versions' && ALL_VERSIONS) },
  }
  const next = fields.get('next')
  if (next === undefined) return { ...asked, limit }
  const mark = await parseNext(next, cursors)
  const isRepeated = [...fields.keys()].some(name => name !== 'next' && name !== 'limit')
  if (!isSamePlace(mark, asked) || (isRepeated && !isSameQuestion(mark, asked))) {
    throw invalid('the value of next belongs to another question')
  }
  return { ...mark, limit }
}

const ALL_VERSIONS = { versions: ['all'] } as const

/** `next` alone carries the filters, but not from one address to another. */
function isSamePlace(mark: PageMark, asked: PageMark): boolean {
  const isOfObject = asked.kind === 'object' || asked.kind === 'versions'
  return (
    mark.kind === asked.kind &&
    mark.collection === asked.collection &&
    (!isOfObject || mark.match.ids?.[0] === asked.match.ids?.[0])
  )
}

/** Whoever repeats the filters must mean the same; the start alone has moved on. */
function isSameQuestion(mark: PageMark, asked: PageMark): boolean {
  const filters = ({ ids, types, versions, specVersions }: TaxiiMatch) =>
    JSON.stringify([ids, types, versions, specVersions])
  return filters(mark.match) === filters(asked.match) && mark.afterUs >= asked.afterUs
}

/** The parameters, each once. */
export function queryOf(c: Context, known: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (!known.includes(name)) throw invalid(`there is no parameter "${name.slice(0, 40)}" here`)
    if (values.length > 1) throw invalid(`the parameter ${name} stands twice`)
    fields.set(name, values[0] ?? '')
  }
  return fields
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return PAGE_OBJECTS
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0) throw invalid('limit must be a whole number above 0')
  return Math.min(Number(text), PAGE_OBJECTS_MAX)
}

function parseAfter(text: string | undefined): number {
  if (text === undefined) return 0
  const us = parseMicrosecondTime(text)
  if (us === undefined) throw invalid('added_after must be a timestamp such as 2026-01-01T00:00:00.000000Z')
  return us
}

function matchOf(fields: ReadonlyMap<string, string>): TaxiiMatch {
  const match: { -readonly [K in keyof TaxiiMatch]: TaxiiMatch[K] } = {}
  for (const [name, key] of Object.entries(MATCH_FIELDS)) {
    const text = fields.get(name)
    if (text === undefined) continue
    const values = text.split(',').map(value => value.trim())
    if (values.length > MATCHED_MAX) throw invalid(`${name} lists more than ${MATCHED_MAX}`)
    for (const value of values) {
      if (!VALUE[key].test(value) || value.length > VALUE_LENGTH_MAX) {
        throw invalid(`"${value.slice(0, 80)}" cannot be meant by ${name}`)
      }
    }
    match[key] = values
  }
  return match
}

const VALUE: Readonly<Record<keyof TaxiiMatch, RegExp>> = {
  ids: /^[a-z0-9-]+--[0-9a-fA-F-]{36}$/,
  types: /^[a-z0-9-]+$/,
  versions: /^(?:first|last|all|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/,
  specVersions: /^\d{1,3}\.\d{1,3}$/,
}

// --- next ------------------------------------------------------------------------------------------------------------

const list = z.array(z.string().max(VALUE_LENGTH_MAX)).min(1).max(MATCHED_MAX)

/** What `next` holds. */
interface Mark extends Omit<PageMark, 'afterUs'> {
  readonly after: string
}

const markSchema: z.ZodType<Mark> = z.strictObject({
  kind: z.enum(Object.keys(PAGE_FIELDS) as PageKind[]),
  collection: z.string().max(64),
  after: z.string().max(64),
  match: z.strictObject({
    ids: list.exactOptional(),
    types: list.exactOptional(),
    versions: list.exactOptional(),
    specVersions: list.exactOptional(),
  }),
})

/** Says nothing but the question: how far its answer came may be the time of what the client may not see. */
export async function encodeNext(
  cursors: Cursors,
  kind: PageKind,
  { collection, match }: TaxiiQuery,
  afterUs: number,
): Promise<string> {
  const mark: Mark = { kind, collection, after: await cursors.textOf(afterUs), match }
  return Buffer.from(JSON.stringify(mark)).toString('base64url')
}

async function parseNext(text: string, cursors: Cursors): Promise<PageMark> {
  const { after, ...question } = parseMark(text)
  const afterUs = await cursors.numberOf(after)
  if (afterUs === undefined) throw invalid(NO_MARK)
  return { ...question, afterUs }
}

function parseMark(text: string): Mark {
  try {
    return parseRequest(markSchema, JSON.parse(Buffer.from(text, 'base64url').toString()), 'next')
  } catch {
    throw invalid(NO_MARK)
  }
}

const NO_MARK = 'the value of next is none that was given here'

/** Of the objects of a page; none for an empty one (TAXII 2.1 §5.4). */
export function dateHeaders(times: readonly number[]): Readonly<Record<string, string>> {
  const [first] = times
  if (first === undefined) return {}
  return {
    'X-TAXII-Date-Added-First': microsecondTime(first),
    'X-TAXII-Date-Added-Last': microsecondTime(times.at(-1)!),
  }
}

function invalid(what: string): UserError {
  return new UserError('api-request-invalid', what)
}
