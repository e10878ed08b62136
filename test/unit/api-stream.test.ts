import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pacedStream } from '../../src/api/byte-stream.ts'
import { type ControlServer, openControlServer } from '../../src/api/control-server.ts'
import { createStreamAnswer } from '../../src/api/stream-routes.ts'
import { UserError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { DEFAULT_SCORE_POLICY } from '../../src/indicator/score-policy.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import type { NodeService } from '../../src/node/orders/node-service.ts'
import type { ChangeEvent, ChangeReading } from '../../src/node/reading/change-reading.ts'
import { createCursorSeal } from '../../src/node/reading/cursor-seal.ts'
import { createClearedChanges, createWholeReading } from '../../src/node/reading/readers.ts'
import { createAcceptance } from '../../src/policy/acceptance.ts'
import { parseClearance } from '../../src/policy/clearance.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { claimItem, StoreAuthor, sightingItem, withdrawalItem } from '../support/store-author.ts'
import { createTestNode } from '../support/test-node.ts'

const scoring = { policy: () => DEFAULT_SCORE_POLICY, nowMs: () => Date.now(), warnings: () => [] }

let folder: string
let store: Store
let author: StoreAuthor
let server: ControlServer
let revoked: boolean
const open: IncomingMessage[] = []

/** Claims of the author's are GREEN. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-stream-'))
  store = await openStore({ memory: true })
  author = new StoreAuthor('AAA')
  revoked = false
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [{ ...author.append(20), projected: 21 }] })
  server = await openControlServer(serviceOf(), {
    socketPath: join(folder, 's'),
    metricsListen: '',
    logger: silentLogger,
  })
})

afterEach(async () => {
  for (const response of open.splice(0)) response.destroy()
  await server[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function serviceOf(): NodeService {
  const node = createTestNode()
  const nothing = createAcceptance([], author.nation)
  const cursors = createCursorSeal(store, systemRandom)
  return {
    ...node,
    ...createWholeReading(
      store,
      () => nothing,
      () => 'ACTIVE',
      scoring,
    ),
    async reader(token) {
      if (revoked || !['CLEAR', 'AMBER'].includes(token))
        throw new UserError('token-invalid', 'this token is unknown here')
      const clearance = parseClearance(`tlp=${token}`, called => called)
      const changes = createClearedChanges(store, clearance, () => 'ACTIVE', scoring, cursors)
      return { ...node, ...changes, name: token, clearance }
    },
  }
}

interface Opened {
  readonly status: number
  readonly response: IncomingMessage
  /** The next line that is not empty. */
  line(): Promise<string>
  /** The next event of a stream of lines. */
  event(): Promise<ChangeEvent>
}

function ask(path: string, headers: Record<string, string> = { Accept: 'application/x-ndjson' }): Promise<Opened> {
  const { promise, resolve, reject } = Promise.withResolvers<Opened>()
  const sent = request({ socketPath: join(folder, 's'), path, headers }, response => {
    open.push(response)
    const lines = linesOf(response)
    const line = async () => (await lines.next()).value ?? ''
    resolve({
      status: response.statusCode ?? 0,
      response,
      line,
      event: async () => JSON.parse(await line()),
    })
  })
  sent.on('error', reject)
  sent.end()
  return promise
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    yield* lines.filter(line => line !== '')
  }
  yield rest
}

let index = 0
const claim = (name: string) => store.commit({ items: [author.opened(claimItem(name, `${name}.example`), 1, index++)] })
const withdraw = (name: string, reason = '') =>
  store.commit({ items: [author.opened(withdrawalItem(name, reason), 2, index++)] })

