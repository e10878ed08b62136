import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { STIX_PREAMBLE, stixIdentity, stixMarkings } from '../../src/formats/stix-companion.ts'
import { stixIdentityId } from '../../src/formats/stix-id.ts'
import { createContextGiver } from '../../src/node/feed-context.ts'
import { createFeedLedger, type FeedLedger } from '../../src/node/feed-ledger.ts'
import { type FeedPollOptions, type FeedTurn, pollFeed } from '../../src/node/feed-poll.ts'
import { type Feed, feedsSection } from '../../src/node/feeds-config.ts'
import type { PublishItem } from '../../src/node/node-service.ts'
import {
  addedAt,
  type FeedServer,
  sendTaxii,
  startFeedServer,
  stixIndicator,
  TAXII_TYPE,
} from '../support/feed-server.ts'
import { createTestAlliance, type RunningNode, type TestAlliance } from '../support/node-alliance.ts'

let alliance: TestAlliance
let running: RunningNode
let folder: string
let made = 0

beforeAll(async () => {
  alliance = await createTestAlliance(2)
  running = await alliance.start(0, {
    config: config => ({ ...config, publish: { ...config.publish, coalesceMs: 0 } }),
  })
  await running.service.incarnate()
  folder = await mkdtemp(join(tmpdir(), 'tocsin-feeds-'))
})

afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await alliance[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A thousand times what it weighs. */
const BOMB = gzipSync(Buffer.alloc(20_000_000, 0x20))

/** A feed of its own, polled by hand. */
function openFeed(text: object, name = `feed-${++made}`) {
  const [feed] = feedsSection.parse([{ name, ...text }]) as [Feed]
  const { node } = running
  const ledger = createFeedLedger(node.store, name)
  let entries = 0
  const options: FeedPollOptions = {
    nation: node.nation,
    nations: () => node.book.directory().registry.nations.keys(),
    store: node.store,
    publisher: node.publisher,
    contextGiver: createContextGiver(node.store),
    folder,
    clock: node.clock,
  }
  return {
    ledger,
    async poll(turn: Partial<FeedTurn> = {}, more: Partial<FeedPollOptions> = {}, through: FeedLedger = ledger) {
      const defaults = { dryRun: false, released: false, resumes: false, entries, signal: AbortSignal.timeout(20_000) }
      const polled = await pollFeed(feed, through, { ...options, ...more }, { ...defaults, ...turn })
      entries = polled.entries
      await node.projector.settled()
      const { rows, new: fresh, duplicate, queued, held, refused } = polled.report
      expect(rows).toBe(fresh + duplicate + queued + held + refused)
      return polled.report
    },
  }
}

const show = async (value: string) => {
  const view = await running.service.show(value)
  return view === null ? null : { state: view.state, claims: view.claims.length, withdrawn: view.withdrawn.length }
}
const domain = (n: number) => `n${n}.taxii-feed.example`
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** A collection that pages as TAXII says; `all` grows. */
function collection(all: { readonly added: string; readonly object: object }[], pageSize: number) {
  return (response: ServerResponse, url: URL) => {
    const after = url.searchParams.get('added_after') ?? ''
    const from = Number(url.searchParams.get('next') ?? 0)
    const page = all.filter(({ added }) => added > after).slice(from, from + pageSize)
    const more = all.filter(({ added }) => added > after).length > from + pageSize
    const headers = page.length === 0 ? {} : dates(page[0]!.added, page.at(-1)!.added)
    sendTaxii(
      response,
      { more, ...(more && { next: String(from + pageSize) }), objects: page.map(one => one.object) },
      headers,
    )
  }
}

const dates = (first: string, last: string) => ({ 'x-taxii-date-added-first': first, 'x-taxii-date-added-last': last })
const taxiiAt = (url: string, more: object = {}) => ({ kind: 'taxii', url: `${url}/root/`, collection: 'c1', ...more })

describe('a TAXII collection', () => {
  test('is read page by page, and then only what came since', async () => {
    const all = numbers(0, 7).map(n => ({ added: addedAt(n), object: stixIndicator(n) }))
    const answer = collection(all, 3)
    await using server = await startFeedServer((_, response, url) => answer(response, url))
    const feed = openFeed(taxiiAt(server.url, { labels: ['ours'], reliability: 'B2', source: 'Example CERT' }))
    expect(await feed.poll()).toMatchObject({ rows: 7, new: 7, refused: 0, fault: null })
    expect(server.asked).toEqual([
      '/root/collections/c1/objects/?limit=1000',
      '/root/collections/c1/objects/?limit=1000&next=3',
      '/root/collections/c1/objects/?limit=1000&next=6',
    ])
    const view = (await running.service.show(domain(0)))!
    expect(view.claims[0]).toMatchObject({
      lineage: 'relayed',
      source: 'Example CERT',
      sourceId: stixIndicator(0).id,
      confidence: 70,
      labels: ['admiralty-scale:information-credibility="2"', 'admiralty-scale:source-reliability="b"', 'ours'],
    })
    // Some of the last are given again, for servers whose clocks are coarse.
    expect(await feed.poll()).toMatchObject({ new: 0, refused: 0, fault: null })
    all.push({ added: addedAt(100), object: stixIndicator(100) })
    expect(await feed.poll()).toMatchObject({ new: 1, fault: null })
    expect(await show(domain(100))).toMatchObject({ state: 'active' })
  })

  test('is found by discovery, with the credentials of a file and as a media type that is TAXII 2.1', async () => {
    const password = join(folder, 'password')
    await writeFile(password, 'wrong\n', { mode: 0o600 })
    await using server = await startFeedServer((request, response, { pathname }) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('cert:right').toString('base64')}`) {
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
      } else if (pathname === '/taxii2/')
        sendTaxii(response, { title: 'x', api_roots: ['/other/', '/api1/'], default: '/api1/' })
      else if (pathname === '/api1/collections/') {
        sendTaxii(response, {
          collections: [
            { id: 'no', title: '', can_read: false },
            { id: 'c 9', title: 'all', can_read: true },
          ],
        })
      } else if (pathname === '/api1/collections/c%209/objects/') sendTaxii(response, { objects: [stixIndicator(200)] })
      else response.writeHead(404).end()
    })
    const auth = { user: 'cert', passwordFile: password }
    const feed = openFeed({ kind: 'taxii', url: `${server.url}/taxii2/`, auth })
    expect((await feed.poll()).fault).toMatchObject({ code: 'feed-denied' })
    // A new password is taken up by the next poll.
    await writeFile(password, 'right\n')
    expect(await feed.poll()).toMatchObject({ new: 1, fault: null })
    expect(server.headers().accept).toBe(TAXII_TYPE)
  })

  test('that breaks off goes on where it was, and gives nothing twice', async () => {
    const all = numbers(300, 309).map(n => ({ added: addedAt(n), object: stixIndicator(n) }))
    const answer = collection(all, 3)
    let down = false
    await using server = await startFeedServer((_, response, url) => {
      if (down || url.searchParams.get('next') === '6') response.destroy()
      else answer(response, url)
    })
    const feed = openFeed(taxiiAt(server.url))
    expect(await feed.poll()).toMatchObject({ new: 6, fault: { code: 'feed-unreachable' } })
    down = true
    expect((await feed.poll()).fault).toMatchObject({ code: 'feed-unreachable' })
    down = false
    server.answer = (_, response, url) => answer(response, url)
    expect(await feed.poll()).toMatchObject({ rows: 3, new: 3, duplicate: 0, fault: null })
  })

  test('whose server has forgotten its page is begun anew, and recognised', async () => {
    const all = numbers(320, 326).map(n => ({ added: addedAt(n), object: stixIndicator(n) }))
    const answer = collection(all, 3)
    await using server = await startFeedServer((_, response, url) => {
      if (url.searchParams.has('next')) response.destroy()
      else answer(response, url)
    })
    const feed = openFeed(taxiiAt(server.url))
    expect(await feed.poll()).toMatchObject({ new: 3 })
    server.answer = (_, response, url) => {
      if (url.searchParams.get('next') === '3' && server.asked.length === 3) response.writeHead(400).end()
      else answer(response, url)
    }
    const again = await feed.poll()
    expect(again).toMatchObject({ new: 3, fault: null })
    expect(again.duplicate).toBeGreaterThan(0)
  })

  test('of which the node died amid a page is read again, and what was published is known to be of it', async () => {
    const all = numbers(340, 344).map(n => ({ added: addedAt(n), object: stixIndicator(n) }))
    await using server = await startFeedServer((_, response, url) => collection(all, 10)(response, url))
    const feed = openFeed(taxiiAt(server.url))
    const dying: FeedLedger = { ...feed.ledger, write: () => Promise.reject(new Error('the power failed')) }
    expect(await feed.poll({}, {}, dying)).toMatchObject({ new: 4, fault: { code: 'internal' } })
    expect(await feed.poll({ resumes: true })).toMatchObject({ new: 0, duplicate: 4, fault: null })
    all.push({
      added: addedAt(345),
      object: stixIndicator(340, { revoked: true, modified: '2026-02-01T00:00:00.000Z' }),
    })
    expect(await feed.poll()).toMatchObject({ withdrawn: 1 })
    expect(await show(domain(340))).toEqual({ state: 'withdrawn', claims: 0, withdrawn: 1 })
  })

  test.each<[string, FeedServer['answer'], string]>([
    [
      'gives the same page for ever',
      (_, response) => sendTaxii(response, { more: true, next: 'a', objects: [] }),
      'feed-paging',
    ],
    [
      'gives empty pages for ever',
      (_, response, url) => sendTaxii(response, { more: true, next: String(Number(url.searchParams.get('next')) + 1) }),
      'feed-paging',
    ],
    ['says more and not how', (_, response) => sendTaxii(response, { more: true, objects: [] }), 'feed-paging'],
    [
      'ends in the middle',
      (_, response) => void response.writeHead(200, { 'content-type': TAXII_TYPE }).end('{"objects":['),
      'feed-answer-invalid',
    ],
    [
      'ends before it said it would',
      (_, response) => {
        response.writeHead(200, { 'content-type': TAXII_TYPE, 'content-length': '100' }).write('{"objects":')
        setImmediate(() => response.destroy())
      },
      'feed-unreachable',
    ],
    [
      'answers a web page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'feed-answer-invalid',
    ],
    [
      'answers another form',
      (_, response) => sendTaxii(response, { objects: 'none', more: 'yes' }),
      'feed-answer-invalid',
    ],
    [
      'answers what is too large',
      (_, response) => sendTaxii(response, { objects: ['x'.repeat(1_100_000)] }),
      'feed-answer-invalid',
    ],
    [
      'packs what is too large',
      (_, response) => {
        response.writeHead(200, { 'content-type': TAXII_TYPE, 'content-encoding': 'gzip' }).end(BOMB)
      },
      'feed-answer-invalid',
    ],
    [
      'packs badly',
      (_, response) =>
        void response.writeHead(200, { 'content-type': TAXII_TYPE, 'content-encoding': 'gzip' }).end('x'),
      'feed-unreachable',
    ],
    [
      'leads elsewhere',
      (_, response) => void response.writeHead(302, { location: 'http://127.0.0.2:1/' }).end(),
      'feed-answer-invalid',
    ],
    [
      'leads in a circle',
      (_, response) => void response.writeHead(307, { location: '?x' }).end(),
      'feed-answer-invalid',
    ],
    ['says nothing', () => {}, 'feed-unreachable'],
    ['has too much to do', (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end(), 'feed-busy'],
    ['knows no such collection', (_, response) => void response.writeHead(404).end(), 'feed-answer-invalid'],
  ])('of a server that %s is told of', async (_, answer, code) => {
    await using server = await startFeedServer(answer)
    const report = await openFeed(taxiiAt(server.url, { timeoutSeconds: 1, mibMax: 1 })).poll()
    expect(report).toMatchObject({ new: 0, fault: { code } })
    expect(server.asked.length).toBeLessThan(40)
  })

  test('of another machine is asked by https alone, unless it is said otherwise', async () => {
    const feed = openFeed({ kind: 'taxii', url: 'http://192.0.2.1/root/', collection: 'c' })
    expect((await feed.poll()).fault).toMatchObject({
      code: 'feed-unreachable',
      message: expect.stringContaining('https'),
    })
  })

  test('that says the same again with another date says nothing new, and what it changes takes the place of the old', async () => {
    const objects = [stixIndicator(400), stixIndicator(401)]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const feed = openFeed(taxiiAt(server.url))
    await feed.poll()
    objects[0] = stixIndicator(400, { modified: '2026-03-01T00:00:00.000Z', valid_from: '2026-03-01T00:00:00.000Z' })
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 2, withdrawn: 0 })
    objects[0] = stixIndicator(400, { modified: '2026-04-01T00:00:00.000Z', description: 'seen again' })
    expect(await feed.poll()).toMatchObject({ new: 1, duplicate: 1 })
    const view = (await running.service.show(domain(400)))!
    expect(view).toMatchObject({ state: 'active', claims: [{ description: 'seen again' }] })
    expect(view.withdrawn[0]).toMatchObject({ continuedAs: view.claims[0]!.id })
  })

  test('does not bring back what an analyst has withdrawn here', async () => {
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects: [stixIndicator(420)] }))
    const feed = openFeed(taxiiAt(server.url))
    await feed.poll()
    const [claim] = (await running.service.show(domain(420)))!.claims
    await running.service.publish([{ kind: 'withdrawal', id: claim!.id, reason: 'a CDN' }])
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 1 })
    expect(await show(domain(420))).toMatchObject({ state: 'withdrawn' })
  })

  test('that suddenly gives far more is held with nothing of it published, until that is allowed once', async () => {
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: numbers(440, 460).map(n => stixIndicator(n)) }),
    )
    const feed = openFeed(taxiiAt(server.url, { newMax: 10 }))
    expect(await feed.poll()).toMatchObject({ new: 0, fault: { code: 'feed-held' } })
    expect(await show(domain(440))).toBeNull()
    expect(await feed.poll({ dryRun: true })).toMatchObject({ new: 20, fault: null })
    expect(await feed.poll({ released: true })).toMatchObject({ new: 20, fault: null })
  })

  test('that takes back far more than before is held, until that is allowed once', async () => {
    let revoked = false
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: numbers(470, 490).map(n => stixIndicator(n, revoked ? { revoked } : {})) }),
    )
    const feed = openFeed(taxiiAt(server.url, { removedMax: { count: 5, share: 0.1 } }))
    await feed.poll()
    revoked = true
    expect(await feed.poll()).toMatchObject({ withdrawn: 5, fault: { code: 'feed-held' } })
    expect(await feed.poll({ released: true })).toMatchObject({ withdrawn: 15, fault: null })
    expect(await show(domain(489))).toMatchObject({ state: 'withdrawn' })
  })

  test('is taken as far as its types, its marking and its makers go', async () => {
    const marking = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'
    const objects = [
      stixIndicator(500, { object_marking_refs: [marking] }),
      stixIndicator(501, { pattern: "[ipv4-addr:value = '198.51.100.77']" }),
      stixIndicator(502, { created_by_ref: stixIdentityId(running.node.nation) }),
      stixIndicator(503, { created_by_ref: stixIdentityId(alliance.members[1]!.nation) }),
      stixIndicator(504),
    ]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const report = await openFeed(taxiiAt(server.url, { types: ['domain'] })).poll()
    expect(report).toMatchObject({ rows: 5, new: 1, refused: 4 })
    expect(report.refusals.map(({ code, count }) => `${code} ${count}`)).toEqual([
      'feed-above-marking 1',
      'feed-type 1',
      'feed-echo 2',
    ])
    expect((await readFile(report.deadLetter, 'utf8')).trim().split('\n')).toHaveLength(4)
  })

  test('gives no context that the alliance has, and none that every export of ours says', async () => {
    const time = '2026-01-01T00:00:00.000Z'
    const malware = {
      type: 'malware',
      spec_version: '2.1',
      id: `malware--${uuid(1)}`,
      created: time,
      modified: time,
      is_family: true,
      name: 'evil',
    }
    const objects = [malware, stixIdentity('BBB'), ...stixMarkings('TLP:GREEN', 'PAP:RED'), ...STIX_PREAMBLE]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const feed = openFeed(taxiiAt(server.url))
    expect(await feed.poll()).toMatchObject({
      rows: 6,
      new: 1,
      context: 1,
      refused: 5,
      refusals: [{ code: 'feed-echo' }],
    })
    const given = async () => 'BBB' as NationId
    expect(await openFeed(taxiiAt(server.url)).poll({}, { contextGiver: given })).toMatchObject({ new: 0, refused: 6 })
    expect(await createContextGiver(running.node.store)(malware.id)).toBe(running.node.nation)
  })

  test('publishes nothing that anybody claims already where that is asked', async () => {
    const item: PublishItem = { kind: 'claim', draft: { type: 'domain', value: domain(520) } }
    await running.service.publish([item])
    await running.node.projector.settled()
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: [stixIndicator(520), stixIndicator(521)] }),
    )
    const report = await openFeed(taxiiAt(server.url, { onlyUnknown: true })).poll()
    expect(report).toMatchObject({ new: 1, refused: 1, refusals: [{ code: 'feed-known' }] })
  })
})

const uuid = (n: number) => `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`

function mispEvent(n: number, values: readonly string[], more: object = {}) {
  const Attribute = values.map((value, i) => ({
    uuid: `22222222-2222-4222-8222-${String(n * 1000 + i).padStart(12, '0')}`,
    type: 'domain',
    value,
    to_ids: true,
    timestamp: '1760000000',
    ...more,
  }))
  const Orgc = { name: 'Example Org', uuid: uuid(999) }
  return { Event: { uuid: uuid(n), info: `event ${n}`, timestamp: '1760000000', Orgc, Attribute } }
}

describe('a MISP feed', () => {
  /** `events`: by number, their time and what is in them. */
  async function mispServer(events: Map<number, { timestamp: string; event: unknown }>) {
    return startFeedServer((request, response, { pathname }) => {
      const manifest = JSON.stringify(
        Object.fromEntries([...events].map(([n, { timestamp }]) => [uuid(n), { timestamp }])),
      )
      const etag = `"${Buffer.from(manifest).toString('base64').slice(-40)}${manifest.length}"`
      if (pathname === '/misp/manifest.json') {
        if (request.headers['if-none-match'] === etag) response.writeHead(304).end()
        else response.writeHead(200, { 'content-type': 'application/json', etag }).end(manifest)
        return
      }
      const found = [...events].find(([n]) => pathname === `/misp/${uuid(n)}.json`)
      if (found === undefined) response.writeHead(404).end()
      else
        response
          .writeHead(200)
          .end(typeof found[1].event === 'string' ? found[1].event : JSON.stringify(found[1].event))
    })
  }

  test('is read event by event as they change, and what they give no longer is withdrawn', async () => {
    const events = new Map(
      numbers(1, 4).map(n => [
        n,
        { timestamp: '1', event: mispEvent(n, [`a${n}.misp-feed.example`, `b${n}.misp-feed.example`]) as unknown },
      ]),
    )
    await using server = await mispServer(events)
    const feed = openFeed({ kind: 'misp', url: `${server.url}/misp` })
    expect(await feed.poll()).toMatchObject({ rows: 6, new: 6, fault: null })
    expect(await feed.poll()).toMatchObject({ rows: 0, fault: null })
    expect(server.asked.slice(4)).toEqual(['/misp/manifest.json'])
    // One attribute is deleted in one event, and another event is gone.
    events.set(1, { timestamp: '2', event: mispEvent(1, ['a1.misp-feed.example'], { timestamp: '1770000000' }) })
    events.delete(2)
    const asked = server.asked.length
    expect(await feed.poll()).toMatchObject({ rows: 1, new: 0, duplicate: 1, withdrawn: 3, fault: null })
    expect(server.asked.slice(asked)).toEqual(['/misp/manifest.json', `/misp/${uuid(1)}.json`])
    expect(await show('a1.misp-feed.example')).toEqual({ state: 'active', claims: 1, withdrawn: 0 })
    for (const gone of ['b1', 'a2', 'b2'])
      expect(await show(`${gone}.misp-feed.example`)).toMatchObject({ state: 'withdrawn' })
    expect(await show('a3.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test('that keeps what was removed takes nothing back', async () => {
    const events = new Map([
      [5, { timestamp: '1', event: mispEvent(5, ['a5.misp-feed.example', 'b5.misp-feed.example']) as unknown }],
    ])
    await using server = await mispServer(events)
    const feed = openFeed({ kind: 'misp', url: `${server.url}/misp`, onRemoved: 'keep' })
    await feed.poll()
    events.set(5, { timestamp: '2', event: mispEvent(5, ['a5.misp-feed.example']) })
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: null })
    events.delete(5)
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: null })
    expect(await show('b5.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test('with an event that is damaged or missing takes in the others, takes nothing back, and asks again', async () => {
    const whole = mispEvent(11, ['a11.misp-feed.example', 'b11.misp-feed.example'])
    const events = new Map([
      [10, { timestamp: '1', event: mispEvent(10, ['a10.misp-feed.example']) as unknown }],
      [11, { timestamp: '1', event: whole as unknown }],
    ])
    await using server = await mispServer(events)
    const feed = openFeed({ kind: 'misp', url: `${server.url}/misp` })
    await feed.poll()
    events.set(11, { timestamp: '2', event: JSON.stringify(whole).slice(0, -60) })
    events.set(12, { timestamp: '1', event: mispEvent(12, ['a12.misp-feed.example']) })
    const report = await feed.poll()
    expect(report).toMatchObject({ new: 1, withdrawn: 0, fault: { code: 'feed-answer-invalid' } })
    expect(await show('b11.misp-feed.example')).toMatchObject({ state: 'active' })
    events.set(11, { timestamp: '2', event: whole })
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 2, fault: null })
  })

  test('whose manifest is suddenly all but empty takes nothing back until that is allowed', async () => {
    const events = new Map(
      numbers(20, 30).map(n => [n, { timestamp: '1', event: mispEvent(n, [`a${n}.misp-feed.example`]) as unknown }]),
    )
    await using server = await mispServer(events)
    const feed = openFeed({ kind: 'misp', url: `${server.url}/misp`, removedMax: { count: 3, share: 0.1 } })
    await feed.poll()
    for (const n of numbers(21, 30)) events.delete(n)
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: { code: 'feed-held' } })
    expect(await show('a29.misp-feed.example')).toMatchObject({ state: 'active' })
    expect(await feed.poll({ released: true })).toMatchObject({ withdrawn: 9, fault: null })
    expect(await show('a29.misp-feed.example')).toMatchObject({ state: 'withdrawn' })
    expect(await show('a20.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test.each(['[]', '{"../../etc/passwd": {}}', 'no json', `{"${uuid(1)}": 7}`])(
    'with the manifest %s is refused',
    async manifest => {
      await using server = await startFeedServer((_, response) => void response.writeHead(200).end(manifest))
      const { fault } = await openFeed({ kind: 'misp', url: server.url }).poll()
      expect(fault).toMatchObject({ code: 'import-misp-invalid' })
      expect(server.asked).toEqual(['/manifest.json'])
    },
  )

  test('lies in a folder as well', async () => {
    const path = join(folder, 'misp')
    await mkdir(path)
    await writeFile(
      join(path, 'manifest.json'),
      JSON.stringify({ [uuid(40)]: { timestamp: 1 }, [uuid(41)]: { timestamp: 1 } }),
    )
    await writeFile(join(path, `${uuid(40)}.json`), JSON.stringify(mispEvent(40, ['a40.misp-feed.example'])))
    const feed = openFeed({ kind: 'misp', path })
    expect(await feed.poll()).toMatchObject({ new: 1, fault: { code: 'file-unreadable' } })
    await writeFile(join(path, `${uuid(41)}.json`), JSON.stringify(mispEvent(41, ['a41.misp-feed.example'])))
    expect(await feed.poll()).toMatchObject({ rows: 1, new: 1, fault: null })
  })
})

describe('a drop folder', () => {
  async function dropFolder(more: object = {}) {
    const path = await mkdtemp(join(folder, 'drop-'))
    return { path, feed: openFeed({ kind: 'folder', path, settleSeconds: 0, ...more }) }
  }

  test('gives each file once, and keeps it with what was refused of it', async () => {
    const { path, feed } = await dropFolder()
    await writeFile(join(path, 'list.txt'), 'c1.drop.example\nnot a value\nc2.drop.example\n')
    await writeFile(join(path, 'packed.csv.gz'), gzipSync('value,description\nc3.drop.example,x\n'))
    await writeFile(join(path, 'bad.json'), '{"a": 1}')
    await writeFile(join(path, 'amid.txt.part'), 'c4.drop.example\n')
    await writeFile(join(path, 'secret'), 'c5.drop.example\n')
    await rename(join(path, 'secret'), join(folder, 'secret'))
    await symlink(join(folder, 'secret'), join(path, 'link.txt'))
    expect(await feed.poll()).toMatchObject({
      rows: 5,
      new: 3,
      refused: 2,
      fault: { code: 'import-format-unsupported' },
    })
    expect((await readdir(path)).sort()).toEqual(['amid.txt.part', 'done', 'failed', 'link.txt'])
    const done = (await readdir(join(path, 'done'))).map(name => name.replace(/^\d{8}T\d{6}Z-/, '')).sort()
    expect(done).toEqual(['list.txt', 'list.txt.refused.ndjson', 'packed.csv.gz'])
    expect(await readdir(join(path, 'failed'))).toHaveLength(2)
    expect(await show('c5.drop.example')).toBeNull()
    expect(await feed.poll()).toMatchObject({ rows: 0, fault: null })
  })

  test('waits until a file has come to rest', async () => {
    const { path, feed } = await dropFolder({ settleSeconds: 1 })
    const file = join(path, 'growing.txt')
    await writeFile(file, 'd1.drop.example\n')
    const polling = feed.poll()
    await pause(300)
    await writeFile(file, 'd1.drop.example\nd2.drop.example\n')
    expect(await polling).toMatchObject({ rows: 0 })
    expect(await feed.poll()).toMatchObject({ rows: 2, new: 2 })
  })

  test('gives what was read when the node died once', async () => {
    const { path, feed } = await dropFolder()
    const text = numbers(0, 1500)
      .map(n => `e${n}.drop.example\n`)
      .join('')
    await writeFile(join(path, 'long.txt'), text)
    let writes = 0
    const dying: FeedLedger = {
      ...feed.ledger,
      write: change => (++writes > 1 ? Promise.reject(new Error('killed')) : feed.ledger.write(change)),
    }
    expect(await feed.poll({}, {}, dying)).toMatchObject({ new: 1500, fault: { code: 'internal' } })
    expect(await readdir(path)).toContain('long.txt')
    expect(await feed.poll({ resumes: true })).toMatchObject({ rows: 1500, new: 0, duplicate: 1500, fault: null })
  })

  test('does not write where a link of others leads', async () => {
    const { path, feed } = await dropFolder()
    const precious = join(folder, 'precious')
    await writeFile(precious, 'keep me')
    await writeFile(join(path, 'x.txt'), 'not a value\nf1.drop.example\n')
    await symlink(precious, join(path, '.x.txt.refused'))
    expect((await feed.poll()).fault).not.toBeNull()
    expect(await readFile(precious, 'utf8')).toBe('keep me')
  })

  test('that is not there is told of', async () => {
    const feed = openFeed({ kind: 'folder', path: join(folder, 'nowhere'), settleSeconds: 0 })
    expect((await feed.poll()).fault).toMatchObject({ code: 'feed-path' })
  })
})
