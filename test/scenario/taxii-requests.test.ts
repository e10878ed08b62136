import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AskOptions,
  createTaxiiWorld,
  send,
  TAXII,
  type TaxiiClient,
  type TaxiiWorld,
} from '../support/taxii-world.ts'

const ROOT = '/taxii2/root/'
const EVERYTHING = `${ROOT}collections/everything/`
const OBJECT = `${EVERYTHING}objects/malware--00000000-0000-4000-8000-000000000001/`
const ABSENT = `${EVERYTHING}objects/malware--00000000-0000-4000-8000-00000000000f/`

let world: TaxiiWorld
let client: TaxiiClient
let reader: TaxiiClient
let statusPath: string

beforeAll(async () => {
  world = await createTaxiiWorld()
  client = await world.client('tlp=RED,groups=any,publish')
  reader = await world.client('tlp=RED')
  const added = await client.post([
    { type: 'malware', spec_version: '2.1', id: 'malware--00000000-0000-4000-8000-000000000001', name: 'm' },
  ])
  statusPath = `${ROOT}status/${added.json.id}/`
  await world.node.node.projector.settled()
})

afterAll(() => world[Symbol.asyncDispose]())

const PATHS = [
  '/taxii2/',
  ROOT,
  `${ROOT}collections/`,
  EVERYTHING,
  `${EVERYTHING}manifest/`,
  `${EVERYTHING}objects/`,
  OBJECT,
  `${OBJECT}versions/`,
]

describe('whoever shows no token', () => {
  test.each([...PATHS, '/nothing', '/taxii2//', `${ROOT}collections/x/`])('learns nothing at %s', async path => {
    const answer = await client.ask(path, { headers: { Authorization: undefined } })
    expect(answer).toMatchObject({ status: 401, json: { error_code: 'token-missing', http_status: '401' } })
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="TAXII".*Bearer$/)
    expect(answer.headers['content-type']).toBe(TAXII)
  })

  test.each([
    ['another token', 'Bearer tocsin_x'],
    ['another scheme', 'Token tocsin_x'],
    ['Basic without a colon', `Basic ${Buffer.from('nobody').toString('base64')}`],
    ['Basic that is no base64', 'Basic !!!'],
  ])('is nobody with %s', async (_, authorization) => {
    expect(await client.ask('/taxii2/', { headers: { Authorization: authorization } })).toMatchObject({
      status: 401,
      json: { error_code: 'token-invalid' },
    })
  })
})

describe('Basic', () => {
  const basic = (user: string, password: string) => ({
    headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  })

  test('is the name of the token and the token', async () => {
    expect((await client.ask('/taxii2/', basic(client.name, client.token))).status).toBe(200)
  })

  test.each(['', 'client-2', 'Client-1'])('with the name "%s" of another is refused', async name => {
    expect((await client.ask('/taxii2/', basic(name, client.token))).status).toBe(401)
  })
})

