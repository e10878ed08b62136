import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type Logger, silentLogger } from '../../src/base/ports.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { ROLE } from '../../src/registry/registry-doc.ts'
import { encode } from '../../src/wire/codec.ts'
import { Batch, type NationEntry } from '../../src/wire/gen/tocsin.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  hex,
  type RunningNode,
  ready,
  type StartOptions,
  startFrom,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, ownEntries, startRawMember } from '../support/node-raw-member.ts'
import { nextRegistry } from '../support/node-rotation.ts'
import { claimItem } from '../support/raw-items.ts'

const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

/** Version 2, in which the entry of one nation is another. */
function changed(alliance: TestAlliance, nation: string, change: Partial<NationEntry>): Uint8Array {
  const governors = alliance.members.map(({ root }) => root)
  return nextRegistry(alliance.allianceId, alliance.documents[0]!, governors, Date.now(), ({ nations }) => ({
    nations: nations.map(entry => (entry.nation === nation ? { ...entry, ...change } : entry)),
  }))
}

async function putInForce(nodes: readonly RunningNode[], document: Uint8Array): Promise<void> {
  await nodes[0]!.node.book.apply([{ type: EVIDENCE.DOCUMENT, body: document }], 'test')
  await until(() => nodes.every(({ node }) => node.book.directory().registry.version === 2), 10_000)
}

test('an observer follows all logs and the registry, and opens, says and is sealed nothing', async () => {
  await using alliance = await createTestAlliance(4, { roles: new Map([[3, [ROLE.OBSERVE]]]) })
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  await a.service.publish([domainDraft('before.example')])
  {
    await using auditor = await alliance.start(3, { config })
    await ready([auditor])
    await b.service.publish([domainDraft('live.example')])
    await converged([a, b, auditor])
    expect(auditor.member.kemKeys).toEqual([])
    expect(auditor.service.status()).toMatchObject({
      state: 'ready',
      problems: [],
      roles: ['OBSERVE'],
      indicators: 0,
      waiting: 2,
    })
    const refusal = auditor.service.publish([domainDraft('mine.example')])
    await expect(refusal).rejects.toMatchObject({
      code: 'publish-no-role',
      message: expect.stringContaining('OBSERVE'),
    })
    const [found] = await auditor.service.lookup(['live.example'])
    expect(found?.result).toBe('absent')
    for (const { node } of [a, b]) await node.checkpoint()
    const logs = [a, b].map(({ node }) => node.ownLog.current()!.logId)
    await until(() => logs.every(logId => auditor.node.book.checkpoints(logId).length > 0), 10_000)
    await auditor.node.cosign()
    expect(logs.flatMap(logId => auditor.node.book.checkpoints(logId)).flatMap(each => each.cosignatures)).toEqual([])
    await until(() => hex(auditor.node.book.digest()) === hex(a.node.book.digest()), 10_000)
  }
  // Nobody has made a slot for it, and a restart changes nothing.
  expect(
    a.node.book
      .directory()
      .audience(Date.now())
      .recipients.map(({ nation }) => nation),
  ).toEqual(['AAA', 'BBB', 'CCC'])
  await a.service.publish([domainDraft('later.example')])
  await using again = await alliance.start(3, { config })
  await ready([again])
  await converged([a, b, c, again])
  expect(again.service.status()).toMatchObject({ state: 'ready', indicators: 0, waiting: 3 })
  expect(again.node.ownLog.current()).toBeUndefined()
}, 60_000)

test('who has lost PUBLISH is refused, and what it signs all the same stands, shows and is told of', async () => {
  await using alliance = await createTestAlliance(3)
  const warnings: unknown[] = []
  const logger: Logger = { ...silentLogger, warn: (data, message) => warnings.push({ ...data, message }) }
  await using a = await alliance.start(0, { config })
  const b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config, logger })
  await ready([a, b, c])
  await b.service.publish([domainDraft('in-time.example')])
  await converged([a, b, c])
  await putInForce([a, b, c], changed(alliance, 'BBB', { roles: [ROLE.RECEIVE, ROLE.WITNESS] }))
  const refusal = b.service.publish([domainDraft('too-late.example')])
  await expect(refusal).rejects.toMatchObject({ code: 'publish-no-role' })
  const entries = await ownEntries(b)
  await b[Symbol.asyncDispose]()
  const told = () => JSON.stringify(warnings).split('a nation publishes that has not the role PUBLISH').length - 1
  expect(told()).toBe(0)

  const author = createRawAuthor(alliance, alliance.members[1]!, entries)
  const epoch = author.newEpoch()
  author.grant(epoch)
  author.sealed(epoch, new Uint8Array(0), { registryVersion: 2 })
  await using raw = await startRawMember(alliance, 1)
  await raw.gossip(...author.entries.slice(entries.length))
  await until(() => [a, c].every(({ service }) => service.status().entries === author.entries.length), 5000)
  await until(() => told() === 1, 5000)
  const items = [claimItem(utf8('0123456789abcdef'), 'all-the-same.example')]
  await raw.gossip(author.sealed(epoch, encode(Batch, { items }), { registryVersion: 2 }))
  await until(() => [a, c].every(({ service }) => service.status().indicators === 2), 5000)
  const [shown] = await c.service.lookup(['all-the-same.example'])
  expect(shown?.result).toBe('found')
  const views = await Promise.all([a, c].map(({ service }) => service.digest()))
  expect(views[0]!.view).toBe(views[1]!.view)
}, 60_000)

test('a ceiling that is lowered counts from the very next message on', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  const amber = (value: string) =>
    ({ kind: 'claim', draft: { type: 'domain', value, marking: { tlp: TLP.AMBER } } }) as const
  const green = (value: string) =>
    ({ kind: 'claim', draft: { type: 'domain', value, marking: { tlp: TLP.GREEN } } }) as const
  expect(await a.service.publish([amber('one.example')])).toMatchObject([{ outcome: 'new' }])
  await putInForce([a, b, c], changed(alliance, 'CCC', { maxTlp: TLP.GREEN }))
  const outcomes = await a.service.publish([amber('two.example'), green('three.example'), amber('four.example')])
  // What is above it goes to the others, under seal.
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['new', 'new', 'new'])
  await converged([a, c])
  expect(c.service.status().indicators).toBe(2)
}, 60_000)

test('who loses RECEIVE is sealed nothing more, from the very next message on', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  await a.service.publish([domainDraft('one.example')])
  await putInForce([a, b, c], changed(alliance, 'CCC', { roles: [ROLE.PUBLISH] }))
  await a.service.publish([domainDraft('two.example')])
  await converged([a, b, c])
  expect([b, c].map(({ service }) => service.status().indicators)).toEqual([2, 1])
  expect(c.service.status()).toMatchObject({ state: 'ready', roles: ['PUBLISH'] })
}, 60_000)

test('a node that is sealed to and lacks the KEM key for it says so', async () => {
  await using alliance = await createTestAlliance(2)
  const withoutKeys = { ...alliance, members: alliance.members.map(member => ({ ...member, kemKeys: [] })) }
  await using a = await alliance.start(0, { config })
  await using b = await startFrom(withoutKeys, 1, { config })
  await ready([a, b])
  expect(a.service.status()).toMatchObject({ state: 'ready', problems: [] })
  expect(b.service.status()).toMatchObject({
    state: 'degraded',
    problems: [{ grade: 'alarm', code: 'kem-key-missing' }],
  })
}, 60_000)
