import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ControlServer, openControlServer } from '../../src/api/control-server.ts'
import { PUBLISH_BODY_BYTES_MAX } from '../../src/api/request-schema.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createTestNode, type TestNode } from '../support/test-node.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

let folder: string
let socketPath: string
let node: TestNode
let server: ControlServer
const logged: object[] = []
const logger = { ...silentLogger, debug: (data: object) => void logged.push(data) }

beforeEach(async () => {
  logged.length = 0
  folder = mkdtempSync(join(tmpdir(), 'tocsin-api-'))
  socketPath = join(folder, 'control.sock')
  node = createTestNode()
  server = await openControlServer(node, { socketPath, metricsListen: '127.0.0.1:0', logger })
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

type Body = string | Uint8Array | readonly Uint8Array[]

function call(method: string, path: string, body?: Body, headers: Record<string, string> = {}): Promise<Answer> {
  return send({ socketPath, method, path, headers }, body)
}

function send(options: RequestOptions, body?: Body): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = request(options, response => {
    const chunks: Buffer[] = []
    response.on('data', chunk => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const json = response.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : undefined
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json })
    })
  })
  sent.on('error', reject)
  for (const part of body === undefined ? [] : [body].flat()) sent.write(part)
  sent.end()
  return promise
}

const json = { 'Content-Type': 'application/json' }
const post = (path: string, body: unknown) => call('POST', path, JSON.stringify(body), json)
const claim = (value: string) => ({ kind: 'claim', draft: { type: 'domain', value } })
const refusal = (code: string) => ({ error: expect.objectContaining({ code, message: expect.any(String) }) })

describe('the socket', () => {
  test('may be opened by its owner alone', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
  })

  test('is gone after the server is closed', async () => {
    await server[Symbol.asyncDispose]()
    expect(() => statSync(socketPath)).toThrow('ENOENT')
  })

  test('that a dead daemon left is taken over', async () => {
    await server[Symbol.asyncDispose]()
    writeFileSync(socketPath, '')
    server = await openControlServer(node, { socketPath, metricsListen: '', logger })
    expect((await call('GET', '/healthz')).status).toBe(200)
  })

  test('at which a daemon answers is refused', async () => {
    const again = openControlServer(node, { socketPath, metricsListen: '', logger })
    await expect(again).rejects.toMatchObject({ code: 'daemon-running' })
    expect((await call('GET', '/healthz')).status).toBe(200)
  })

  test('is refused where its path is longer than a socket can have', async () => {
    const long = join(folder, 'x'.repeat(120))
    const refused = openControlServer(node, { socketPath: long, metricsListen: '', logger })
    await expect(refused).rejects.toMatchObject({ code: 'socket-path-too-long' })
  })

  test('is refused where the folder is missing, and nothing stays open', async () => {
    const missing = join(folder, 'none', 'control.sock')
    const refused = openControlServer(node, { socketPath: missing, metricsListen: '', logger })
    await expect(refused).rejects.toMatchObject({ code: 'api-listen-failed' })
  })
})

