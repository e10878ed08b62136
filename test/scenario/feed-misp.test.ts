import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { exported, exportedIndicator } from '../support/exported.ts'
import { startFeedServer } from '../support/feed-server.ts'
import { type FeedWorld, numbers, openFeedWorld } from '../support/feed-world.ts'

let world: FeedWorld

beforeAll(async () => {
  world = await openFeedWorld()
})

afterAll(() => world[Symbol.asyncDispose]())

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
    const feed = world.openFeed({ kind: 'misp', url: `${server.url}/misp` })
    expect(await feed.poll()).toMatchObject({ rows: 6, new: 6, fault: null })
    expect(await feed.poll()).toMatchObject({ rows: 0, fault: null })
    expect(server.asked.slice(4)).toEqual(['/misp/manifest.json'])
    // One attribute is deleted in one event, and another event is gone.
    events.set(1, { timestamp: '2', event: mispEvent(1, ['a1.misp-feed.example'], { timestamp: '1770000000' }) })
    events.delete(2)
    const asked = server.asked.length
    expect(await feed.poll()).toMatchObject({ rows: 1, new: 0, duplicate: 1, withdrawn: 3, fault: null })
    expect(server.asked.slice(asked)).toEqual(['/misp/manifest.json', `/misp/${uuid(1)}.json`])
    expect(await world.show('a1.misp-feed.example')).toEqual({ state: 'active', claims: 1, withdrawn: 0 })
    for (const gone of ['b1', 'a2', 'b2'])
      expect(await world.show(`${gone}.misp-feed.example`)).toMatchObject({ state: 'withdrawn' })
    expect(await world.show('a3.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test('that keeps what was removed takes nothing back', async () => {
    const events = new Map([
      [5, { timestamp: '1', event: mispEvent(5, ['a5.misp-feed.example', 'b5.misp-feed.example']) as unknown }],
    ])
    await using server = await mispServer(events)
    const feed = world.openFeed({ kind: 'misp', url: `${server.url}/misp`, onRemoved: 'keep' })
    await feed.poll()
    events.set(5, { timestamp: '2', event: mispEvent(5, ['a5.misp-feed.example']) })
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: null })
    events.delete(5)
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: null })
    expect(await world.show('b5.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test('with an event that is damaged or missing takes in the others, takes nothing back, and asks again', async () => {
    const whole = mispEvent(11, ['a11.misp-feed.example', 'b11.misp-feed.example'])
    const events = new Map([
      [10, { timestamp: '1', event: mispEvent(10, ['a10.misp-feed.example']) as unknown }],
      [11, { timestamp: '1', event: whole as unknown }],
    ])
    await using server = await mispServer(events)
    const feed = world.openFeed({ kind: 'misp', url: `${server.url}/misp` })
    await feed.poll()
    events.set(11, { timestamp: '2', event: JSON.stringify(whole).slice(0, -60) })
    events.set(12, { timestamp: '1', event: mispEvent(12, ['a12.misp-feed.example']) })
    const report = await feed.poll()
    expect(report).toMatchObject({ new: 1, withdrawn: 0, fault: { code: 'feed-answer-invalid' } })
    expect(await world.show('b11.misp-feed.example')).toMatchObject({ state: 'active' })
    events.set(11, { timestamp: '2', event: whole })
    expect(await feed.poll()).toMatchObject({ new: 0, duplicate: 2, fault: null })
  })

  test('whose manifest is suddenly all but empty takes nothing back until that is allowed', async () => {
    const events = new Map(
      numbers(20, 30).map(n => [n, { timestamp: '1', event: mispEvent(n, [`a${n}.misp-feed.example`]) as unknown }]),
    )
    await using server = await mispServer(events)
    const feed = world.openFeed({ kind: 'misp', url: `${server.url}/misp`, removedMax: { count: 3, share: 0.1 } })
    await feed.poll()
    for (const n of numbers(21, 30)) events.delete(n)
    expect(await feed.poll()).toMatchObject({ withdrawn: 0, fault: { code: 'feed-held' } })
    expect(await world.show('a29.misp-feed.example')).toMatchObject({ state: 'active' })
    expect(await feed.poll({ released: true })).toMatchObject({ withdrawn: 9, fault: null })
    expect(await world.show('a29.misp-feed.example')).toMatchObject({ state: 'withdrawn' })
    expect(await world.show('a20.misp-feed.example')).toMatchObject({ state: 'active' })
  })

  test.each(['[]', '{"../../etc/passwd": {}}', 'no json', `{"${uuid(1)}": 7}`])(
    'with the manifest %s is refused',
    async manifest => {
      await using server = await startFeedServer((_, response) => void response.writeHead(200).end(manifest))
      const { fault } = await world.openFeed({ kind: 'misp', url: server.url }).poll()
      expect(fault).toMatchObject({ code: 'import-misp-invalid' })
      expect(server.asked).toEqual(['/manifest.json'])
    },
  )

  test('that is an export of a member says nothing anew, also where a MISP has kept only what it knows', async () => {
    const author = world.alliance.members[1]!.nation
    const samples = ['once.misp-feed.example', 'twice.misp-feed.example'].map(value =>
      exportedIndicator('domain', value, { nations: [author], claim: { nation: author } }),
    )
    const { files } = exported(EXPORT_FORMATS.get('misp-feed')!, samples)
    const path = join(world.folder, 'misp-export')
    await mkdir(path)
    for (const [name, text] of files) {
      await writeFile(join(path, name), text.replaceAll(/,"tocsin":\{[^}]*\}/g, ''))
    }
    const report = await world.openFeed({ kind: 'misp', path }).poll()
    expect(report).toMatchObject({ rows: 2, new: 0, refused: 2, refusals: [{ code: 'feed-echo' }], fault: null })
    expect(await world.show('once.misp-feed.example')).toBe(null)
  })

  test('lies in a folder as well', async () => {
    const path = join(world.folder, 'misp')
    await mkdir(path)
    await writeFile(
      join(path, 'manifest.json'),
      JSON.stringify({ [uuid(40)]: { timestamp: 1 }, [uuid(41)]: { timestamp: 1 } }),
    )
    await writeFile(join(path, `${uuid(40)}.json`), JSON.stringify(mispEvent(40, ['a40.misp-feed.example'])))
    const feed = world.openFeed({ kind: 'misp', path })
    expect(await feed.poll()).toMatchObject({ new: 1, fault: { code: 'file-unreadable' } })
    await writeFile(join(path, `${uuid(41)}.json`), JSON.stringify(mispEvent(41, ['a41.misp-feed.example'])))
    expect(await feed.poll()).toMatchObject({ rows: 1, new: 1, fault: null })
  })
})
