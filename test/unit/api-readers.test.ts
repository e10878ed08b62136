import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ControlServer, openControlServer } from '../../src/api/control-server.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createTestNode, type TestNode } from '../support/test-node.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly json: unknown
}

/** To the test node `right` is a token, and nothing else is. */
const RIGHT = 'Bearer right'
const ROUTES = ['/v1/indicators', '/v1/indicators/a.example']
const FORBIDDEN = [
  '/v1/status',
  '/v1/digest',
  '/v1/peers',
  '/v1/tokens',
  '/v1/held',
  '/v1/documents',
  '/metrics',
  '/readyz',
]

let folder: string
let socketPath: string
let node: TestNode
let server: ControlServer
const logged: object[] = []
const logger = { ...silentLogger, debug: (data: object) => void logged.push(data) }

beforeEach(async () => {
  logged.length = 0
  folder = mkdtempSync(join(tmpdir(), 'tocsin-readers-'))
  socketPath = join(folder, 'control.sock')
  node = createTestNode()
  await node.publish([{ kind: 'claim', draft: { type: 'domain', value: 'a.example' } }])
  server = await openControlServer(node, { socketPath, metricsListen: '', readListen: '127.0.0.1:0', logger })
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function send(options: RequestOptions, body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = request(options, response => {
    const chunks: Buffer[] = []
    response.on('data', chunk => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const json = JSON.parse(Buffer.concat(chunks).toString())
      resolve({ status: response.statusCode ?? 0, headers: response.headers, json })
    })
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}

const headersOf = (authorization: string | undefined) => ({
  'Content-Type': 'application/json',
  ...(authorization !== undefined && { Authorization: authorization }),
})

function onPort(path: string, authorization?: string, more: RequestOptions = {}, body?: string): Promise<Answer> {
  const [host, port] = server.readAddress.split(':')
  return send({ host, port, path, ...more, headers: { ...headersOf(authorization), ...more.headers } }, body)
}

function onSocket(path: string, authorization?: string): Promise<Answer> {
  return send({ socketPath, path, headers: headersOf(authorization) })
}

const refusal = (code: string) => ({ error: expect.objectContaining({ code, message: expect.any(String) }) })

describe.each([
  ['port', onPort],
  ['socket', onSocket],
])('on the %s, the bearer of a token', (_, ask) => {
  test.each(ROUTES)('gets %s', async path => {
    const { status, headers } = await ask(path, RIGHT)
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
  })

  test.each(FORBIDDEN)('does not get %s', async path => {
    expect(await ask(path, RIGHT)).toMatchObject({ status: 403, json: refusal('token-forbidden') })
  })

  test.each(['Bearer wrong', 'Bearer', 'Basic right', 'right', 'Bearer right right', `Bearer ${'x'.repeat(4096)}`])(
    'who says "%s" is nobody',
    async authorization => {
      for (const path of [...ROUTES, '/v1/status', '/nothing']) {
        const { status, headers, json } = await ask(path, authorization)
        expect({ status, json }).toMatchObject({ status: 401, json: refusal('token-invalid') })
        expect(headers['www-authenticate']).toBe('Bearer')
      }
    },
  )
})

describe('on the port', () => {
  test.each([...ROUTES, ...FORBIDDEN, '/nothing'])('nobody gets %s without a token', async path => {
    expect(await onPort(path)).toMatchObject({ status: 401, json: refusal('token-missing') })
  })

  test('look-ups are answered, and bad ones refused', async () => {
    const lookup = (body: unknown) => onPort('/v1/lookup', RIGHT, { method: 'POST' }, JSON.stringify(body))
    expect(await lookup({ values: ['a.example'] })).toMatchObject({
      status: 200,
      json: { results: [{ result: 'found' }] },
    })
    expect(await lookup({ values: [] })).toMatchObject({ status: 400, json: refusal('api-request-invalid') })
    expect(await onPort('/v1/indicators?quarantined=true', RIGHT)).toMatchObject({ status: 400 })
  })

  test('a web page that points its own name at this machine gets nothing', async () => {
    const foreign = { headers: { Host: 'evil.example' } }
    expect(await onPort('/v1/indicators', RIGHT, foreign)).toMatchObject({ status: 403, json: refusal('api-host') })
  })

  test('guessing is slowed down, and stops nobody who has a token', async () => {
    const codes = []
    for (let i = 0; i < 30; i++) codes.push((await onPort('/v1/indicators', `Bearer guess-${i}`)).status)
    expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401))
    expect(codes.slice(25)).toEqual(Array.from({ length: 5 }, () => 503))
    expect((await onPort('/v1/indicators', RIGHT)).status).toBe(200)
  })

  test('a request is logged once, by its route, without token or value', async () => {
    await onPort('/v1/indicators/a.example', RIGHT)
    await onSocket('/v1/indicators/a.example', RIGHT)
    const line = { method: 'GET', route: '/v1/indicators/:idOrValue', status: 200, tookMs: expect.any(Number) }
    expect(logged).toEqual([line, line])
  })
})

test('on the socket, the user of the machine needs no token', async () => {
  expect((await onSocket('/v1/status')).status).toBe(200)
})
