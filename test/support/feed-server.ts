import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server of a feed on loopback, which answers as a test says. */
export interface FeedServer extends AsyncDisposable {
  readonly url: string
  /** Path and query of what was asked, in order. */
  readonly asked: readonly string[]
  /** The headers of the last request. */
  headers(): IncomingMessage['headers']
  answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void
}

export async function startFeedServer(answer: FeedServer['answer']): Promise<FeedServer> {
  const asked: string[] = []
  let last: IncomingMessage['headers'] = {}
  const server = createServer((request, response) => {
    const at = new URL(request.url ?? '/', 'http://127.0.0.1')
    asked.push(`${at.pathname}${at.search}`)
    last = request.headers
    self.answer(request, response, at)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: FeedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    headers: () => last,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return self
}

export const TAXII_TYPE = 'application/taxii+json;version=2.1'

export function sendTaxii(
  response: ServerResponse,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { 'content-type': TAXII_TYPE, ...headers }).end(JSON.stringify(body))
}

/** Of the nth moment, to the microsecond. */
export function addedAt(n: number): string {
  return `2026-01-01T00:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}.${String(n).padStart(6, '0')}Z`
}

export interface StixIndicator {
  readonly id: string
  readonly [property: string]: unknown
}

/** The nth indicator, on a domain of its own. */
export function stixIndicator(n: number, more: Readonly<Record<string, unknown>> = {}): StixIndicator {
  const time = '2026-01-01T00:00:00.000Z'
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    created: time,
    modified: time,
    name: `number ${n}`,
    pattern: `[domain-name:value = 'n${n}.taxii-feed.example']`,
    pattern_type: 'stix',
    valid_from: time,
    ...more,
  }
}