describe('asking', () => {
  test.each(['/v1/status', '/v1/digest', '/v1/registry'])('GET %s gives an object', async path => {
    const { status, json } = await call('GET', path)
    expect(status).toBe(200)
    expect(json).toBeTypeOf('object')
  })

  test('GET /v1/peers gives the peers', async () => {
    expect((await call('GET', '/v1/peers')).json).toEqual({ peers: node.peers() })
  })

  test('answers outcomes in the order of the items, bad ones among them', async () => {
    const items = [claim('evil.example'), claim('not a domain'), claim('EVIL.example'), claim('two.example')]
    const { status, json } = await post('/v1/publish', { items })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      outcomes: [
        { outcome: 'new' },
        { outcome: 'refused', code: 'indicator-invalid' },
        // Another spelling in the source makes another claim on the same indicator.
        { outcome: 'new' },
        { outcome: 'new' },
      ],
    })
    expect(node.status().indicators).toBe(2)
  })

  test('looks values up', async () => {
    await post('/v1/publish', { items: [claim('evil.example')] })
    const { json } = await post('/v1/lookup', { values: ['evil.example', 'good.example', '??'] })
    expect(json).toMatchObject({ results: [{ result: 'found' }, { result: 'absent' }, { result: 'invalid' }] })
  })

  test('lists in pages', async () => {
    await post('/v1/publish', { items: ['a', 'b', 'c'].map(name => claim(`${name}.example`)) })
    const first = (await call('GET', '/v1/indicators?limit=2&type=domain')).json as { next: string }
    expect(first).toMatchObject({ indicators: [{ value: 'a.example' }, { value: 'b.example' }], next: '2' })
    const second = await call('GET', `/v1/indicators?limit=2&type=domain&cursor=${first.next}`)
    expect(second.json).toMatchObject({ indicators: [{ value: 'c.example' }] })
    expect(second.json).not.toHaveProperty('next')
  })

  test.each([
    'https://evil.example/a/b?c=d&e=%41%2f#f',
    'http://evil.example/100%25/..%2F',
    'http://evil.example/?q=a+b%20c',
    'évil@xn--vil-9la.example',
  ])('shows %s, whatever its characters', async value => {
    const type = value.startsWith('http') ? 'url' : 'email'
    const published = await post('/v1/publish', { items: [{ kind: 'claim', draft: { type, value } }] })
    expect(published.json).toMatchObject({ outcomes: [{ outcome: 'new' }] })
    const stored = (await node.list({ limit: 1 })).indicators[0]!
    for (const asked of [value, stored.value, stored.id, stored.id.slice(0, 8)]) {
      const { json } = await call('GET', `/v1/indicators/${encodeURIComponent(asked)}`)
      expect(json, asked).toMatchObject({ value: stored.value })
    }
  })

  test('shows the longest value there may be', async () => {
    const value = `http://evil.example/${'ä'.repeat(8000)}`
    const { status, json } = await call('GET', `/v1/indicators/${encodeURIComponent(value)}`)
    expect([status, json]).toEqual([404, refusal('indicator-absent')])
  })

  test('stops the node after it has answered', async () => {
    expect((await post('/v1/stop', {})).json).toEqual({ stopping: true })
    await expect.poll(() => node.state.stopped).toBe(1)
  })
})

describe('refusals', () => {
  const item = claim('evil.example')
  const cases: readonly [title: string, status: number, code: string, () => Promise<Answer>][] = [
    ['an unknown route', 404, 'api-route-unknown', () => call('GET', '/v2/nothing')],
    ['a wrong method', 404, 'api-route-unknown', () => call('DELETE', '/v1/status')],
    [
      'a body of another type',
      415,
      'api-content-type',
      () => call('POST', '/v1/publish', '{}', { 'Content-Type': 'text/plain' }),
    ],
    ['a body of no type', 415, 'api-content-type', () => call('POST', '/v1/publish', '{}')],
    ['malformed JSON', 400, 'api-request-invalid', () => call('POST', '/v1/publish', '{"items":[', json)],
    [
      'JSON that is not UTF-8',
      400,
      'api-request-invalid',
      () => call('POST', '/v1/lookup', Uint8Array.of(0x22, 0xff, 0x22), json),
    ],
    ['an empty body', 400, 'api-request-invalid', () => call('POST', '/v1/publish', '', json)],
    ['an unknown field', 400, 'api-request-invalid', () => post('/v1/publish', { items: [item], more: 1 })],
    [
      'an unknown field of a draft',
      400,
      'api-request-invalid',
      () => post('/v1/publish', { items: [{ ...item, draft: { ...item.draft, tlp: 3 } }] }),
    ],
    [
      'a TLP level that is none',
      400,
      'api-request-invalid',
      () => post('/v1/publish', { items: [{ ...item, draft: { ...item.draft, marking: { tlp: 6 } } }] }),
    ],
    ['no items', 400, 'api-request-invalid', () => post('/v1/publish', { items: [] })],
    ['1001 items', 400, 'api-request-invalid', () => post('/v1/publish', { items: Array(1001).fill(item) })],
    ['1001 values', 400, 'api-request-invalid', () => post('/v1/lookup', { values: Array(1001).fill('a.example') })],
    ['a limit over the cap', 400, 'api-request-invalid', () => call('GET', '/v1/indicators?limit=1001')],
    ['a time that is no number', 400, 'api-request-invalid', () => call('GET', '/v1/indicators?sinceMs=today')],
    ['a filter that does not exist', 400, 'api-request-invalid', () => call('GET', '/v1/indicators?colour=red')],
    ['an indicator that is not held', 404, 'indicator-absent', () => call('GET', '/v1/indicators/evil.example')],
    [
      'a body that says it is too large',
      413,
      'api-body-too-large',
      () =>
        call('POST', '/v1/publish', Buffer.alloc(PUBLISH_BODY_BYTES_MAX + 1), {
          ...json,
          'Content-Length': String(PUBLISH_BODY_BYTES_MAX + 1),
        }),
    ],
    [
      'a body that does not say it is too large',
      413,
      'api-body-too-large',
      () =>
        call(
          'POST',
          '/v1/publish',
          Array(PUBLISH_BODY_BYTES_MAX / 2 ** 20 + 1).fill(Buffer.alloc(2 ** 20, 0x20)),
          json,
        ),
    ],
  ]
  test.each(cases)('%s: %i %s', async (_title, status, code, attempt) => {
    const answer = await attempt()
    expect([answer.status, answer.json]).toEqual([status, refusal(code)])
    expect((await call('GET', '/v1/status')).status).toBe(200)
  })

  test('an error of the node keeps its code and says when to try again', async () => {
    node.state.busy = 1
    const answer = await post('/v1/publish', { items: [item] })
    expect([answer.status, answer.json]).toEqual([503, refusal('publish-queue-full')])
    expect(answer.headers['retry-after']).toBe('1')
  })

  test('more bodies at once than memory is meant for', async () => {
    node.state.delayMs = 300
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/v1/lookup', { values: ['a.example'] })))
    expect(answers.map(answer => answer.status).sort()).toEqual([...Array(8).fill(200), ...Array(4).fill(503)])
    node.state.delayMs = 0
    expect((await post('/v1/lookup', { values: ['a.example'] })).status).toBe(200)
  })

  test('an unexpected error is a 500 and no end of the server', async () => {
    Object.assign(node, { lookup: () => Promise.reject(new Error('out of cheese')) })
    expect(await post('/v1/lookup', { values: ['a.example'] })).toMatchObject({
      status: 500,
      json: refusal('internal'),
    })
  })
})

