import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import { parseGenesis } from '../../src/chain/genesis.ts'
import type { PublishOutcome } from '../../src/node/orders/node-service.ts'
import { KIND, parseEnvelope } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  freePort,
  type RunningNode,
  ready,
  type StartOptions,
  systemClock,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt, ownEntries, startRawMember } from '../support/node-raw-member.ts'

function outcomes(list: readonly PublishOutcome[]): string[] {
  return list.map(({ outcome }) => outcome)
}

async function assertEqual(nodes: readonly RunningNode[]): Promise<void> {
  await converged(nodes)
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
}

/** Ids of what is in the log, in order: nothing may be there twice. */
async function claimedIds(node: RunningNode): Promise<string[]> {
  const page = await node.node.store.listItems({ kind: 1, limit: 1000 })
  expect(page.items.every(({ entries }) => entries.length === 1)).toBe(true)
  return page.items.map(({ value }) => value).sort()
}

test('publishes queue while nobody answers, survive a restart, and are signed once when a peer answers', async () => {
  await using alliance = await createTestAlliance(3)
  let ahead = 0
  const options: StartOptions = { clock: { now: () => systemClock.now() + ahead } }
  {
    await using a = await alliance.start(0, options)
    expect(outcomes(await a.service.publish([domainDraft('one.example'), domainDraft('two.example')]))).toEqual([
      'queued',
      'queued',
    ])
    expect(outcomes(await a.service.publish([domainDraft('one.example')]))).toEqual(['duplicate'])
    expect(a.service.status()).toMatchObject({ state: 'starting', queued: 2, entries: 0 })
  }
  await using a = await alliance.start(0, options)
  expect(a.service.status().queued).toBe(2)
  // The same again is accepted, for it may be new; it must not be signed twice.
  await a.service.publish([domainDraft('two.example'), domainDraft('three.example')])
  await using b = await alliance.start(1)
  await until(() => a.service.status().peersConnected === 1, 10_000)
  await until(() => a.service.peers().some(({ lastSyncMs }) => lastSyncMs > 0), 5000)
  expect(a.node.guard.state()).toEqual({ kind: 'waiting', answered: 1, needed: 2 })
  expect(a.service.status().entries).toBe(0)

  ahead = 61_000
  await until(() => a.service.status().queued === 0, 5000)
  await assertEqual([a, b])
  expect(await claimedIds(b)).toEqual(['one.example', 'three.example', 'two.example'])
  expect(outcomes(await a.service.publish([domainDraft('one.example')]))).toEqual(['duplicate'])
}, 30_000)

test('one that fills its quota keeps no other from signing after a start (R-5.6)', async () => {
  await using alliance = await createTestAlliance(2, { policy: { dailyEntriesPerNation: 4 } })
  await using a = await alliance.start(0)
  await a.service.incarnate()
  const flood = async (name: string) => {
    for (let i = 0; i < 8; i++) await a.service.publish([domainDraft(`${name}-${i}.example`)])
  }
  await flood('early')
  {
    await using b = await alliance.start(1)
    await until(() => b.service.status().problems.some(({ code }) => code === 'quota-reached'), 10_000)
  }
  await flood('late')
  await using b = await alliance.start(1)
  expect(outcomes(await b.service.publish([domainDraft('honest.example')]))).toEqual(['queued'])
  await until(() => b.service.status().queued === 0 && b.service.status().state === 'ready', 10_000)
  const { problems, catchUp } = b.service.status()
  expect(problems.map(({ code, occasion }) => [code, occasion])).toEqual([['quota-reached', a.member.nation]])
  expect(catchUp).toMatchObject([{ nation: a.member.nation, waitsUntilMs: expect.any(Number) }])
}, 30_000)

test('lets the operator go on alone, and an alliance of one waits for nobody', async () => {
  await using alliance = await createTestAlliance(3)
  {
    await using a = await alliance.start(0)
    expect(outcomes(await a.service.publish([domainDraft('alone.example')]))).toEqual(['queued'])
    expect(await a.service.incarnate()).toMatchObject({ incarnation: 1 })
    await until(() => a.service.status().queued === 0 && a.service.status().indicators === 1, 5000)
    expect(outcomes(await a.service.publish([domainDraft('more.example')]))).toEqual(['new'])
  }
  await using single = await createTestAlliance(1)
  await using s = await single.start(0)
  expect(outcomes(await s.service.publish([domainDraft('single.example')]))).toEqual(['new'])
  expect(s.service.status().state).toBe('ready')
}, 30_000)

