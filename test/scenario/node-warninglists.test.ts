import { expect, test } from 'vitest'
import { fromBase64 } from '../../src/base/bytes.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { auditKindName } from '../../src/policy/audit-record.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { AuditRecord } from '../../src/wire/gen/store.ts'
import { converged, createTestAlliance, type RunningNode, ready, until } from '../support/node-alliance.ts'

const claim = (type: string, value: string, force?: boolean): PublishItem => ({
  kind: 'claim',
  draft: { type, value },
  ...(force !== undefined && { force }),
})

const counterOf = ({ service }: RunningNode, name: string) =>
  service
    .counters()
    .find(counter => counter.name === name)
    ?.values.map(({ labels, value }) => ({ ...labels, value }))

test('what a list blocks is not published unless somebody insists, and then the others are told', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await ready([a, b])

  const refused = await a.service.publish([
    claim('ipv4', '8.8.8.8'),
    claim('cidr', '8.8.8.0/24'),
    claim('md5', 'd41d8cd98f00b204e9800998ecf8427e'),
    claim('domain', 'co.uk'),
    claim('url', 'http://10.0.0.1/a'),
    claim('domain', 'evil.example'),
    claim('domain', 'evil-enough.com'),
  ])
  expect(refused.map(outcome => ('code' in outcome ? outcome.code : outcome.outcome))).toEqual([
    ...new Array<string>(5).fill('warninglist-blocked'),
    'new',
    'new',
  ])
  expect(refused[0]).toMatchObject({ reason: '8.8.8.8 is on the warninglist "public-resolvers" (8.8.8.8/32)' })
  expect(refused[5]).toMatchObject({ hits: [{ list: 'documentation-names', action: 'warn', entry: 'example' }] })
  expect(refused[6]).not.toHaveProperty('hits')

  const [forced] = await a.service.publish([claim('ipv4', '8.8.8.8', true)])
  expect(forced).toMatchObject({ outcome: 'new', hits: [{ list: 'public-resolvers', action: 'block' }] })
  const { records } = await a.service.audit({ from: 0, limit: 1000, purpose: 'list' })
  const decisions = records.map(({ bytes }) => decodeLoose(AuditRecord, fromBase64(bytes), false))
  const overridden = decisions.filter(({ kind }) => auditKindName(kind) === 'warninglist-overridden')
  expect(overridden).toMatchObject([{ by: 'local', name: 'public-resolvers' }])

  await converged([a, b])
  await until(() => counterOf(b, 'warninglist_claims_total')?.length === 2, 20_000)
  expect(counterOf(b, 'warninglist_claims_total')).toEqual([
    { nation: a.member.nation, action: 'block', value: 1 },
    { nation: a.member.nation, action: 'warn', value: 1 },
  ])
  expect(counterOf(a, 'warninglist_claims_total')).toEqual([])
  expect(b.service.status().problems).toContainEqual(
    expect.objectContaining({ code: 'warninglist-received', grade: 'warning' }),
  )

  const [found] = await b.service.lookup(['8.8.8.8'])
  expect(found!.indicators[0]).toMatchObject({
    score: 50,
    warnings: [{ list: 'public-resolvers', action: 'block', entry: '8.8.8.8/32' }],
  })
  const page = await b.service.list({ limit: 100, warned: true })
  expect(page.indicators.map(({ value }) => value)).toEqual(['evil.example', '8.8.8.8'])
}, 30_000)

test('what is stored already is seen as the lists are now', async () => {
  await using alliance = await createTestAlliance(1)
  await using lenient = await alliance.start(0, {
    config: config => ({ ...config, warninglists: { ...config.warninglists, builtin: false } }),
  })
  expect(await lenient.service.publish([claim('ipv4', '10.0.0.1'), claim('ipv4', '9.9.9.9')])).toMatchObject([
    { outcome: 'new' },
    { outcome: 'new' },
  ])
  await converged([lenient])
  expect((await lenient.service.list({ limit: 100, warned: true })).indicators).toEqual([])
  await lenient[Symbol.asyncDispose]()

  await using strict = await alliance.start(0)
  const { indicators } = await strict.service.list({ limit: 100, warned: true })
  expect(indicators.map(({ value, warnings }) => [value, warnings[0]?.list])).toEqual([
    ['10.0.0.1', 'private-addresses'],
    ['9.9.9.9', 'public-resolvers'],
  ])
  const lists = await strict.service.warninglists(true)
  expect(lists.filter(({ stored }) => stored !== 0).map(({ name, stored }) => [name, stored])).toEqual([
    ['private-addresses', 1],
    ['public-resolvers', 1],
  ])
  expect(strict.service.checkWarninglists(['9.9.9.9', '1.1.1.0/24', 'and/or', 'evil.com'])).toMatchObject([
    { type: 'ipv4', hits: [{ list: 'public-resolvers' }] },
    { type: 'cidr', hits: [{ list: 'public-resolvers' }] },
    { type: '', reason: expect.stringMatching(/./), hits: [] },
    { type: 'domain', hits: [] },
  ])
}, 30_000)
