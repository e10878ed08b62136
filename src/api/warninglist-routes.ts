import type { Hono } from 'hono'
import { z } from 'zod'
import type { NodeService } from '../node/orders/node-service.ts'
import { createGate } from './gate.ts'
import { parseRequest, readBody } from './request-body.ts'

const CHECK_BODY_BYTES_MAX = 8 * 1024 * 1024
const CHECK_VALUES_MAX = 1000

/** Each may read all that is held. */
const WORKS_MAX = 1

const listsRequest = z.strictObject({ stored: z.literal('true').exactOptional() })
const checkRequest = z.strictObject({ values: z.array(z.string()).min(1).max(CHECK_VALUES_MAX) })

export function addWarninglistRoutes(app: Hono, service: NodeService): void {
  const works = createGate(WORKS_MAX)
  app.get('/v1/warninglists', c =>
    works(async () => {
      const { stored } = parseRequest(listsRequest, c.req.query(), 'the query')
      return c.json({ lists: await service.warninglists(stored !== undefined) })
    }),
  )
  app.post('/v1/warninglists/check', async c => {
    const { values } = await readBody(c, checkRequest, CHECK_BODY_BYTES_MAX)
    return c.json({ checks: service.checkWarninglists(values) })
  })
  app.post('/v1/warninglists/update', c => works(async () => c.json(await service.updateWarninglists())))
}
