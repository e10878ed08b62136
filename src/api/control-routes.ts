import { Hono } from 'hono'
import { UserError } from '../base/errors.ts'
import type { NodeService } from '../node/node-service.ts'
import { parseRequest, readBody } from './request-body.ts'
import {
  boundsRequest,
  DOCUMENTS_BODY_BYTES_MAX,
  diagnoseRequest,
  documentsRequest,
  LOOKUP_BODY_BYTES_MAX,
  listRequest,
  lookupRequest,
  PUBLISH_BODY_BYTES_MAX,
  publishRequest,
  REPUBLISH_BODY_BYTES_MAX,
  republishRequest,
  SMALL_BODY_BYTES_MAX,
  trustRequest,
} from './request-schema.ts'

/** Bodies that are read or worked on at once; each may take its whole cap of memory. */
const BODIES_MAX = 8

/** Each calls every peer. */
const DIAGNOSES_MAX = 1

/** What an operator, a command or another program on this machine may ask of the node. */
export function createControlRoutes(service: NodeService): Hono {
  const app = new Hono()
  const bodies = createGate(BODIES_MAX)
  const diagnoses = createGate(DIAGNOSES_MAX)

  app.get('/v1/status', c => c.json(service.status()))
  app.get('/v1/digest', async c => c.json(await service.digest()))
  app.get('/v1/peers', c => c.json({ peers: service.peers() }))
  app.get('/v1/registry', c => c.json(service.registry()))
  app.post('/v1/diagnose', c =>
    diagnoses(async () => {
      const { target } = await readBody(c, diagnoseRequest, SMALL_BODY_BYTES_MAX)
      return c.json({ checks: await service.diagnose(target) })
    }),
  )

  app.get('/v1/documents', c => c.json({ documents: service.documents() }))
  app.post('/v1/documents', c =>
    bodies(async () => {
      const { documents } = await readBody(c, documentsRequest, DOCUMENTS_BODY_BYTES_MAX)
      return c.json(await service.applyDocuments(documents))
    }),
  )
  app.get('/v1/bounds', c => {
    const { nation, size } = parseRequest(boundsRequest, c.req.query(), 'the query')
    return c.json({ bounds: service.bounds(nation, size) })
  })
  app.post('/v1/keys/reload', async c => c.json({ kemKeys: await service.reloadKemKeys() }))
  app.post('/v1/trust', async c => {
    const { trust } = await readBody(c, trustRequest, SMALL_BODY_BYTES_MAX)
    await service.pin(trust)
    return c.json({ pinned: true })
  })

  app.post('/v1/publish', c =>
    bodies(async () => {
      const { items } = await readBody(c, publishRequest, PUBLISH_BODY_BYTES_MAX)
      return c.json({ outcomes: await service.publish(items) })
    }),
  )
  app.post('/v1/lookup', c =>
    bodies(async () => {
      const { values } = await readBody(c, lookupRequest, LOOKUP_BODY_BYTES_MAX)
      return c.json({ results: await service.lookup(values) })
    }),
  )

  app.get('/v1/indicators', async c =>
    c.json(await service.list(parseRequest(listRequest, c.req.query(), 'the query'))),
  )
  app.get('/v1/indicators/:idOrValue', async c => {
    const view = await service.show(c.req.param('idOrValue'))
    if (view !== null) return c.json(view)
    throw new UserError('indicator-absent', 'no such indicator is held here', {
      fix: 'Give a value, or the first 8 or more digits of an id.',
    })
  })

  app.get('/v1/quarantined', async c => c.json({ items: await service.quarantined() }))
  app.post('/v1/republish', c =>
    bodies(async () => {
      const { ids } = await readBody(c, republishRequest, REPUBLISH_BODY_BYTES_MAX)
      return c.json({ queued: await service.republish(ids) })
    }),
  )
  app.post('/v1/store/rebuild', async c => c.json(await service.rebuildView()))
  app.post('/v1/store/reopen', async c => c.json(await service.reopenItems()))
  app.post('/v1/incarnate', async c => c.json(await service.incarnate()))
  app.post('/v1/stop', c => {
    // After the answer is on its way.
    setImmediate(() => service.stop())
    return c.json({ stopping: true })
  })
  return app
}

/** Lets `most` works run at once and refuses others with `api-busy`. */
function createGate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  return async work => {
    if (running >= most) {
      throw new UserError('api-busy', `${running} requests are being worked on`, { fix: 'Try again in a moment.' })
    }
    running++
    try {
      return await work()
    } finally {
      running--
    }
  }
}
