import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { auditKindName } from '../../src/policy/audit-record.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { createTestAlliance } from '../support/node-alliance.ts'

const POLICY = `version: 1
rules:
  - name: not this
    when: { domain: secret.cert-watch.info }
    action: deny
  - name: no sources
    redact: [source]
  - name: the rest
    action: allow
`

const claim = (value: string, source?: string) => {
  return { kind: 'claim', draft: { type: 'domain', value, ...(source !== undefined && { source }) } } as const
}

test('a node records who did what and why, and no value of it', { timeout: 30_000 }, async () => {
  await using alliance = await createTestAlliance(1)
  const level = memoryLevel()
  const rules = { policy: parsePolicyFile(POLICY), operators: LOCAL_ONLY }
  {
    await using running = await alliance.start(0, { store: await openStore({ level }), rules })
    const { service, node } = running
    const drafts = ['a', 'b', 'c'].map(name => claim(`${name}.cert-watch.info`, name === 'b' ? 'a friend' : undefined))
    const outcomes = await service.publish([...drafts, claim('secret.cert-watch.info'), claim('no domain at all')])
    expect(outcomes.map(({ outcome }) => outcome).slice(3)).toEqual(['refused', 'refused'])
    await node.publisher.settled()
    await node.projector.settled()
    await service.lookup(['a.cert-watch.info', 'z.cert-watch.info'])
    await service.list({ limit: 10 })
    await service.show('secret.cert-watch.info')
    await service.rebuildView()
    await service.audit({ from: 0, limit: 1, purpose: 'export' })
  }
  await using store = await openStore({ level })
  const records = await auditRecords(store)
  const kinds = records.map(({ kind }) => auditKindName(kind))
  expect(kinds.slice(0, 3)).toEqual(['started', 'policy-loaded', 'policy-loaded'])
  expect(kinds.slice(-1)).toEqual(['stopped'])
  for (const kind of ['registry-applied', 'incarnated', 'granted', 'key-used', 'view-rebuilt', 'exported']) {
    expect(kinds).toContain(kind)
  }

  const released = await auditRecords(store, 'released')
  const runs = released.flatMap(record => record.runs)
  expect(runs.reduce((sum, { count }) => sum + count, 0)).toBe(3)
  const rest = 'rule 3 "the rest" (line 8)'
  expect(runs.every(({ rule, by }) => rule === rest && by === 'local')).toBe(true)
  expect(runs.filter(({ changedBy }) => changedBy.length > 0)).toMatchObject([
    { count: 1, changedBy: ['rule 2 "no sources" (line 6)'] },
  ])
  expect((await auditRecords(store, 'redacted')).map(({ count }) => count)).toEqual([1])
  const [refused] = await auditRecords(store, 'refused')
  expect(refused).toMatchObject({ by: 'local', count: 2 })
  expect(refused?.runs).toMatchObject([
    { code: 'guard-denied', rule: 'rule 1 "not this" (line 3)' },
    { code: 'indicator-invalid', rule: '' },
  ])
  expect((await auditRecords(store, 'read')).map(({ name, count, by }) => [name, count, by])).toEqual([
    ['lookup of 2', 1, 'local'],
    ['list', 3, 'local'],
    ['show', 0, 'local'],
  ])

  const [granted] = await auditRecords(store, 'granted')
  expect(granted).toMatchObject({ readers: ['AAA'], audience: 'alliance' })
  expect(toHex(granted!.logId)).toBe(toHex(released[0]!.logId))
  const bytes = (await store.auditRecords(0, 1000)).map(line => Buffer.from(line.bytes).toString('latin1')).join()
  for (const text of ['cert-watch', 'a friend', 'no domain']) expect(bytes).not.toContain(text)
})