describe('the stream', () => {
  test('tells what changes, as it does, with the indicator as it is now', async () => {
    const stream = await ask('/v1/stream')
    expect(await stream.event()).toMatchObject({ event: 'begun' })
    await claim('a')
    expect(await stream.event()).toMatchObject({
      event: 'indicator',
      nation: 'AAA',
      value: 'a.example',
      indicator: { state: 'active', claims: [{ nation: 'AAA' }] },
    })
    await store.commit({ items: [author.opened(sightingItem('s', 'a.example'), 3, index++)] })
    expect(await stream.event()).toMatchObject({ event: 'sighting', indicator: { sightings: [{ count: 1 }] } })
    await withdraw('a', 'a mistake')
    expect(await stream.event()).toMatchObject({
      event: 'withdrawn',
      value: 'a.example',
      reason: 'a mistake',
      indicator: { state: 'withdrawn', claims: [] },
    })
  })

  test('goes on from a cursor, also that of before anything came, and of a daemon of before', async () => {
    const first = await ask('/v1/stream')
    const { cursor } = await first.event()
    first.response.destroy()
    await claim('a')
    await claim('b')
    await server[Symbol.asyncDispose]()
    server = await openControlServer(serviceOf(), {
      socketPath: join(folder, 's'),
      metricsListen: '',
      logger: silentLogger,
    })
    const second = await ask(`/v1/stream?cursor=${cursor}`)
    await second.event()
    const a = await second.event()
    expect(a.value).toBe('a.example')
    const third = await ask('/v1/stream', { 'Last-Event-ID': a.cursor })
    expect(await third.line()).toBe('retry: 2000')
    expect(await third.line()).toMatch(/^id: /)
    expect(await third.line()).toMatch(/^id: \d+$/)
    expect(await third.line()).toBe('event: indicator')
    expect(JSON.parse((await third.line()).slice('data: '.length))).toMatchObject({ value: 'b.example' })
  })

  test('lists all that shows from the beginning, and ends there where it is asked to', async () => {
    for (const name of ['a', 'b', 'c']) await claim(name)
    await withdraw('b')
    const stream = await ask('/v1/stream?cursor=all&follow=false')
    const told: string[] = []
    for (let line = await stream.line(); line !== ''; line = await stream.line()) {
      const { event, value } = JSON.parse(line)
      told.push(`${event} ${value ?? ''}`)
    }
    expect(told).toEqual(['begun ', 'indicator a.example', 'indicator c.example', 'withdrawn b.example'])
  })

  test('keeps to its filters, of which no withdrawal falls victim to the score', async () => {
    await claim('a')
    await withdraw('a')
    await claim('b')
    const told = async (query: string) => {
      const stream = await ask(`/v1/stream?cursor=all&follow=false&${query}`)
      const events: string[] = []
      for (let line = await stream.line(); line !== ''; line = await stream.line()) events.push(JSON.parse(line).event)
      return events.slice(1)
    }
    expect(await told('scoreMin=100')).toEqual(['withdrawn'])
    expect(await told('events=indicator')).toEqual(['indicator'])
    expect(await told('types=url,ipv4')).toEqual([])
    expect(await told('nations=BBB')).toEqual([])
    expect(await told('nations=AAA&types=domain')).toEqual(['withdrawn', 'indicator'])
  })

  test.each([
    ['cursor=yesterday', 'stream-cursor'],
    ['cursor=-1', 'stream-cursor'],
    ['scoreMin=101', 'api-request-invalid'],
    ['types=nonsense', 'api-request-invalid'],
    ['nations=AAA,b!', 'api-request-invalid'],
    ['nation=AAA', 'api-request-invalid'],
  ])('refuses %s', async (query, code) => {
    const { status, line } = await ask(`/v1/stream?${query}`)
    expect([status, JSON.parse(await line()).error.code]).toEqual([400, code])
  })

  test('says that it ends where the daemon stops', async () => {
    const stream = await ask('/v1/stream')
    await stream.event()
    const closed = server[Symbol.asyncDispose]()
    expect(await stream.line()).toBe('')
    await closed
  })
})

