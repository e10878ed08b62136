import type { Context, Hono } from 'hono'
import { UserError } from '../base/errors.ts'
import { microsecondTime } from '../formats/microsecond-time.ts'
import type { TaxiiCommands, TaxiiOutcome, TaxiiPage, TaxiiReader, TaxiiStatus } from '../node/orders/taxii-reading.ts'
import { bearerToken, createTokenCheck } from './bearer.ts'
import { createGate } from './gate.ts'
import { readBytes } from './request-body.ts'
import { assertAccepts, assertTaxiiBody, TAXII_MEDIA_TYPE } from './taxii-media.ts'
import { dateHeaders, encodeNext, type PageKind, parsePageQuery, queryOf } from './taxii-query.ts'

const TAXII_BODY_BYTES_MAX = 8 * 1024 * 1024
/** Answers that are being made at once; those of pages hold their objects. */
const ANSWERS_MAX = 16
/** Bodies that are read or published at once. */
const BODIES_MAX = 4

const ROOT = '/taxii2/root/'
const COLLECTION = `${ROOT}collections/:collection/`
const OBJECT = `${COLLECTION}objects/:object/`

const BASIC = /^Basic +([A-Za-z0-9+/]{4,512}={0,2})$/i

type Answer = (c: Context, reader: TaxiiReader) => Promise<Response> | Response

/** TAXII 2.1, §4 and §5. Paths end with a slash, which `app` passes over (`strict: false`): some leave it out. */
export function addTaxiiRoutes(app: Hono, service: TaxiiCommands): Hono {
  const readerOf = createTokenCheck(authorization => service.taxiiReader(...credentialsOf(authorization)), 'Basic …')
  const answers = createGate(ANSWERS_MAX)
  const bodies = createGate(BODIES_MAX)

  /** Nobody learns without a token even whether there is such an address. */
  const asReader = (answer: Answer) => async (c: Context) => {
    const reader = await readerOf(c)
    return answers(async () => answer(c, reader))
  }

  /** An address and what can be done there. */
  function serve(slashed: string, methods: Readonly<Record<string, Answer>>): void {
    const path = slashed.slice(0, -1)
    const allowed = Object.keys(methods).flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : method))
    for (const [method, answer] of Object.entries(methods)) {
      const accepting: Answer = (c, reader) => {
        assertAccepts(c.req.header('accept'))
        return answer(c, reader)
      }
      app.on(method, path, asReader(accepting))
    }
    app.all(
      path,
      asReader(c => {
        c.header('Allow', allowed.join(', '))
        throw new UserError('api-method', `${c.req.method} can be asked of nothing here`, {
          fix: `Use ${allowed.join(' or ')}.`,
        })
      }),
    )
  }

  /** A resource that is one and has no filters. */
  const plain =
    (body: (c: Context, reader: TaxiiReader) => object): Answer =>
    (c, reader) => {
      queryOf(c, [])
      return answerTaxii(c, body(c, reader))
    }

  const page =
    (kind: PageKind, body: (page: TaxiiPage) => object): Answer =>
    async (c, reader) => {
      const query = await parsePageQuery(c, reader.cursors, kind, collectionOf(c, reader).id, c.req.param('object'))
      const found = await reader.objects(query)
      if (found.objects.length === 0 && OF_ONE_OBJECT.has(kind)) await assertHeld(reader, query)
      const { nextUs } = found
      const mark =
        nextUs === undefined
          ? { more: false }
          : { more: true, next: await encodeNext(reader.cursors, kind, query, nextUs) }
      if (found.objects.length === 0) return answerTaxii(c, nextUs === undefined ? {} : mark)
      const times = found.objects.map(({ addedUs }) => addedUs)
      return answerTaxii(c, { ...mark, ...body(found) }, 200, dateHeaders(times))
    }

  serve('/taxii2/', {
    // Relative, as a proxy may have another name.
    GET: plain(() => {
      const { nation, allianceName } = service.taxiiTitle()
      return { title: `Tocsin of ${nation}`, description: allianceName, default: ROOT, api_roots: [ROOT] }
    }),
  })
  serve(ROOT, {
    GET: plain(() => ({
      title: service.taxiiTitle().allianceName,
      versions: [TAXII_MEDIA_TYPE],
      max_content_length: TAXII_BODY_BYTES_MAX,
    })),
  })
  serve(`${ROOT}status/:status/`, {
    async GET(c, reader) {
      queryOf(c, [])
      const status = await reader.status(c.req.param('status') ?? '')
      if (status === undefined) throw absent('status')
      return answerTaxii(c, statusResource(status))
    },
  })
  serve(`${ROOT}collections/`, {
    GET: plain((_, reader) => ({ collections: reader.collections().map(collectionResource) })),
  })
  serve(COLLECTION, { GET: plain((c, reader) => collectionResource(collectionOf(c, reader))) })
  serve(`${COLLECTION}manifest/`, {
    GET: page('manifest', ({ objects }) => ({
      objects: objects.map(({ object, addedUs, version, specVersion }) => ({
        id: object.id,
        date_added: microsecondTime(addedUs),
        version,
        media_type: `application/stix+json;version=${specVersion}`,
      })),
    })),
  })
  serve(`${COLLECTION}objects/`, {
    GET: page('objects', ({ objects }) => ({ objects: objects.map(({ object }) => object) })),
    POST: (c, reader) =>
      bodies(async () => {
        queryOf(c, [])
        const { id, canWrite } = collectionOf(c, reader)
        if (!canWrite) throw forbidden()
        assertTaxiiBody(c.req.header('content-type'))
        const status = await reader.add(id, await readBytes(c, TAXII_BODY_BYTES_MAX))
        return answerTaxii(c, statusResource(status), 202)
      }),
  })
  serve(OBJECT, {
    GET: page('object', ({ objects }) => ({ objects: objects.map(({ object }) => object) })),
    DELETE() {
      throw new UserError('taxii-append-only', 'nothing that a nation has said is ever deleted', {
        fix: 'Take a claim of your own back with "tocsin indicator withdraw": it then shows as revoked.',
      })
    },
  })
  serve(`${OBJECT}versions/`, {
    GET: page('versions', ({ objects }) => ({ versions: objects.map(({ version }) => version) })),
  })
  app.notFound(
    asReader(c => {
      throw new UserError('api-route-unknown', `there is no ${c.req.path.slice(0, 200)}`, {
        fix: 'TAXII begins at /taxii2/.',
      })
    }),
  )
  return app
}

