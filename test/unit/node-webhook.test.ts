import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { DEFAULT_SCORE_POLICY } from '../../src/indicator/score-policy.ts'
import { parseConfig } from '../../src/node/config/config.ts'
import type { WebhookConfig } from '../../src/node/config/webhooks-config.ts'
import { startWebhook, type Webhook } from '../../src/node/outlets/webhook.ts'
import { batchOf } from '../../src/node/outlets/webhook-post.ts'
import type { ChangeEvent } from '../../src/node/reading/change-reading.ts'
import { PLAIN_CURSORS } from '../../src/node/reading/cursor-seal.ts'
import { createClearedChanges } from '../../src/node/reading/readers.ts'
import { parseClearance } from '../../src/policy/clearance.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { claimItem, StoreAuthor, withdrawalItem } from '../support/store-author.ts'

const SECRET = utf8('correct horse battery staple')
const scoring = { policy: () => DEFAULT_SCORE_POLICY, nowMs: () => Date.now(), warnings: () => [] }

interface Call {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly events: readonly ChangeEvent[]
}

let store: Store
let author: StoreAuthor
let receiver: Server
let url: string
let calls: Call[]
/** What the receiver does with its next calls; 204 to all after them. */
let answers: ((response: ServerResponse) => void)[]
const hooks: Webhook[] = []

beforeEach(async () => {
  calls = []
  answers = []
  store = await openStore({ memory: true })
  author = new StoreAuthor('AAA')
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [{ ...author.append(3), projected: 4 }] })
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const isJson = request.headers['content-type'] === 'application/json'
    const events = isJson
      ? JSON.parse(body).events
      : body
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line))
    calls.push({ headers: request.headers, body, events })
    const answer = answers.shift() ?? status(204)
    answer(response)
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
})

afterEach(async () => {
  await Promise.all(hooks.splice(0).map(hook => hook.stop()))
  receiver.closeAllConnections()
  receiver.close()
  await store[Symbol.asyncDispose]()
})

function status(code: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => void response.writeHead(code, headers).end('the receiver says something')
}

function start(
  config: Partial<WebhookConfig> = {},
  options: { readonly waits?: number[]; readonly heldMs?: number } = {},
) {
  const { webhooks } = parseConfig(`
nation: AAA
webhooks:
  - { name: siem, url: "${url}", secretFile: /secret, clearance: tlp=GREEN, from: all }
`)
  const hook = startWebhook({
    config: { ...webhooks[0]!, ...config },
    reading: () =>
      createClearedChanges(
        store,
        parseClearance('tlp=GREEN', called => called),
        () => 'ACTIVE',
        scoring,
        PLAIN_CURSORS,
      ),
    secret: async () => SECRET,
    store,
    clock: { now: () => Date.now() },
    logger: silentLogger,
    heldMs: options.heldMs ?? 1,
    waitMs(failures) {
      options.waits?.push(failures)
      return 1
    },
  })
  hooks.push(hook)
  return hook
}

let index = 0
const claim = (...names: string[]) =>
  store.commit({ items: names.map(name => author.opened(claimItem(name, `${name}.example`), 1, index++)) })
const values = () => calls.flatMap(({ events }) => events.map(({ event, value }) => `${event} ${value}`))

