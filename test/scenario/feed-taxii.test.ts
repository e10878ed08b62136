import { readFile, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { STIX_PREAMBLE, stixIdentity, stixMarkings } from '../../src/formats/stix-companion.ts'
import { stixIdentityId } from '../../src/formats/stix-id.ts'
import { createContextGiver } from '../../src/node/inlets/feed-context.ts'
import type { FeedLedger } from '../../src/node/inlets/feed-ledger.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import {
  addedAt,
  type FeedServer,
  sendTaxii,
  startFeedServer,
  stixIndicator,
  TAXII_TYPE,
} from '../support/feed-server.ts'
import { type FeedWorld, numbers, openFeedWorld } from '../support/feed-world.ts'

let world: FeedWorld

beforeAll(async () => {
  world = await openFeedWorld()
})

afterAll(() => world[Symbol.asyncDispose]())

/** A thousand times what it weighs. */
const BOMB = gzipSync(Buffer.alloc(20_000_000, 0x20))
const domain = (n: number) => `n${n}.taxii-feed.example`

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
    const feed = world.openFeed(taxiiAt(server.url, { labels: ['ours'], reliability: 'B2', source: 'Example CERT' }))
    expect(await feed.poll()).toMatchObject({ rows: 7, new: 7, refused: 0, fault: null })
    expect(server.asked).toEqual([
      '/root/collections/c1/objects/?limit=1000',
      '/root/collections/c1/objects/?limit=1000&next=3',
      '/root/collections/c1/objects/?limit=1000&next=6',
    ])
    const view = (await world.running.service.show(domain(0)))!
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
    expect(await world.show(domain(100))).toMatchObject({ state: 'active' })
  })

  test('is found by discovery, with the credentials of a file and as a media type that is TAXII 2.1', async () => {
    const password = join(world.folder, 'password')
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
    const feed = world.openFeed({ kind: 'taxii', url: `${server.url}/taxii2/`, auth })
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
    const feed = world.openFeed(taxiiAt(server.url))
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
    const feed = world.openFeed(taxiiAt(server.url))
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
    const feed = world.openFeed(taxiiAt(server.url))
    const dying: FeedLedger = { ...feed.ledger, write: () => Promise.reject(new Error('the power failed')) }
    expect(await feed.poll({}, {}, dying)).toMatchObject({ new: 4, fault: { code: 'internal' } })
    expect(await feed.poll({ resumes: true })).toMatchObject({ new: 0, duplicate: 4, fault: null })
    all.push({
      added: addedAt(345),
      object: stixIndicator(340, { revoked: true, modified: '2026-02-01T00:00:00.000Z' }),
    })
    expect(await feed.poll()).toMatchObject({ withdrawn: 1 })
    expect(await world.show(domain(340))).toEqual({ state: 'withdrawn', claims: 0, withdrawn: 1 })
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
    const report = await world.openFeed(taxiiAt(server.url, { timeoutSeconds: 1, mibMax: 1 })).poll()
    expect(report).toMatchObject({ new: 0, fault: { code } })
    expect(server.asked.length).toBeLessThan(40)
  })

  test('of another machine is asked by https alone, unless it is said otherwise', async () => {
    const feed = world.openFeed({ kind: 'taxii', url: 'http://192.0.2.1/root/', collection: 'c' })
    expect((await feed.poll()).fault).toMatchObject({
      code: 'feed-unreachable',
      message: expect.stringContaining('https'),
    })
  })

  test('that says the same again with another date says nothing new, and what it changes takes the place of the old', async () => {
    const objects = [stixIndicator(400), stixIndicator(401)]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const feed = world.openFeed(taxiiAt(server.url))
    await feed.poll()
    objects[0] = stixIndicator(400, { modified: '2026-03-01T00:00:00.000Z', valid_from: '2026-03-01T00:00:00.000Z' })
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 2, withdrawn: 0 })
    objects[0] = stixIndicator(400, { modified: '2026-04-01T00:00:00.000Z', description: 'seen again' })
    expect(await feed.poll()).toMatchObject({ new: 1, duplicate: 1 })
    const view = (await world.running.service.show(domain(400)))!
    expect(view).toMatchObject({ state: 'active', claims: [{ description: 'seen again' }] })
    expect(view.withdrawn[0]).toMatchObject({ continuedAs: view.claims[0]!.id })
  })

  test('does not bring back what an analyst has withdrawn here', async () => {
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects: [stixIndicator(420)] }))
    const feed = world.openFeed(taxiiAt(server.url))
    await feed.poll()
    const [claim] = (await world.running.service.show(domain(420)))!.claims
    await world.running.service.publish([{ kind: 'withdrawal', id: claim!.id, reason: 'a CDN' }])
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 1 })
    expect(await world.show(domain(420))).toMatchObject({ state: 'withdrawn' })
  })

  test('that suddenly gives far more is held with nothing of it published, until that is allowed once', async () => {
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: numbers(440, 460).map(n => stixIndicator(n)) }),
    )
    const feed = world.openFeed(taxiiAt(server.url, { newMax: 10 }))
    expect(await feed.poll()).toMatchObject({ new: 0, fault: { code: 'feed-held' } })
    expect(await world.show(domain(440))).toBeNull()
    expect(await feed.poll({ dryRun: true })).toMatchObject({ new: 20, fault: null })
    expect(await feed.poll({ released: true })).toMatchObject({ new: 20, fault: null })
  })

  test('that takes back far more than before is held, until that is allowed once', async () => {
    let revoked = false
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: numbers(470, 490).map(n => stixIndicator(n, revoked ? { revoked } : {})) }),
    )
    const feed = world.openFeed(taxiiAt(server.url, { removedMax: { count: 5, share: 0.1 } }))
    await feed.poll()
    revoked = true
    expect(await feed.poll()).toMatchObject({ withdrawn: 5, fault: { code: 'feed-held' } })
    expect(await feed.poll({ released: true })).toMatchObject({ withdrawn: 15, fault: null })
    expect(await world.show(domain(489))).toMatchObject({ state: 'withdrawn' })
  })

  test('is taken as far as its types, its marking and its makers go', async () => {
    const marking = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'
    const objects = [
      stixIndicator(500, { object_marking_refs: [marking] }),
      stixIndicator(501, { pattern: "[ipv4-addr:value = '198.51.100.77']" }),
      stixIndicator(502, { created_by_ref: stixIdentityId(world.running.node.nation) }),
      stixIndicator(503, { created_by_ref: stixIdentityId(world.alliance.members[1]!.nation) }),
      stixIndicator(504),
    ]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const report = await world.openFeed(taxiiAt(server.url, { types: ['domain'] })).poll()
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
      id: 'malware--11111111-1111-4111-8111-000000000001',
      created: time,
      modified: time,
      is_family: true,
      name: 'evil',
    }
    const objects = [malware, stixIdentity('BBB'), ...stixMarkings('TLP:GREEN', 'PAP:RED'), ...STIX_PREAMBLE]
    await using server = await startFeedServer((_, response) => sendTaxii(response, { objects }))
    const feed = world.openFeed(taxiiAt(server.url))
    expect(await feed.poll()).toMatchObject({
      rows: 6,
      new: 1,
      context: 1,
      refused: 5,
      refusals: [{ code: 'feed-echo' }],
    })
    const given = async () => 'BBB' as NationId
    expect(await world.openFeed(taxiiAt(server.url)).poll({}, { contextGiver: given })).toMatchObject({
      new: 0,
      refused: 6,
    })
    expect(await createContextGiver(world.running.node.store, silentLogger)(malware.id)).toBe(world.running.node.nation)
  })

  test('publishes nothing that anybody claims already where that is asked', async () => {
    const item: PublishItem = { kind: 'claim', draft: { type: 'domain', value: domain(520) } }
    await world.running.service.publish([item])
    await world.running.node.projector.settled()
    await using server = await startFeedServer((_, response) =>
      sendTaxii(response, { objects: [stixIndicator(520), stixIndicator(521)] }),
    )
    const report = await world.openFeed(taxiiAt(server.url, { onlyUnknown: true })).poll()
    expect(report).toMatchObject({ new: 1, refused: 1, refusals: [{ code: 'feed-known' }] })
  })
})
