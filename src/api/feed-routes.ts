import type { Hono } from 'hono'
import { z } from 'zod'
import type { NodeService } from '../node/orders/node-service.ts'
import { readBody } from './request-body.ts'
import { SMALL_BODY_BYTES_MAX } from './request-schema.ts'

const pollRequest = z.strictObject({ dryRun: z.boolean() })

/** The feeds of the node, for its operators. */
export function addFeedRoutes(app: Hono, service: NodeService): void {
  app.get('/v1/feeds', c => c.json({ feeds: service.feeds() }))
  app.post('/v1/feeds/:name/poll', async c => {
    const { dryRun } = await readBody(c, pollRequest, SMALL_BODY_BYTES_MAX)
    return c.json(await service.pollFeed(c.req.param('name'), dryRun))
  })
  app.post('/v1/feeds/:name/release', async c => {
    await service.releaseFeed(c.req.param('name'))
    return c.json({ released: true })
  })
}
