import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { openTaxiiServer, type TaxiiServer } from '../../src/api/taxii-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import type { TaxiiListening } from '../../src/node/config/taxii-config.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { createTestAlliance, type RunningNode, ready, type StartOptions } from './node-alliance.ts'

export const TAXII = 'application/taxii+json;version=2.1'

/** A node of a nation that has nobody to wait for, and its TAXII server. */
export interface TaxiiWorld extends AsyncDisposable {
  readonly node: RunningNode
  readonly server: TaxiiServer
  publish(...items: readonly PublishItem[]): Promise<readonly string[]>
  /** A client that shows a new token of this clearance. */
  client(clearance: string): Promise<TaxiiClient>
  /** Clients stay what they are. */
  restart(): Promise<void>
}

export interface TaxiiClient {
  readonly name: string
  readonly token: string
  ask(path: string, options?: AskOptions): Promise<TaxiiAnswer>
  /** Of the collection of everything: below `collections/ID/`. */
  get(path: string): Promise<TaxiiAnswer>
  post(objects: readonly unknown[]): Promise<TaxiiAnswer>
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

export interface TaxiiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: TaxiiDocument
}

/** What the documents of a server may hold, each some of it. */
export interface TaxiiDocument {
  readonly id: string
  readonly http_status: string
  readonly max_content_length: number
  readonly can_write: boolean
  readonly collections: readonly [TaxiiCollection, ...TaxiiCollection[]]
  readonly failures: readonly { readonly message: string }[]
  readonly successes: readonly TaxiiObject[]
  readonly objects: readonly [TaxiiObject, ...TaxiiObject[]]
  readonly more?: boolean
  readonly next: string
}

interface TaxiiCollection {
  readonly id: string
  readonly title: string
}

export interface TaxiiObject {
  readonly id: string
  readonly type: string
  readonly name?: string
  readonly created: string
  readonly modified: string
  readonly revoked?: boolean
  /** In a manifest. */
  readonly date_added: string
  readonly object_refs?: readonly string[]
}

export async function createTaxiiWorld(
  options: StartOptions = {},
  listening: TaxiiListening = { listen: '127.0.0.1:0', tls: undefined },
): Promise<TaxiiWorld> {
  const alliance = await createTestAlliance(1)
  let open = await openAll()
  let tokens = 0

  async function openAll() {
    await using opened = new AsyncDisposableStack()
    const node = opened.use(await alliance.start(0, options))
    await ready([node])
    const server = opened.use(await openTaxiiServer(node.service, listening, silentLogger))
    return { node, server, owned: opened.move() }
  }

  return {
    get node() {
      return open.node
    },
    get server() {
      return open.server
    },
    async publish(...items) {
      const outcomes = await open.node.service.publish(items)
      await open.node.node.projector.settled()
      return outcomes.map(outcome => {
        if (outcome.outcome === 'new') return outcome.id
        throw new Error(`not published: ${JSON.stringify(outcome)}`)
      })
    },
    async client(clearance) {
      const name = `client-${++tokens}`
      const { token } = await open.node.service.addToken({ name, clearance })
      return createTaxiiClient(() => open.server.url, name, token)
    },
    async restart() {
      await open.owned.disposeAsync()
      open = await openAll()
    },
    async [Symbol.asyncDispose]() {
      await open.owned.disposeAsync()
      await alliance[Symbol.asyncDispose]()
    },
  }
}

function createTaxiiClient(url: () => string, name: string, token: string): TaxiiClient {
  const root = '/taxii2/root/collections/everything/'
  const ask: TaxiiClient['ask'] = (path, options = {}) => {
    const headers = { Accept: TAXII, Authorization: `Bearer ${token}`, ...options.headers }
    return send(new URL(url()).origin, path, { ...options, headers })
  }
  return {
    name,
    token,
    ask,
    get: path => ask(root + path),
    post: objects =>
      ask(`${root}objects/`, {
        method: 'POST',
        headers: { 'Content-Type': TAXII },
        body: JSON.stringify({ objects }),
      }),
  }
}

/** The path goes out as it is. A header of `undefined` is left out. */
export function send(
  origin: string,
  path: string,
  { method = 'GET', headers = {}, body }: AskOptions,
  ca?: string,
): Promise<TaxiiAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TaxiiAnswer>()
  const { hostname, port, protocol } = new URL(origin)
  const said = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
  const request = protocol === 'https:' ? tlsRequest : plainRequest
  const sent = request(
    { hostname, port, path, method, headers: said as Record<string, string>, ...(ca && { ca }) },
    answer => {
      const chunks: Buffer[] = []
      answer.on('data', chunk => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text,
          json: JSON.parse(text || 'null') as TaxiiDocument,
        })
      })
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}
