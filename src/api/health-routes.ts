import { Hono } from 'hono'
import type { NodeService } from '../node/orders/node-service.ts'
import type { Metrics } from './metrics.ts'

/** What monitoring asks: whether the process lives, whether the node is ready, and what it counts. */
export function createHealthRoutes(service: NodeService, metrics: Metrics): Hono {
  const app = new Hono()
  app.get('/healthz', c => c.json({ alive: true }))
  app.get('/readyz', c => {
    const { state, problems } = service.status()
    return c.json({ state, problems }, state === 'ready' ? 200 : 503)
  })
  app.get('/metrics', async c => c.body(await metrics.render(), 200, { 'Content-Type': metrics.contentType }))
  return app
}
