import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from '../base/ports.ts'

/** Names the route and not the address, which may hold a value that was looked up. */
export function createRequestLog(logger: Logger): MiddlewareHandler {
  return async (c, next) => {
    const started = performance.now()
    await next()
    const tookMs = Math.round(performance.now() - started)
    logger.debug({ method: c.req.method, route: routePath(c, -1), status: c.res.status, tookMs }, 'control API request')
  }
}
