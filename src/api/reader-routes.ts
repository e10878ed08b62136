import type { Context, Hono } from 'hono'
import { UserError } from '../base/errors.ts'
import type { NodeService, Reader } from '../node/orders/node-service.ts'
import { createBearerCheck } from './bearer.ts'
import { createGate } from './gate.ts'
import { parseRequest, readBody } from './request-body.ts'
import {
  LOOKUP_BODY_BYTES_MAX,
  lookupRequest,
  PUBLISH_BODY_BYTES_MAX,
  publishRequest,
  readerListRequest,
} from './request-schema.ts'
import type { StreamAnswer } from './stream-routes.ts'

/** A list of what a clearance lets through may read all that is held. */
const READS_MAX = 8

/** What the bearer of a token may ask for, and nothing else: no status, no counts, no metrics. */
export function addReaderRoutes(app: Hono, service: NodeService, streams: StreamAnswer): Hono {
  const readerOf = createBearerCheck(service)
  const reads = createGate(READS_MAX)

  /** Before anything else is looked at, even whether there is such a route. */
  const asReader = (answer: (c: Context, reader: Reader) => Promise<Response>) => async (c: Context) => {
    const reader = await readerOf(c)
    const answered = await reads(() => answer(c, reader))
    answered.headers.set('Cache-Control', 'no-store')
    return answered
  }

  app.post(
    '/v1/lookup',
    asReader(async (c, reader) => {
      const { values } = await readBody(c, lookupRequest, LOOKUP_BODY_BYTES_MAX)
      return c.json({ results: await reader.lookup(values) })
    }),
  )
  app.get(
    '/v1/indicators',
    asReader(async (c, reader) =>
      c.json(await reader.list(parseRequest(readerListRequest, c.req.query(), 'the query'))),
    ),
  )
  app.get(
    '/v1/indicators/:idOrValue',
    asReader(async (c, reader) => {
      const view = await reader.show(c.req.param('idOrValue') ?? '')
      if (view !== null) return c.json(view)
      throw indicatorAbsent()
    }),
  )
  app.get('/v1/stream', async c => streams.answer(c, (await readerOf(c)).name, () => readerOf(c)))
  app.post(
    '/v1/publish',
    asReader(async (c, reader) => {
      const { items } = await readBody(c, publishRequest.omit({ signature: true }), PUBLISH_BODY_BYTES_MAX)
      return c.json({ outcomes: await reader.publish(items) })
    }),
  )
  app.notFound(
    asReader(() => {
      throw new UserError('token-forbidden', 'a token lets nobody ask for this', {
        fix: 'Ask for indicators or look-ups; the rest is for the user that runs the daemon, without a token.',
      })
    }),
  )
  return app
}

export function indicatorAbsent(): UserError {
  return new UserError('indicator-absent', 'no such indicator is held here', {
    fix: 'Give a value, or the first 8 or more digits of an id.',
  })
}