describe('the stream of a token', () => {
  const as = (token: string) => ({ Authorization: `Bearer ${token}`, Accept: 'application/x-ndjson' })

  test('holds what its clearance lets through, and nothing tells of the rest', async () => {
    const clear = await ask('/v1/stream', as('CLEAR'))
    const amber = await ask('/v1/stream', as('AMBER'))
    const begun = await clear.event()
    await amber.event()
    await claim('a')
    expect(await amber.event()).toMatchObject({ event: 'indicator', value: 'a.example' })
    await withdraw('a')
    expect(await amber.event()).toMatchObject({ event: 'withdrawn' })
    await store.commit({ logs: [{ logId: author.logId, limit: 1 }] })
    await store.rebuildView()
    expect(await amber.event()).toMatchObject({ event: 'gone', value: '' })
    const listed = await ask('/v1/stream?cursor=all&follow=false', as('CLEAR'))
    expect(await listed.event()).toMatchObject({ event: 'begun' })
    expect(await listed.line()).toBe('')

    // The place up to which all was told is told anew each time, and is nobody else's.
    const again = await (await ask('/v1/stream', as('CLEAR'))).event()
    expect(again.cursor).not.toBe(begun.cursor)
    expect(again.cursor).toHaveLength(begun.cursor.length)
    const { status } = await ask(`/v1/stream?cursor=${Date.now() * 1000}`, as('CLEAR'))
    expect(status).toBe(400)
  })

  test('ends with the token, and says so', async () => {
    const stream = await ask('/v1/stream', as('AMBER'))
    await stream.event()
    revoked = true
    await claim('a')
    // What was read by the token as it was may still come.
    let last = await stream.event()
    if (last.event === 'indicator') last = await stream.event()
    expect(last).toMatchObject({ event: 'closed', code: 'token-invalid' })
    expect(await stream.line()).toBe('')
  })

  test('is refused without one that is right', async () => {
    expect((await ask('/v1/stream', as('RED'))).status).toBe(401)
  })

  test('cannot be opened so often that nobody else has one', async () => {
    for (let i = 0; i < 8; i++) expect((await ask('/v1/stream', as('AMBER'))).status).toBe(200)
    const ninth = await ask('/v1/stream', as('AMBER'))
    expect([ninth.status, JSON.parse(await ninth.line()).error.code]).toEqual([503, 'api-busy'])
    expect((await ask('/v1/stream', as('CLEAR'))).status).toBe(200)
    open.shift()!.destroy()
    await expect.poll(async () => (await ask('/v1/stream', as('AMBER'))).status).toBe(200)
  })
})

describe('whoever reads a stream', () => {
  test('gets a sign of life while nothing changes', async () => {
    const app = new Hono()
    const streams = createStreamAnswer({ logger: silentLogger, heartbeatMs: 5 })
    const quiet: ChangeReading = {
      changesNow: async () => '1',
      changes: async () => ({ events: [], next: '1', end: true }),
      onChange: () => () => {},
    }
    app.get('/', c => streams.answer(c, '', async () => quiet))
    const response = await app.request('/')
    const reader = response.body!.getReader()
    const pieces = [await reader.read(), await reader.read(), await reader.read()]
    expect(pieces.map(({ value }) => Buffer.from(value!).toString()).slice(1)).toEqual([
      ': still here\n\n',
      ': still here\n\n',
    ])
    await reader.cancel()
  })

  test('gets it as often whatever changes that it does not see', async () => {
    const app = new Hono()
    const heartbeatMs = 40
    const streams = createStreamAnswer({ logger: silentLogger, heartbeatMs })
    const listeners = new Set<() => void>()
    const busy: ChangeReading = {
      changesNow: async () => '1',
      changes: async () => ({ events: [], next: '1', end: true }),
      onChange(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    app.get('/', c => streams.answer(c, '', async () => busy))
    const hidden = setInterval(() => {
      for (const listener of listeners) listener()
    }, heartbeatMs / 8)
    const reader = (await app.request('/')).body!.getReader()
    await reader.read()
    const startedMs = performance.now()
    for (let beat = 1; beat <= 2; beat++) {
      expect(Buffer.from((await reader.read()).value!).toString()).toBe(': still here\n\n')
      expect(performance.now() - startedMs).toBeGreaterThan(beat * heartbeatMs - 5)
    }
    clearInterval(hidden)
    await reader.cancel()
  })

  test('too slowly gets a last word, and nothing is held for it', async () => {
    let made = 0
    let ended = 0
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      for (;;) yield Buffer.from(`${made++}`)
    }
    const stream = pacedStream(endless(), { idleMs: 10, ended: () => ended++, lastWord: () => Buffer.from('slow') })
    const reader = stream.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('0')
    await expect.poll(() => ended).toBe(1)
    expect(made).toBeLessThanOrEqual(2)
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('slow')
    expect((await reader.read()).done).toBe(true)
  })
})