describe('health and metrics', () => {
  const onPort = (path: string, host?: string) =>
    send({
      host: '127.0.0.1',
      port: Number(server.metricsAddress.split(':')[1]),
      path,
      ...(host !== undefined && { headers: { host } }),
    })

  test.each(['socket', 'port'])('on the %s say that the process lives and is ready', async where => {
    const ask = (path: string) => (where === 'socket' ? call('GET', path) : onPort(path))
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/readyz')).status).toBe(200)
    expect((await ask('/metrics')).status).toBe(200)
  })

  test('say why the node is not ready', async () => {
    const problems = [
      { grade: 'alarm', code: 'clock-skew', occasion: '', message: 'the clock is off', fix: 'Set it.' },
    ] as const
    node.state.status = { state: 'degraded', problems }
    expect(await onPort('/readyz')).toMatchObject({ status: 503, json: { state: 'degraded', problems } })
    expect((await onPort('/healthz')).status).toBe(200)
  })

  test('count what the node holds, sends and lacks, and what the process uses', async () => {
    await post('/v1/publish', { items: [claim('evil.example')] })
    const { text, headers } = await onPort('/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    for (const line of [
      'tocsin_indicators 1',
      'tocsin_state{state="ready"} 1',
      'tocsin_state{state="degraded"} 0',
      'tocsin_peers{state="connected"} 1',
      'tocsin_peer_connected{nation="CCC",peer="cccccccccccc"} 0',
      `tocsin_log_behind_entries{nation="AAA",log="${'ab'.repeat(32)}"} 2`,
      'tocsin_gossip_messages_total{topic="entries",verdict="accept"} 7',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
  })

  test('leave no line of a log that is gone', async () => {
    expect((await onPort('/metrics')).text).toContain('tocsin_log_entries{')
    node.state.status = { logs: [] }
    expect((await onPort('/metrics')).text).not.toContain('tocsin_log_entries')
  })

  test('are all there is on the port', async () => {
    for (const path of ['/v1/status', '/v1/indicators']) {
      expect(await onPort(path)).toMatchObject({ status: 404, json: refusal('api-route-unknown') })
    }
  })

  test('are not for web pages that point their own name at this machine', async () => {
    expect(await onPort('/metrics', 'evil.example')).toMatchObject({ status: 403, json: refusal('api-host') })
    expect((await onPort('/metrics', 'localhost:9117')).status).toBe(200)
  })

  test('on a port that is taken refuse to start, and leave no socket', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    const other = join(folder, 'other.sock')
    const opening = openControlServer(node, { socketPath: other, metricsListen: `127.0.0.1:${port}`, logger })
    await expect(opening).rejects.toMatchObject({ code: 'api-listen-failed' })
    expect(() => statSync(other)).toThrow('ENOENT')
    holder.close()
  })
})

test('a request is logged by its route, without the value asked for', async () => {
  await call('GET', '/v1/indicators/secret.example')
  expect(logged).toEqual([
    { method: 'GET', route: '/v1/indicators/:idOrValue', status: 404, tookMs: expect.any(Number) },
  ])
})
