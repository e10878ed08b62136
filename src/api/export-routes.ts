import type { Hono } from 'hono'
import { z } from 'zod'
import { partName } from '../node/config/config-fields.ts'
import { exportFilter } from '../node/config/export-filter.ts'
import type { NodeService } from '../node/orders/node-service.ts'
import { createStreams } from './byte-stream.ts'
import { readBody } from './request-body.ts'
import { SMALL_BODY_BYTES_MAX } from './request-schema.ts'

const text = z.string().max(256)

/** The filter stays as it was written: the node reads it. */
const exportOrder = z.strictObject({
  format: text,
  name: partName('dns-rpz').exactOptional(),
  filter: z
    .unknown()
    .superRefine((value, context) => {
      for (const { path, message } of exportFilter.safeParse(value).error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: [...path], message })
      }
    })
    .transform(value => value as z.input<typeof exportFilter>)
    .exactOptional(),
  parameters: z.record(text, z.string().max(4096)).exactOptional(),
  exercise: z.boolean().exactOptional(),
  explain: z.boolean().exactOptional(),
})

const releaseRequest = z.strictObject({ held: text.exactOptional() })

/** Exports to the tools of the nation. */
export function addExportRoutes(app: Hono, service: NodeService): void {
  const streams = createStreams()
  app.get('/v1/exports', c => c.json({ exports: service.liveExports() }))
  app.post('/v1/exports/:name/release', async c => {
    const { held } = await readBody(c, releaseRequest, SMALL_BODY_BYTES_MAX)
    return c.json(await service.releaseExport(c.req.param('name'), held))
  })
  app.post('/v1/export', async c => {
    const order = await readBody(c, exportOrder, SMALL_BODY_BYTES_MAX)
    return streams(() => service.exportIndicators(order))
  })
}