describe('a webhook', () => {
  test('sends what changes in order, signed, in batches of its size', async () => {
    await claim('a', 'b', 'c')
    start({ batch: 2 })
    await expect.poll(() => values()).toEqual(['indicator a.example', 'indicator b.example', 'indicator c.example'])
    await store.commit({ items: [author.opened(withdrawalItem('b', 'wrong'), 2, index++)] })
    await expect.poll(() => values().at(-1)).toBe('withdrawn b.example')
    expect(calls.map(({ events }) => events.length)).toEqual([2, 1, 1])
    for (const { headers, body } of calls) {
      expect(headers).toMatchObject({ 'tocsin-webhook': 'siem', 'content-type': 'application/x-ndjson' })
      const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['tocsin-signature']))!
      expect(mac).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'))
    }
  })

  test('sends JSON where that is wanted, and nothing beyond its filter', async () => {
    await claim('a')
    await store.commit({ items: [author.opened(claimItem('u', '192.0.2.7', '', 'ipv4'), 1, index++)] })
    start({ format: 'json', filter: { events: ['indicator'], types: ['domain'] } })
    await expect.poll(() => values()).toEqual(['indicator a.example'])
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['500', status(500)],
    ['429', status(429)],
    ['503 with a date', status(503, { 'Retry-After': new Date(Date.now() + 100).toUTCString() })],
    ['a connection that is cut', response => response.destroy()],
    ['an answer that is none', response => void response.socket?.end('this is no HTTP\r\n\r\n')],
    ['no answer in time', () => {}],
    ['400, which is held', status(400)],
    ['a redirect, which is not followed', status(302, { Location: 'http://127.0.0.1:9/else' })],
  ])('sends the same once more after %s, and nothing before it is taken', async (_, answer) => {
    answers = [answer, answer]
    const hook = start({ timeoutSeconds: 1 })
    await claim('a')
    await expect.poll(() => calls.length, { timeout: 4000 }).toBeGreaterThan(0)
    await claim('b')
    await expect.poll(() => values().at(-1), { timeout: 8000 }).toBe('indicator b.example')
    const first = calls.slice(0, 3)
    expect(new Set(first.map(({ body }) => body)).size).toBe(1)
    expect(new Set(first.map(({ headers }) => headers['tocsin-delivery'])).size).toBe(1)
    await expect.poll(() => hook.status()).toMatchObject({ downSinceMs: undefined, reason: '', held: false })
  })

  test('waits longer with each failure, and as long as it is told to', async () => {
    const waits: number[] = []
    answers = [status(500), status(500), status(502), status(503, { 'Retry-After': '1' })]
    await claim('a')
    start({}, { waits })
    const startedMs = Date.now()
    await expect.poll(() => calls.length, { timeout: 5000 }).toBe(5)
    expect(waits).toEqual([1, 2, 3])
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(990)
  })

  test('says why it is refused, and that it is held', async () => {
    answers = Array.from({ length: 3 }, () => status(403))
    await claim('a')
    const hook = start({}, { heldMs: 60_000 })
    await expect.poll(() => hook.status()).toMatchObject({ held: true, reason: 'it answers 403', sent: 0 })
    expect(calls).toHaveLength(1)
  })

  test('goes on where it was when it is started anew, also where it was never taken', async () => {
    await claim('a')
    answers = [status(500), status(500), status(500)]
    await start({ from: 'now' }).stop()
    await claim('b')
    const before = start({ from: 'now' })
    await expect.poll(() => before.status().sent, { timeout: 5000 }).toBe(1)
    await before.stop()
    await claim('c')
    start({ from: 'now' })
    await expect.poll(() => values().at(-1)).toBe('indicator c.example')
    expect(new Set(values())).toEqual(new Set(['indicator b.example', 'indicator c.example']))
  })

  test('keeps no cursor of what was not taken', async () => {
    await claim('a', 'b')
    answers = [status(204), status(400)]
    const hook = start({ batch: 1 }, { heldMs: 60_000 })
    await expect.poll(() => hook.status().held).toBe(true)
    const [first] = calls[0]!.events
    expect(fromUtf8((await store.note('webhook siem'))!)).toBe(first!.cursor)
  })
})

describe('a batch', () => {
  const event = (fill: number): ChangeEvent => ({
    ...{ cursor: '1', event: 'indicator', changedMs: 0, nation: 'AAA', id: '', type: 'domain', indicator: null },
    ...{ value: 'v', reason: 'x'.repeat(fill) },
  })

  test('holds as much as a receiver can be thought to take', () => {
    const events = [event(1_000_000), event(1_000_000), event(1_000_000), event(1_000_000), event(1_000_000)] as const
    const { body, last } = batchOf(events, 'ndjson')
    expect(body.length).toBeLessThan(4 * 1024 * 1024)
    expect(last).toBe(events[3])
  })
})

describe('the section webhooks', () => {
  const hook = (fields: string) => () =>
    parseConfig(`nation: AAA\nwebhooks: [{ name: siem, secretFile: /secret, clearance: tlp=GREEN, ${fields} }]\n`)

  test.each([
    'url: "http://siem.example/"',
    'url: "http://127.0.0.1.example/"',
    'url: "ftp://127.0.0.1/"',
    'url: "https://user:password@siem.example/"',
    'url: "https://siem.example/", clearance: all',
    'url: "https://siem.example/", clearance: "tlp=GREEN,publish"',
    'url: "https://siem.example/", secretFile: here',
    'url: "https://siem.example/", name: "../up"',
    'url: "https://siem.example/", batch: 0',
    'url: "https://siem.example/", filter: { kinds: [indicator] }',
  ])('refuses { %s }', fields => {
    expect(hook(fields)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test.each(['url: "https://siem.example/x"', 'url: "http://[::1]:8080/"', 'url: "http://localhost/"'])(
    'takes { %s }',
    fields => {
      expect(hook(fields)().webhooks).toHaveLength(1)
    },
  )
})