describe('every address', () => {
  test.each(PATHS)('answers at %s, with and without the last slash', async path => {
    for (const asked of [path, path.slice(0, -1)]) {
      const answer = await client.ask(asked)
      expect([asked, answer.status, answer.headers['content-type']]).toEqual([asked, 200, TAXII])
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  })

  test('tells of a request to add, but to its own token alone', async () => {
    expect((await client.ask(statusPath)).json).toMatchObject({ status: 'complete', success_count: 1, total_count: 1 })
    expect((await client.ask(statusPath.slice(0, -1))).status).toBe(200)
    expect((await reader.ask(statusPath)).status).toBe(404)
    expect((await client.ask(`${ROOT}status/00000000-0000-4000-8000-000000000000/`)).status).toBe(404)
  })

  test.each(PATHS)('answers HEAD at %s without a body', async path => {
    const answer = await client.ask(path, { method: 'HEAD' })
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([200, '', TAXII])
  })

  test.each(['OPTIONS', 'PUT', 'PATCH', 'DELETE', 'POST'])('says what can be asked instead of %s', async method => {
    const answer = await client.ask(ROOT, { method })
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' }, json: { error_code: 'api-method' } })
    expect((await client.ask(`${EVERYTHING}objects/`, { method: 'PUT' })).headers.allow).toBe('GET, HEAD, POST')
  })

  test.each([
    ['/', 404],
    ['//taxii2/', 404],
    ['/taxii2//root/', 404],
    ['/taxii2/other/', 404],
    [`${ROOT}collections//`, 404],
    [`${ROOT}collections/00000000-0000-4000-8000-000000000000/`, 404],
    [`${ROOT}collections/..%2F..%2F/objects/`, 404],
    [`${EVERYTHING}objects/nonsense/`, 404],
    [ABSENT, 404],
    [`${ABSENT}versions/`, 404],
    ['/%', 404],
    [`${ROOT}collections/%ff/`, 404],
  ])('is %s none of them', async (path, status) => {
    const answer = await client.ask(path)
    expect([path, answer.status, answer.json.http_status]).toEqual([path, status, String(status)])
  })
})

describe('the media type', () => {
  test.each([
    TAXII,
    'application/taxii+json',
    'application/taxii+json; version=2.1',
    'application/taxii+json;version="2.1"',
    'APPLICATION/TAXII+JSON ; Version=2.1',
    '*/*',
    'application/*',
    'text/html, application/taxii+json;version=2.1;q=0.3',
    'text/html;q=0.9,*/*;q=0.1',
    undefined,
  ])('may be asked for as %s', async accept => {
    expect((await client.ask('/taxii2/', { headers: { Accept: accept } })).status).toBe(200)
  })

  test.each([
    'application/json',
    'application/stix+json;version=2.1',
    'application/taxii+json;version=2.0',
    'application/vnd.oasis.taxii+json; version=2.0',
    'application/taxii+json;version=2.1;q=0',
    'text/*',
    '',
    ',;,=',
  ])('is not %s', async accept => {
    expect(await client.ask('/taxii2/', { headers: { Accept: accept } })).toMatchObject({
      status: 406,
      json: { error_code: 'taxii-accept', http_status: '406' },
    })
  })

  const post = (contentType: string | undefined, more: AskOptions = {}) =>
    client.ask(`${EVERYTHING}objects/`, {
      method: 'POST',
      body: '{"objects":[5]}',
      ...more,
      headers: { 'Content-Type': contentType, ...more.headers },
    })

  test.each([TAXII, 'application/taxii+json', 'application/taxii+json; version="2.1"'])(
    'may be sent as %s',
    async type => {
      expect((await post(type)).status).toBe(202)
    },
  )

  test.each(['application/json', 'application/taxii+json;version=2.0', 'application/stix+json;version=2.1', undefined])(
    'is not sent as %s',
    async type => {
      expect(await post(type)).toMatchObject({ status: 415, json: { error_code: 'api-content-type' } })
    },
  )

  test('of the answer is asked for before something is published', async () => {
    expect((await post(TAXII, { headers: { Accept: 'text/html' } })).status).toBe(406)
  })
})

describe('a query', () => {
  const page = `${EVERYTHING}objects/?`
  test.each([
    'limit=0',
    'limit=-1',
    'limit=1.5',
    'limit=ten',
    'limit=',
    'limit=1&limit=2',
    'added_after=yesterday',
    'added_after=2026-02-30T00:00:00Z',
    'added_after=2026-01-01T00:00:00%2B01:00',
    'added_after=1&added_after=2',
    'next=x',
    'next=',
    `next=${Buffer.from('{"kind":"objects"}').toString('base64url')}`,
    'match[type]=indicator&match[type]=malware',
    'match[type]=',
    'match[type]=../x',
    'match[id]=x',
    'match[version]=newest',
    'match[version]=2026-01-01',
    'match[spec_version]=two',
    'match[foo]=bar',
    'foo=bar',
    `match[id]=${Array.from({ length: 101 }, () => 'malware--00000000-0000-4000-8000-000000000001').join(',')}`,
  ])('that says %s is refused', async query => {
    expect(await client.ask(page + query)).toMatchObject({ status: 400, json: { error_code: 'api-request-invalid' } })
  })

  test.each([
    '/taxii2/?limit=1',
    `${ROOT}?x=1`,
    `${ROOT}collections/?added_after=2026-01-01T00:00:00Z`,
    `${statusPathOf()}?a=b`,
  ])('is not passed over at %s', async path => {
    expect((await client.ask(path)).status).toBe(400)
  })

  test.each([
    [`${OBJECT}?match[type]=malware`, 400],
    [`${OBJECT}versions/?match[version]=all`, 400],
    [`${OBJECT}versions/?match[spec_version]=2.1`, 200],
    [`${OBJECT}?match[version]=all&added_after=2026-01-01T00:00:00.123456789Z`, 200],
  ])('asks at %s only what that has', async (path, status) => {
    expect((await client.ask(path)).status).toBe(status)
  })

  test('is clamped to a page', async () => {
    expect((await client.ask(`${page}limit=999999999`)).status).toBe(200)
  })

  test('that finds nothing is an empty page, without dates', async () => {
    const { json, headers } = await client.ask(`${page}added_after=2100-01-01T00:00:00Z`)
    expect(json).toEqual({})
    expect(headers['x-taxii-date-added-first']).toBeUndefined()
  })
})

describe('a body', () => {
  const post = (body: string | Uint8Array, from = client) =>
    from.ask(`${EVERYTHING}objects/`, { method: 'POST', body, headers: { 'Content-Type': TAXII } })

  test.each(['', '{', 'null', '5', '[]', '{}', '{"objects":{}}', '{"objects":[]}', '{"objects":"x"}'])(
    'that is %s is refused',
    async body => {
      expect(await post(body)).toMatchObject({ status: 400, json: { error_code: 'api-request-invalid' } })
    },
  )

  test('in another encoding is refused', async () => {
    expect((await post(Buffer.from('\uFEFF{"objects":[5]}', 'utf16le'))).status).toBe(400)
  })

  test('with too many objects is too large', async () => {
    expect((await post(JSON.stringify({ objects: Array.from({ length: 2_001 }, () => 1) }))).status).toBe(413)
  })

  test('above what the API root says is too large', async () => {
    const { max_content_length } = (await client.ask(ROOT)).json
    expect((await post(`{"objects":["${'x'.repeat(max_content_length)}"]}`)).status).toBe(413)
  })

  test('is taken from nobody who may not publish', async () => {
    expect((await reader.ask(EVERYTHING)).json.can_write).toBe(false)
    expect(await post('{"objects":[5]}', reader)).toMatchObject({
      status: 403,
      json: { error_code: 'token-forbidden' },
    })
  })
})

test('nothing is deleted, by nobody', async () => {
  for (const path of [OBJECT, ABSENT]) {
    expect(await client.ask(path, { method: 'DELETE' })).toMatchObject({
      status: 403,
      json: { error_code: 'taxii-append-only', description: expect.stringMatching(/withdraw/) },
    })
  }
})

test('a page of another name cannot ask here through a browser', async () => {
  expect((await client.ask('/taxii2/', { headers: { Host: 'evil.example' } })).status).toBe(403)
})

test('a head that is too long is refused before it is read', async () => {
  const { status } = await rawRequest(
    `GET /taxii2/ HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
  )
  expect(status).toBe(431)
})

test('whoever tries many tokens is slowed, and holds up nobody who has one', async () => {
  const answers = []
  for (let i = 0; i < 30; i++) {
    answers.push(
      (await send(new URL(world.server.url).origin, '/taxii2/', { headers: { Authorization: 'Bearer no' } })).status,
    )
  }
  expect(answers).toContain(503)
  expect((await client.ask('/taxii2/')).status).toBe(200)
})

function statusPathOf(): string {
  return `${ROOT}status/00000000-0000-4000-8000-000000000000/`
}

function rawRequest(text: string): Promise<{ readonly status: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number }>()
  const { hostname, port } = new URL(world.server.url)
  const socket = connect(Number(port), hostname, () => socket.write(text))
  socket.once('data', data => {
    resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(data.toString())?.[1]) })
    socket.destroy()
  })
  socket.once('error', reject)
  return promise
}
