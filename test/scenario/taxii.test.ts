import { describe, expect, test } from 'vitest'
import { TLP } from '../../src/indicator/marking.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { assertStix, hasStixSchemas } from '../support/stix-schema.ts'
import {
  createTaxiiWorld,
  TAXII,
  type TaxiiAnswer,
  type TaxiiClient,
  type TaxiiObject,
} from '../support/taxii-world.ts'

const ALL = 'tlp=RED,groups=any,publish,exercise'
const CREATED = '2026-01-01T00:00:00.000Z'

function claim(value: string, more: Partial<Extract<PublishItem, { kind: 'claim' }>['draft']> = {}): PublishItem {
  return { kind: 'claim', draft: { type: 'domain', value, marking: { tlp: TLP.GREEN }, ...more } }
}

const claims = (from: number, count: number) => Array.from({ length: count }, (_, i) => claim(`d${from + i}.example`))

/** Page after page by `next`, or by the last date where `byDate`; stops where more pages come than there can be. */
async function walk(
  client: TaxiiClient,
  query = '',
  { byDate = false, between = async (_page: number) => {} } = {},
): Promise<readonly TaxiiObject[]> {
  const objects: TaxiiObject[] = []
  let added = ''
  let next = ''
  for (let page = 0; page < 200; page++) {
    const mark = byDate ? added && `&added_after=${added}` : next && `&next=${next}`
    const { status, json, headers } = await client.get(`objects/?${query}${mark}`)
    expect(status).toBe(200)
    objects.push(...(json.objects ?? []))
    if (json.more !== true) return objects
    added = String(headers['x-taxii-date-added-last'] ?? added)
    next = json.next
    await between(page)
  }
  throw new Error('the pages do not end')
}

const ids = (objects: readonly TaxiiObject[]) => objects.map(({ id }) => id)