test('an old copy of a store stops signing at once, forks nothing, and goes on as the next incarnation', async () => {
  await using alliance = await createTestAlliance(3)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const old = join(alliance.members[0]!.home, '..', 'old')
  const a = await alliance.start(0)
  await ready([a, b, c])
  await a.service.publish([domainDraft('before.example')])
  await a[Symbol.asyncDispose]()
  await cp(a.member.home, old, { recursive: true })
  {
    await using later = await alliance.start(0)
    await ready([later])
    await later.service.publish([domainDraft('after.example')])
    await converged([later, b, c])
  }
  const logOne = (await b.node.store.frontier())[0]!
  await using copy = await alliance.start(0, { home: old })
  const queued = await copy.service.publish([domainDraft('too-early.example')])
  await until(() => copy.node.guard.state().kind === 'stopped', 10_000)
  expect(copy.service.status()).toMatchObject({ state: 'degraded' })
  expect(copy.service.status().problems.map(({ code }) => code)).toContain('signing-head-ahead')
  await expect(copy.service.publish([domainDraft('stopped.example')])).rejects.toMatchObject({
    code: 'signing-head-ahead',
  })
  await converged([copy, b, c])
  expect(b.node.store.log(logOne.logId)?.head.size).toBe(logOne.size)

  expect(await copy.service.incarnate()).toMatchObject({ incarnation: 2 })
  expect(outcomes(await copy.service.publish([domainDraft('stopped.example')]))).toEqual(['new'])
  await until(() => copy.service.status().queued === 0, 5000)
  await assertEqual([copy, b, c])
  const [genesis] = await ownEntries(copy)
  expect(parseGenesis(genesis!.body).predecessor).toMatchObject({ logId: logOne.logId, size: logOne.size })
  expect(outcomes(queued)).toEqual(['queued'])
  expect(await claimedIds(c)).toEqual(['after.example', 'before.example', 'stopped.example', 'too-early.example'])
  expect([b, c].every(({ node }) => node.store.counts().evidence === 0)).toBe(true)
}, 40_000)

test('of two daemons with one key the one that hears the other stops, says why, and still does after a restart', async () => {
  await using alliance = await createTestAlliance(3)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const elsewhere = join(alliance.members[0]!.home, '..', 'elsewhere')
  const first = await alliance.start(0)
  await ready([first, b, c])
  await first.service.publish([domainDraft('before.example')])
  await converged([first, b, c])
  await first[Symbol.asyncDispose]()
  await cp(first.member.home, elsewhere, { recursive: true })

  await using a = await alliance.start(0)
  // The copy listens where nobody looks for it, and calls the others.
  const port = await freePort()
  const onOtherMachine: StartOptions = {
    home: elsewhere,
    config: each => ({ ...each, net: { ...each.net, listen: [`/ip4/127.0.0.1/tcp/${port}`] } }),
  }
  await ready([a])
  await a.service.publish([domainDraft('of-the-first.example')])
  {
    await using copy = await alliance.start(0, onOtherMachine)
    await until(() => copy.node.guard.state().kind === 'stopped', 20_000)
    await expect(copy.service.publish([domainDraft('of-the-copy.example')])).rejects.toMatchObject({
      code: 'signing-head-ahead',
      fix: expect.stringContaining('another daemon runs with the same keys'),
    })
    expect(copy.service.status()).toMatchObject({ state: 'degraded' })
  }
  await using again = await alliance.start(0, onOtherMachine)
  expect(again.node.guard.state().kind).toBe('stopped')
  await expect(again.service.publish([domainDraft('of-the-copy.example')])).rejects.toMatchObject({
    code: 'signing-head-ahead',
  })
  await converged([b, c])
  expect([b, c].every(({ service }) => service.alerts().length === 0)).toBe(true)
  expect(await claimedIds(c)).toEqual(['before.example', 'of-the-first.example'])
}, 60_000)

