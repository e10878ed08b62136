import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseJsonText } from '../../base/json-text.ts'
import type { HttpAnswer } from '../../net/http-get.ts'

/** One page of the objects of a collection. */
export interface TaxiiPage {
  /** The envelope, as it came: an importer reads its `objects`. */
  readonly bytes: Uint8Array
  readonly objects: number
  readonly more: boolean
  readonly next: string | undefined
  /** `X-TAXII-Date-Added-First` and `-Last`, as they came. */
  readonly first: string | undefined
  readonly last: string | undefined
}

export interface TaxiiQuery {
  readonly addedAfter: string | undefined
  readonly next: string | undefined
  readonly limit: number
}

/** One GET; throws where no answer comes, or none that is good. */
export type Fetch = (url: URL, headers: Readonly<Record<string, string>>) => Promise<HttpAnswer>

const MEDIA_TYPE = 'application/taxii+json;version=2.1'
const NEXT_LENGTH_MAX = 8192
const ROOTS_MAX = 1000
const COLLECTIONS_MAX = 10_000
/** Of one answer: what is larger comes in more pages. */
const VALUES_MAX = 4_000_000

const text = z.string().max(NEXT_LENGTH_MAX)
const discovery = z.object({ default: text.optional(), api_roots: z.array(text).max(ROOTS_MAX).default([]) })
const collections = z.object({
  collections: z
    .array(
      z.object({ id: text, title: text.catch(''), alias: text.optional().catch(undefined), can_read: z.boolean() }),
    )
    .max(COLLECTIONS_MAX)
    .default([]),
})
const envelope = z.object({
  more: z.boolean().default(false),
  next: text.optional(),
  objects: z.array(z.unknown()).default([]),
})

/**
 * The client's side of TAXII 2.1. Where `url` is that of discovery, the default API root of the server is asked, or its
 * only one; without a collection the only one that can be read. Throws UserError `feed-answer-invalid` and what `fetch`
 * throws.
 */
export function createTaxiiClient(url: string, collection: string | undefined, fetch: Fetch) {
  async function get<T>(at: URL, schema: z.ZodType<T>): Promise<{ answer: HttpAnswer; value: T }> {
    const answer = await fetch(at, { accept: MEDIA_TYPE })
    return { answer, value: parseAnswer(at, answer, schema) }
  }

  async function rootUrl(): Promise<URL> {
    const start = withSlash(new URL(url))
    if (!start.pathname.endsWith('/taxii2/')) return start
    const { value } = await get(start, discovery)
    const root = value.default ?? (value.api_roots.length === 1 ? value.api_roots[0] : undefined)
    if (root === undefined) {
      throw wrong(start, `names ${value.api_roots.length} API roots and no default`, {
        fix: `Put one of them into config.yaml as url: ${value.api_roots.slice(0, 8).join(', ')}`,
      })
    }
    const to = URL.canParse(root, start.href) ? withSlash(new URL(root, start)) : undefined
    if (to?.origin === start.origin) return to
    throw wrong(start, `names an API root on another server, ${root.slice(0, 200)}`, {
      fix: 'Credentials are not sent there. Where that is right, put it into config.yaml as url.',
    })
  }

  async function collectionId(root: URL): Promise<string> {
    if (collection !== undefined) return collection
    const at = new URL('collections/', root)
    const readable = (await get(at, collections)).value.collections.filter(each => each.can_read)
    if (readable.length === 1) return readable[0]!.id
    const names = readable.slice(0, 16).map(({ id, title }) => `${id} (${title.slice(0, 80)})`)
    throw wrong(at, `has ${readable.length} collections that can be read`, {
      fix: `Name one of them as collection in config.yaml: ${names.join(', ') || 'none is readable with these credentials'}`,
    })
  }

  return {
    /** Where its objects are. */
    async objectsUrl(): Promise<URL> {
      const root = await rootUrl()
      return new URL(`collections/${encodeURIComponent(await collectionId(root))}/objects/`, root)
    },
    async page(objects: URL, { addedAfter, next, limit }: TaxiiQuery): Promise<TaxiiPage> {
      const at = new URL(objects)
      at.searchParams.set('limit', String(limit))
      if (addedAfter !== undefined) at.searchParams.set('added_after', addedAfter)
      if (next !== undefined) at.searchParams.set('next', next)
      const { answer, value } = await get(at, envelope)
      return {
        bytes: answer.body,
        objects: value.objects.length,
        more: value.more,
        next: value.next,
        first: answer.headers['x-taxii-date-added-first'],
        last: answer.headers['x-taxii-date-added-last'],
      }
    },
  }
}

export type TaxiiClient = ReturnType<typeof createTaxiiClient>

const JSON_TYPE = /^application\/(?:taxii\+|stix\+)?json\b/i

function parseAnswer<T>(at: URL, { headers, body }: HttpAnswer, schema: z.ZodType<T>): T {
  const type = headers['content-type'] ?? ''
  if (!JSON_TYPE.test(type)) {
    throw wrong(at, `answers with ${JSON.stringify(type.slice(0, 100))} instead of ${MEDIA_TYPE}`, {
      fix: 'Check that the address is that of an API root, or of discovery, and not of a web page.',
    })
  }
  const result = schema.safeParse(parseJson(at, body))
  if (result.success) return result.data
  throw wrong(
    at,
    `answers what is no TAXII: ${result.error.issues[0]?.path.join('.')}: ${result.error.issues[0]?.message}`,
  )
}

function parseJson(at: URL, body: Uint8Array): unknown {
  try {
    return parseJsonText(body, VALUES_MAX)
  } catch (cause) {
    throw wrong(at, `answers what is no JSON: ${cause instanceof Error ? cause.message : cause}`)
  }
}

function withSlash(url: URL): URL {
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function wrong({ origin, pathname }: URL, what: string, options: { readonly fix?: string } = {}): UserError {
  return new UserError('feed-answer-invalid', `${origin}${pathname} ${what}`, options)
}