describe('a walk through the pages', () => {
  test('begins while what is held is still being read, and leaves out nothing', async () => {
    await using world = await createTaxiiWorld()
    for (const from of [0, 600]) await world.publish(...claims(from, 600))
    const client = await world.client(ALL)
    const whole = ids(await walk(client, 'limit=1000'))
    expect(new Set(whole).size).toBe(1200 + 11 + 1)
    await world.restart()
    expect(ids(await walk(client, 'limit=400'))).toEqual(whole)
    await world.restart()
    expect(ids(await walk(client, 'limit=1000&match[type]=identity,marking-definition'))).toHaveLength(11)
  })

  test('meets everything once, by next or by date, whatever the limit, and in the order of the manifest', async () => {
    await using world = await createTaxiiWorld()
    await world.publish(...claims(0, 40))
    await world.publish({ kind: 'sighting', draft: { type: 'domain', value: 'd3.example' } })
    const client = await world.client(ALL)
    const whole = ids(await walk(client))
    expect(whole).toHaveLength(40 + 1 + 11 + 1)
    expect(new Set(whole).size).toBe(whole.length)
    for (const limit of [1, 7, 52, 53, 1000]) {
      expect(ids(await walk(client, `limit=${limit}`))).toEqual(whole)
      expect(ids(await walk(client, `limit=${limit}`, { byDate: true }))).toEqual(whole)
    }
    const { objects } = (await client.get('manifest/?limit=1000')).json
    expect(ids(objects)).toEqual(whole)
    const dates = objects.map(({ date_added }) => date_added)
    expect(dates).toEqual([...new Set<string>(dates)].sort())
    for (const date of dates) expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  test('loses nothing and ends, while entries arrive and what it has met or will meet is withdrawn', async () => {
    await using world = await createTaxiiWorld()
    const published = await world.publish(...claims(0, 30))
    const client = await world.client(ALL)
    for (const byDate of [false, true]) {
      const from = byDate ? 200 : 100
      const met = await walk(client, 'limit=4&match[type]=indicator', {
        byDate,
        async between(page) {
          if (page > 5) return
          await world.publish(...claims(from + page * 3, 3))
          await world.publish({ kind: 'withdrawal', id: published[byDate ? page * 5 : page * 5 + 1]!, reason: 'wrong' })
        },
      })
      const last = new Map(met.map(each => [each.id, each]))
      const now = await walk(client, 'match[type]=indicator&limit=1000')
      expect(new Set(last.keys())).toEqual(new Set(ids(now)))
      // What a client keeps of each object in the end is what the server has.
      for (const each of now) expect(last.get(each.id)).toEqual(each)
    }
  })

  test('goes on after the daemon was started anew, with marks and dates of before', async () => {
    await using world = await createTaxiiWorld()
    await world.publish(...claims(0, 10))
    await world.publish({ kind: 'opinion', draft: { type: 'domain', value: 'd1.example', opinion: 'agree' } })
    const client = await world.client(ALL)
    const before = (await client.get('manifest/')).json
    await world.restart()
    expect((await client.get('manifest/')).json).toEqual(before)
  })

  test('asks with next alone, or repeats its filters, but cannot change them', async () => {
    await using world = await createTaxiiWorld()
    await world.publish(...claims(0, 5))
    const client = await world.client(ALL)
    const { json } = await client.get('objects/?limit=2&match[type]=indicator')
    const { next } = json
    const alone = await client.get(`objects/?next=${next}`)
    expect(alone.json.objects).toHaveLength(3)
    expect((await client.get(`objects/?next=${next}&match[type]=indicator&limit=3`)).json).toEqual(alone.json)
    expect((await client.get(`objects/?next=${next}&limit=1`)).json.objects).toHaveLength(1)
    for (const other of [`objects/?next=${next}&match[type]=malware`, `manifest/?next=${next}`]) {
      expect((await client.get(other)).status).toBe(400)
    }
    // A mark that was given once may be shown again, and after what comes later.
    await world.publish(...claims(50, 1))
    expect((await client.get(`objects/?next=${next}`)).json.objects).toHaveLength(4)
  })
})

describe('filters', () => {
  test('choose by id, type, version and specification, by lists, and all at once', async () => {
    await using world = await createTaxiiWorld()
    const client = await world.client(ALL)
    const malware = (version: string, name: string) => ({
      type: 'malware',
      spec_version: '2.1',
      id: 'malware--00000000-0000-4000-8000-000000000001',
      created: CREATED,
      modified: version,
      name,
      is_family: false,
    })
    const versions = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z']
    // The newest is not the last that came.
    for (const i of [0, 2, 1]) {
      await client.post([malware(versions[i]!, `v${i}`)])
      await world.node.node.projector.settled()
    }
    await world.publish(...claims(0, 2))
    const { id } = malware('', '')
    const names = async (query: string) => {
      const { status, json } = await client.get(`objects/?${query}`)
      return status === 200 ? (json.objects ?? []).map(({ name }) => name) : status
    }
    expect(await names(`match[id]=${id}`)).toEqual(['v2'])
    expect(await names('match[type]=malware')).toEqual(['v2'])
    expect(await names('match[type]=malware&match[version]=first')).toEqual(['v0'])
    expect(await names('match[type]=malware&match[version]=all')).toEqual(['v0', 'v2', 'v1'])
    expect(await names('match[type]=malware&match[version]=first,last')).toEqual(['v0', 'v2'])
    expect(await names(`match[type]=malware&match[version]=${versions[1]}`)).toEqual(['v1'])
    expect(await names('match[type]=malware&match[version]=2026-02-01T00:00:00Z,first')).toEqual(['v0', 'v1'])
    expect(await names('match[type]=malware&match[spec_version]=2.0')).toEqual([])
    expect(await names('match[type]=malware&match[spec_version]=2.0,2.1')).toEqual(['v2'])
    expect(await names(`match[type]=indicator&match[id]=${id}`)).toEqual([])
    expect(await names('match[type]=malware,indicator')).toEqual(['v2', 'domain d0.example', 'domain d1.example'])
    expect((await client.get(`objects/${id}/versions/`)).json).toEqual({
      more: false,
      versions: [versions[0], versions[2], versions[1]],
    })
    expect((await client.get(`objects/${id}/versions/?limit=2`)).json).toMatchObject({
      more: true,
      next: expect.any(String),
    })
    expect((await client.get(`objects/${id}/?match[version]=all`)).json.objects).toHaveLength(3)
    expect((await client.get(`objects/${id}/?added_after=2100-01-01T00:00:00Z`)).json).toEqual({})
  })
})

test('a claim that is withdrawn shows as revoked, in a version of its own that is added later', async () => {
  await using world = await createTaxiiWorld()
  const [id] = await world.publish(claim('bad.example'))
  const client = await world.client(ALL)
  const first = await client.get('objects/?match[type]=indicator')
  const [object] = first.json.objects
  expect(object.revoked).toBeUndefined()
  await world.publish({ kind: 'withdrawal', id: id!, reason: 'it was a CDN' })
  const after = await client.get(
    `objects/?match[type]=indicator&added_after=${first.headers['x-taxii-date-added-last']}`,
  )
  expect(after.json.objects).toMatchObject([{ id: object.id, revoked: true, created: object.created }])
  expect(after.json.objects[0].modified > object.modified).toBe(true)
  expect((await client.get('objects/?match[type]=indicator')).json.objects).toHaveLength(1)
})

test('an opinion on a value is told of again with each claim that comes later', async () => {
  await using world = await createTaxiiWorld()
  await world.publish(claim('bad.example'))
  await world.publish({ kind: 'opinion', draft: { type: 'domain', value: 'bad.example', opinion: 'agree' } })
  const client = await world.client(ALL)
  const before = await client.get('objects/?match[type]=opinion')
  expect(before.json.objects[0].object_refs).toHaveLength(1)
  await world.publish(claim('bad.example', { description: 'seen anew' }))
  const again = () =>
    client.get(`objects/?match[type]=opinion&added_after=${before.headers['x-taxii-date-added-last']}`)
  // Some milliseconds behind the claim.
  await expect.poll(async () => (await again()).json.objects?.length).toBe(1)
  const after = await again()
  expect(after.json.objects[0].object_refs).toHaveLength(2)
  expect((await client.get('objects/?match[type]=opinion')).json.objects).toEqual(after.json.objects)
})

describe('what a clearance hides (R-4.4)', () => {
  test('has a part in nothing that a client is told', async () => {
    await using world = await createTaxiiWorld()
    const green = await world.client('tlp=GREEN,types=domain')
    await world.publish(claim('a.example'))
    const before = await picture(green)
    await world.publish(
      claim('secret.example', { marking: { tlp: TLP.AMBER } }),
      claim('192.0.2.1', { type: 'ipv4' }),
      claim('exercise.example', { marking: { tlp: TLP.GREEN, exercise: true } }),
      {
        kind: 'context',
        json: '{"type":"malware","id":"malware--00000000-0000-4000-8000-000000000001"}',
        tlp: TLP.GREEN,
      },
      { kind: 'group', id: '01'.repeat(16), version: 1, prevHash: '', name: 'cell', members: ['AAA'], maxTlp: 0 },
    )
    await world.publish({
      kind: 'sighting',
      draft: { type: 'domain', value: 'a.example', marking: { tlp: TLP.AMBER } },
    })
    await world.publish({ ...claim('cell.example'), audience: { group: 'cell' } })
    expect(await picture(green)).toEqual(before)
    const all = await world.client(ALL)
    expect((await all.get('manifest/')).json.objects.length).toBeGreaterThan(before.manifest.objects.length + 5)
  })

  test('is not to be found by id, nor added to', async () => {
    await using world = await createTaxiiWorld()
    await world.publish(claim('secret.example', { marking: { tlp: TLP.AMBER } }))
    const all = await world.client(ALL)
    const green = await world.client('tlp=GREEN,publish')
    const [{ id }] = (await all.get('objects/?match[type]=indicator')).json.objects
    expect((await green.get(`objects/${id}/`)).status).toBe(404)
    expect((await green.get(`objects/${id}/versions/`)).status).toBe(404)
    expect((await green.get(`objects/?match[id]=${id}`)).json).toEqual({})
  })

  test('of a group is its collection, which is read and written by whoever may', async () => {
    await using world = await createTaxiiWorld()
    await world.publish({
      kind: 'group',
      id: '01'.repeat(16),
      version: 1,
      prevHash: '',
      name: 'cell',
      members: ['AAA'],
      maxTlp: 0,
    })
    await world.publish(claim('open.example'), { ...claim('cell.example'), audience: { group: 'cell' } })
    const outside = await world.client('tlp=RED,publish')
    const inside = await world.client('tlp=RED,groups=cell,publish')
    const collectionsOf = async (client: TaxiiClient) =>
      (await client.ask('/taxii2/root/collections/')).json.collections
    expect((await collectionsOf(outside)).map(({ title }) => title)).toEqual(['Everything'])
    const collections = await collectionsOf(inside)
    expect(collections.map(({ title }) => title)).toEqual(['Everything', 'cell'])
    const cell = collections[1]!
    const objects = `/taxii2/root/collections/${cell.id}/objects/`
    expect((await outside.ask(objects)).json).toMatchObject({
      title: 'there is no such collection',
      http_status: '404',
    })
    const names = (answer: TaxiiAnswer) =>
      answer.json.objects.filter(({ type }) => type === 'indicator').map(({ name }) => name)
    expect(names(await inside.ask(objects))).toEqual(['domain cell.example'])
    expect(names(await inside.get('objects/'))).toEqual(['domain open.example', 'domain cell.example'])
    expect(names(await outside.get('objects/'))).toEqual(['domain open.example'])
    const added = await inside.ask(objects, {
      method: 'POST',
      headers: { 'Content-Type': TAXII },
      body: JSON.stringify({ objects: [stixIndicator(1, 'posted.example')] }),
    })
    expect(added.json).toMatchObject({ success_count: 1 })
    await world.node.node.projector.settled()
    expect(names(await inside.ask(objects))).toEqual(['domain cell.example', 'domain posted.example'])
    expect(names(await outside.get('objects/'))).toEqual(['domain open.example'])
  })
})

describe('objects that are added', () => {
  test('go through the release guard, each with its outcome, and the same twice is no error', async () => {
    const policy = parsePolicyFile(
      'version: 1\nrules: [{ name: secrets, when: { value: secret.example }, action: deny }, { name: all, action: allow }]\n',
    )
    await using world = await createTaxiiWorld({ rules: { policy, operators: LOCAL_ONLY } })
    const client = await world.client('tlp=AMBER,publish')
    const red = { object_marking_refs: ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'] }
    const objects = [
      stixIndicator(1, 'bad.example'),
      stixIndicator(2, 'secret.example'),
      { ...stixIndicator(3, 'red.example'), ...red },
      { ...stixIndicator(4, 'gone.example'), revoked: true },
      {
        type: 'malware',
        spec_version: '2.1',
        id: 'malware--00000000-0000-4000-8000-000000000001',
        created: CREATED,
        modified: CREATED,
        name: 'm',
        is_family: true,
      },
      { ...stixIndicator(5, ''), pattern: '[nonsense' },
      'no object',
    ]
    const { status, json } = await client.post(objects)
    expect(status).toBe(202)
    expect(json).toMatchObject({
      status: 'complete',
      total_count: 7,
      success_count: 2,
      failure_count: 5,
      pending_count: 0,
    })
    expect(json.successes.map(({ id }) => id.split('--')[0])).toEqual(['indicator', 'malware'])
    expect(json.failures.map(({ message }) => message.split(':')[0])).toEqual([
      'guard-denied',
      'token-forbidden',
      'import-revoked',
      'import-pattern-invalid',
      'import-stix-invalid',
    ])
    await world.node.node.projector.settled()
    const again = await client.post([objects[0], objects[4]])
    expect(again.json).toMatchObject({ success_count: 2, failure_count: 0 })
    // What was read here comes back as what it is: nobody else's claim is made one's own.
    await world.node.node.projector.settled()
    const held = (await client.get('objects/')).json.objects
    expect((await client.post(held)).json).toMatchObject({ success_count: held.length, failure_count: 0 })
    await world.node.node.projector.settled()
    expect((await client.get('objects/')).json.objects).toEqual(held)
  })

  test('may come in a bundle instead of an envelope', async () => {
    await using world = await createTaxiiWorld()
    const client = await world.client(ALL)
    const id = 'bundle--00000000-0000-4000-8000-000000000001'
    const answer = await client.ask('/taxii2/root/collections/everything/objects/', {
      method: 'POST',
      headers: { 'Content-Type': TAXII },
      body: JSON.stringify({ type: 'bundle', id, objects: [stixIndicator(1, 'bad.example')] }),
    })
    expect(answer.json).toMatchObject({ success_count: 1 })
  })

  test('under an id of Tocsin, or of another maker, take no place from what is there', async () => {
    await using world = await createTaxiiWorld()
    await world.publish(claim('bad.example'))
    const client = await world.client(ALL)
    const [object] = (await client.get('objects/?match[type]=indicator')).json.objects
    const forged = {
      ...object,
      revoked: true,
      modified: '2099-01-01T00:00:00.000Z',
      pattern_type: 'snort',
      pattern: 'alert ip any any',
    }
    await client.post([{ ...forged, revoked: false }])
    await world.node.node.projector.settled()
    expect((await client.get(`objects/${object.id}/`)).json.objects).toEqual([object])
  })
})

test.runIf(hasStixSchemas())('every object that is served is STIX 2.1 by the schemas of the OASIS', async () => {
  await using world = await createTaxiiWorld()
  const [id] = await world.publish(
    claim('bad.example', {
      confidence: 80,
      labels: ['phishing', 'malicious-activity'],
      description: 'a "test"',
      lineage: 'observed',
    }),
    claim('192.0.2.7', { type: 'ipv4', validUntilMs: Date.UTC(2027, 0) }),
    claim("https://bad.example/a?b='c'", { type: 'url', marking: { tlp: TLP.AMBER_STRICT, pap: 2 } }),
    claim('44d88612fea8a8f36de82e1278abb02f', {
      type: 'md5',
      references: [{ sourceName: 'report', url: 'https://x.example/' }],
    }),
    claim('user@bad.example', { type: 'email', marking: { tlp: TLP.AMBER, exercise: true } }),
  )
  await world.publish(
    { kind: 'sighting', draft: { type: 'ipv4', value: '192.0.2.7', count: 3, firstSeenMs: 1_700_000_000_000 } },
    { kind: 'opinion', draft: { type: 'ipv4', value: '192.0.2.7', opinion: 'false-positive', comment: 'ours' } },
    { kind: 'withdrawal', id: id!, reason: 'wrong' },
  )
  const objects = await walk(await world.client(ALL))
  expect(new Set(objects.map(each => each.id.split('--')[0]))).toEqual(
    new Set(['identity', 'extension-definition', 'marking-definition', 'indicator', 'sighting', 'opinion']),
  )
  for (const object of objects) assertStix(object)
})

function stixIndicator(number: number, value: string) {
  const id = `indicator--00000000-0000-4000-8000-00000000000${number}`
  const rule = { pattern: `[domain-name:value = '${value}']`, pattern_type: 'stix', valid_from: CREATED }
  return { type: 'indicator', spec_version: '2.1', id, created: CREATED, modified: CREATED, ...rule }
}

/** All that a client can get to know. */
async function picture(client: TaxiiClient) {
  const collections = (await client.ask('/taxii2/root/collections/')).json
  const manifest = (await client.get('manifest/')).json
  const objects = await walk(client, 'limit=2')
  const { headers, json } = await client.get('objects/?limit=3')
  const dates = [headers['x-taxii-date-added-first'], headers['x-taxii-date-added-last']]
  // Its place is sealed, and looks different each time.
  const { after, ...next } = JSON.parse(Buffer.from(json.next ?? '', 'base64url').toString())
  expect(after).toMatch(/^[\w-]{48}$/)
  return { collections, manifest, objects, dates, next }
}