test('an emptied store with the same keys does not sign what was signed before', async () => {
  await using alliance = await createTestAlliance(3)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const a = await alliance.start(0)
  await ready([a, b, c])
  await a.service.publish(Array.from({ length: 30 }, (_, i) => domainDraft(`kept-${i}.example`)))
  await converged([a, b, c])
  const size = (await ownEntries(a)).length
  await a[Symbol.asyncDispose]()

  await using empty = await alliance.start(0, { home: join(a.member.home, '..', 'empty') })
  await until(() => empty.node.guard.state().kind === 'stopped', 10_000)
  await converged([empty, b, c])
  expect(await empty.service.incarnate()).toMatchObject({ incarnation: 2 })
  expect(outcomes(await empty.service.publish([domainDraft('kept-0.example'), domainDraft('next.example')]))).toEqual([
    'duplicate',
    'new',
  ])
  await assertEqual([empty, b, c])
  const [genesis] = await ownEntries(empty)
  expect(parseGenesis(genesis!.body).predecessor?.size).toBe(size)
  expect(c.service.status().indicators).toBe(31)
}, 40_000)

test('an own entry from elsewhere stops signing, and what was accepted before is refused rather than forked', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0)
  await using b = await startRawMember(alliance, 1)
  await until(() => a.node.guard.state().kind === 'open', 10_000)
  await a.service.publish([domainDraft('first.example')])
  const twin = createRawAuthor(alliance, a.member, await ownEntries(a))
  const foreign = twin.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) })

  const answers = Array.from({ length: 300 }, (_, i) => a.service.publish([domainDraft(`racing-${i}.example`)]))
  const sending = b.gossip(foreign)
  const settled = await Promise.allSettled(answers)
  await sending
  await until(() => a.node.guard.state().kind === 'stopped', 5000)
  const published = settled.flatMap(each => (each.status === 'fulfilled' ? outcomes(each.value) : []))
  expect(published.every(outcome => outcome === 'new')).toBe(true)
  await until(() => a.service.status().backlog === 0, 5000)
  expect(a.service.status().indicators).toBeGreaterThanOrEqual(published.length + 1)
  // Of what A sent no two entries contradict each other.
  const leaves = new Map<number, string>()
  for (const { header, leaf } of b.heard.map(parseEnvelope)) {
    expect(leaves.get(header.seq) ?? toHex(leaf)).toBe(toHex(leaf))
    leaves.set(header.seq, toHex(leaf))
  }
}, 30_000)

test('closes its log in good order when nothing is wrong, and the next one names it', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  for (const { service } of [a, b]) await service.incarnate()
  await a.service.publish([domainDraft('one.example')])
  const first = await ownEntries(a)
  // Publishing goes on while the log changes: what is sealed for one log must not end in the other.
  const racing = Array.from({ length: 40 }, (_, i) => a.service.publish([domainDraft(`during-${i}.example`)]))
  await a.service.incarnate()
  expect((await Promise.all(racing)).flat().every(({ outcome }) => outcome === 'new')).toBe(true)
  await assertEqual([a, b])
  expect(b.service.status()).toMatchObject({ indicators: 41, waiting: 0 })
  const old = await entriesAt(b, first[0]!.logId)
  const close = readContent(old.at(-1)!, 0)
  expect(close).toMatchObject({ kind: 'ok', content: { kind: 'close', finalSize: old.length } })
  const [genesis] = await ownEntries(a)
  expect(parseGenesis(genesis!.body)).toMatchObject({ incarnation: 2, predecessor: { size: old.length - 1 } })
  // Whoever comes later takes the closed log whole.
  await using c = await alliance.start(2)
  await assertEqual([a, b, c])
}, 30_000)

test('nodes that start together do not wait for each other', async () => {
  await using alliance = await createTestAlliance(4)
  const startAll = () => Promise.all([0, 1, 2, 3].map(index => alliance.start(index)))
  const stopAll = (nodes: readonly RunningNode[]) => Promise.all(nodes.map(node => node[Symbol.asyncDispose]()))
  for (let round = 0; round < 3; round++) {
    const nodes = await startAll()
    const answers = nodes.map(({ service, member }) =>
      service.publish([domainDraft(`${member.nation.toLowerCase()}-${round}.example`)]),
    )
    expect((await Promise.all(answers)).flat().every(({ outcome }) => outcome !== 'refused')).toBe(true)
    await ready(nodes)
    await until(() => nodes.every(({ service }) => service.status().queued === 0), 5000)
    await assertEqual(nodes)
    expect(nodes[0]!.service.status().indicators).toBe(4 * (round + 1))
    await stopAll(nodes)
  }
}, 60_000)
