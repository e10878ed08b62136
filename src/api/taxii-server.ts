import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { UserError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { TaxiiListening } from '../node/config/taxii-config.ts'
import type { TaxiiCommands } from '../node/orders/taxii-reading.ts'
import { capCallers } from './caller-cap.ts'
import { closeServer } from './close-server.ts'
import { errorOf } from './error-body.ts'
import { httpStatusOf } from './http-status.ts'
import { listenOnPort, refuseForeignHost } from './loopback-port.ts'
import { createRequestLog } from './request-log.ts'
import { TAXII_MEDIA_TYPE } from './taxii-media.ts'
import { addTaxiiRoutes } from './taxii-routes.ts'

export interface TaxiiServer extends AsyncDisposable {
  /** Where the discovery of it is. */
  readonly url: string
}

/** Whoever sends slower, or more, is a fault or means to hold a place that others need. */
const LIMITS = {
  connections: 256,
  connectionsPerAddress: 64,
  requestsPerConnection: 10_000,
  headBytes: 32 * 1024,
  headerFields: 64,
  headMs: 10_000,
  requestMs: 60_000,
  idleMs: 15_000,
  /** Without a byte: whoever does not read its answer. */
  stuckMs: 60_000,
  handshakeMs: 10_000,
} as const

/** Serves TAXII 2.1 on a port of its own. Throws UserError `taxii-tls` or `api-listen-failed`. */
export async function openTaxiiServer(
  service: TaxiiCommands,
  { listen, tls }: TaxiiListening,
  logger: Logger,
): Promise<TaxiiServer> {
  const app = createApp(service, tls === undefined, logger)
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = await createHttpServer(tls, (request, response) => void listener(request, response))
  server.maxConnections = LIMITS.connections
  capCallers(server, LIMITS.connectionsPerAddress)
  server.maxHeadersCount = LIMITS.headerFields
  server.maxRequestsPerSocket = LIMITS.requestsPerConnection
  server.timeout = LIMITS.stuckMs
  const address = await listenOnPort(server, listen, 'taxii.listen')
  server.on('error', error => logger.error({ err: error }, 'the TAXII server could not take a connection'))
  service.warmTaxii()
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${address}/taxii2/`,
    [Symbol.asyncDispose]: () => closeServer(server),
  }
}

function createApp(service: TaxiiCommands, isPlain: boolean, logger: Logger): Hono {
  // The OASIS client leaves the slash out where it polls a status.
  const app = new Hono({ strict: false })
  app.use(createRequestLog(logger))
  app.use(async (c, next) => {
    await next()
    c.res.headers.set('Cache-Control', 'no-store')
    c.res.headers.set('X-Content-Type-Options', 'nosniff')
  })
  if (isPlain) app.use(refuseForeignHost)
  app.onError((error, c) => answerTaxiiError(c, error, logger))
  return addTaxiiRoutes(app, service)
}

/** The error message of TAXII 2.1 §3.6.1. */
function answerTaxiiError(c: Context, error: unknown, logger: Logger): Response {
  const { code, message, fix } = errorOf(error, logger)
  const status = httpStatusOf(code)
  if (status === 401) c.header('WWW-Authenticate', 'Basic realm="TAXII", charset="UTF-8", Bearer')
  if (status === 503) c.header('Retry-After', '1')
  const body = {
    title: message,
    ...(fix !== undefined && fix !== '' && { description: fix }),
    error_code: code,
    http_status: String(status),
  }
  return c.body(JSON.stringify(body), status, { 'Content-Type': TAXII_MEDIA_TYPE })
}

async function createHttpServer(tls: TaxiiListening['tls'], listener: RequestListener): Promise<Server> {
  const options: ServerOptions = {
    maxHeaderSize: LIMITS.headBytes,
    headersTimeout: LIMITS.headMs,
    requestTimeout: LIMITS.requestMs,
    keepAliveTimeout: LIMITS.idleMs,
    connectionsCheckingInterval: 5_000,
  }
  if (tls === undefined) return createServer(options, listener)
  const pair = await readPair(tls)
  const secure = { ...pair, minVersion: 'TLSv1.2', handshakeTimeout: LIMITS.handshakeMs } as const
  return createTlsServer({ ...options, ...secure }, listener)
}

async function readPair({ cert, key }: NonNullable<TaxiiListening['tls']>) {
  const pair = { cert: await readPem(cert), key: await readPem(key) }
  try {
    createSecureContext(pair)
    return pair
  } catch (cause) {
    throw unusable(`${cert} and ${key} are no certificate and its key`, cause)
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw unusable(`${path} cannot be read`, cause)
  }
}

function unusable(what: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new UserError('taxii-tls', `${what}: ${why}`, {
    fix: 'Name PEM files in taxii.tls of config.yaml: the certificate with its chain, and its key without a passphrase.',
    cause,
  })
}
