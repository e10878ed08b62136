import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { UserError } from '../base/errors.ts'
import { isLoopbackHost, isLoopbackPort } from '../base/loopback.ts'

/** `127.0.0.1:9117`, `[::1]:9117` or `localhost:9117`. */
const ADDRESS = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/

/** Listens on a loopback port and gives the address it has; `field` of the configuration says which. Throws UserError `api-listen-failed`. */
export async function listenOnPort(server: Server, address: string, field: string): Promise<string> {
  const { v6, host = v6, port } = ADDRESS.exec(address)?.groups ?? {}
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: host ?? '', port: Number(port) }, resolve)
  await promise.catch(cause => {
    throw new UserError('api-listen-failed', `the address ${address} cannot be listened on: ${cause.message}`, {
      fix: `Choose another port in ${field}, or end the program that holds this one.`,
      cause,
    })
  })
  server.off('error', reject)
  const actual = server.address() as AddressInfo
  return `${actual.family === 'IPv6' ? `[${actual.address}]` : actual.address}:${actual.port}`
}

/** A web page may make its reader's browser ask here under the page's own name (DNS rebinding): such a name is refused. */
export const refuseForeignHost: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host') ?? ''
  if (!isLoopbackHost(host) && !isLoopbackPort(host)) {
    throw new UserError('api-host', 'this address answers to loopback names only')
  }
  await next()
}