/** Endpoints of one object, where one that is not held is no empty page. */
const OF_ONE_OBJECT: ReadonlySet<PageKind> = new Set(['object', 'versions'])

async function assertHeld(reader: TaxiiReader, query: Parameters<TaxiiReader['objects']>[0]): Promise<void> {
  const match = { ...(query.match.ids && { ids: query.match.ids }), versions: ['all'] }
  const { objects } = await reader.objects({ ...query, afterUs: 0, limit: 1, match })
  if (objects.length === 0) throw absent('object')
}

/** Basic: the name of a token, and the token. Bearer: the token. */
function credentialsOf(authorization: string): [token: string, name?: string] {
  const [, encoded] = BASIC.exec(authorization) ?? []
  if (encoded === undefined) return [bearerToken(authorization) ?? '']
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? [''] : [text.slice(colon + 1), text.slice(0, colon)]
}

function collectionOf(c: Context, reader: TaxiiReader) {
  const named = c.req.param('collection') ?? ''
  const found = reader.collections().find(({ id, alias }) => id === named || alias === named)
  if (found === undefined) throw absent('collection')
  return found
}

function absent(what: string): UserError {
  return new UserError('taxii-absent', `there is no such ${what}`)
}

function forbidden(): UserError {
  return new UserError('token-forbidden', 'the clearance of this token does not say "publish"', {
    fix: 'Use a token of a higher clearance.',
  })
}

function answerTaxii(
  c: Context,
  body: object,
  status: 200 | 202 = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.body(JSON.stringify(body), status, { ...headers, 'Content-Type': TAXII_MEDIA_TYPE })
}

function collectionResource({
  id,
  title,
  description,
  alias,
  canWrite,
}: ReturnType<TaxiiReader['collections']>[number]) {
  const media = ['application/stix+json;version=2.1']
  return { id, title, description, alias, can_read: true, can_write: canWrite, media_types: media }
}

function statusResource({ id, requestedMs, successes, failures, pendings }: TaxiiStatus) {
  return {
    id,
    status: pendings.length === 0 ? 'complete' : 'pending',
    request_timestamp: microsecondTime(requestedMs * 1000),
    total_count: successes.length + failures.length + pendings.length,
    success_count: successes.length,
    ...listed('successes', successes),
    failure_count: failures.length,
    ...listed('failures', failures),
    pending_count: pendings.length,
    ...listed('pendings', pendings),
  }
}

/** TAXII wants no empty lists. */
function listed(name: string, outcomes: readonly TaxiiOutcome[]) {
  return outcomes.length === 0 ? {} : { [name]: outcomes }
}
