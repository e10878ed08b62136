import { createServer, type Server } from 'node:http'
import { dirname } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { UserError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { NodeService } from '../node/orders/node-service.ts'
import { hasCredentials } from './bearer.ts'
import { closeServer } from './close-server.ts'
import { createControlRoutes } from './control-routes.ts'
import { listenOnSocket } from './control-socket.ts'
import { answerError } from './error-body.ts'
import { createHealthRoutes } from './health-routes.ts'
import { listenOnPort, refuseForeignHost } from './loopback-port.ts'
import { createMetrics } from './metrics.ts'
import { addReaderRoutes } from './reader-routes.ts'
import { createRequestLog } from './request-log.ts'
import { createStreamAnswer } from './stream-routes.ts'

export interface ControlServerOptions {
  readonly socketPath: string
  /** A loopback `host:port` for health and metrics; empty: on the socket only. */
  readonly metricsListen: string
  /** A loopback `host:port` for the bearers of tokens; absent or empty: they ask on the socket only. */
  readonly readListen?: string
  readonly logger: Logger
}

export interface ControlServer extends AsyncDisposable {
  /** The address of the metrics; empty where there is none. */
  readonly metricsAddress: string
  /** Where the bearers of tokens ask, likewise. */
  readonly readAddress: string
}

const CONNECTIONS_MAX = 128
/** For the head of a request, on ports that anybody on this machine can connect to. */
const HEAD_MS = 10_000
/** Longer than any answer is waited for: whoever does not read it holds a connection for so long without a byte. */
const STUCK_MS = 300_000
/** The longest value, each character percent-encoded, has to fit into the address of a request. */
const REQUEST_HEAD_BYTES_MAX = 96 * 1024

/**
 * Serves the node on the Unix socket, and its health and the bearers of tokens on loopback ports where such are
 * configured. On the socket whoever shows a token gets what the token allows; without one it is the user of the machine.
 * Throws UserError `daemon-running`, `socket-path-too-long` or `api-listen-failed`.
 */
export async function openControlServer(service: NodeService, options: ControlServerOptions): Promise<ControlServer> {
  const { logger } = options
  await using opened = new AsyncDisposableStack()
  const health = createHealthRoutes(service, createMetrics(service))

  const streams = createStreamAnswer({ logger })
  const asReader = addReaderRoutes(createApp(logger), service, streams)
  const control = createHttpServer(
    createApp(logger, async (c, next) => (hasCredentials(c) ? asReader.fetch(c.req.raw) : next()))
      .route('/', health)
      .route('/', createControlRoutes(service, dirname(options.socketPath), streams)),
    logger,
  )
  // A file may take longer than Node allows a body.
  control.requestTimeout = 0
  opened.defer(() => closeServer(control))
  await listenOnSocket(control, options.socketPath)

  const { metricsListen, readListen = '' } = options
  const serveAt = async (address: string, field: string, add: (app: Hono) => Hono) => {
    if (address === '') return ''
    const port = createHttpServer(add(createApp(logger, refuseForeignHost)), logger)
    port.headersTimeout = HEAD_MS
    port.timeout = STUCK_MS
    opened.defer(() => closeServer(port))
    return listenOnPort(port, address, field)
  }
  const metricsAddress = await serveAt(metricsListen, 'metrics.listen', app => app.route('/', health))
  const readAddress = await serveAt(readListen, 'api.listen', app => addReaderRoutes(app, service, streams))
  opened.defer(() => streams.end())

  const owned = opened.move()
  return { metricsAddress, readAddress, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What all routes have in common: a log line for each request that `first` lets through, and one form for errors. */
function createApp(logger: Logger, first?: MiddlewareHandler): Hono {
  const app = new Hono()
  if (first !== undefined) app.use(first)
  app.use(createRequestLog(logger))
  app.notFound(c => {
    const absent = new UserError('api-route-unknown', `there is no ${c.req.method} ${c.req.path.slice(0, 200)}`)
    return answerError(c, absent, logger)
  })
  app.onError((error, c) => answerError(c, error, logger))
  return app
}

function createHttpServer(app: Hono, logger: Logger): Server {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer({ maxHeaderSize: REQUEST_HEAD_BYTES_MAX }, (request, response) => {
    void listener(request, response)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.once('listening', () => {
    server.on('error', error => logger.error({ err: error }, 'the control API could not take a connection'))
  })
  return server
}
