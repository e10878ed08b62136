import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/ports.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { TLP } from '../../src/indicator/marking.ts'
import type { PublishItem, PublishOutcome } from '../../src/node/orders/node-service.ts'
import { KIND } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, ownEntries, servingEntries, startRawMember } from '../support/node-raw-member.ts'
import { claimItem, withdrawalItem } from '../support/raw-items.ts'

async function withPair(use: (a: RunningNode, b: RunningNode, alliance: TestAlliance) => Promise<void>) {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await ready([a, b])
  await use(a, b, alliance)
}

async function assertSameView(nodes: readonly RunningNode[]): Promise<void> {
  await converged(nodes)
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
}

function tally(outcomes: readonly PublishOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

test('the same draft twice at once makes one claim, and both callers wait until it is durable', async () => {
  await withPair(async (a, b) => {
    const twice = await Promise.all([1, 2, 3].map(() => a.service.publish([domainDraft('same.example')])))
    expect(tally(twice.flat())).toEqual({ new: 1, duplicate: 2 })
    const inOne = await a.service.publish([
      domainDraft('SAME.example.'),
      domainDraft('x.example'),
      domainDraft('x.example'),
    ])
    expect(tally(inOne)).toMatchObject({ new: expect.any(Number), duplicate: expect.any(Number) })
    await assertSameView([a, b])
    for (const value of ['same.example', 'x.example']) {
      const [found] = await b.service.lookup([value])
      expect(found!.indicators[0]!.claims.length).toBeGreaterThan(0)
    }
    const page = await b.node.store.listItems({ kind: ITEM.INDICATOR, limit: 100 })
    expect(page.items.every(({ entries }) => entries.length === 1)).toBe(true)
  })
}, 30_000)

test('five thousand drafts over four callers are published once each', async () => {
  await withPair(async (a, b) => {
    const all = Array.from({ length: 5000 }, (_, i) => domainDraft(`n${i}.example`))
    const outcomes: PublishOutcome[] = []
    let next = 0
    const caller = async () => {
      for (let from = next; from < all.length; from = next) {
        next += 100
        // Each hundred overlaps the one before, as a repeated import does.
        outcomes.push(...(await a.service.publish(all.slice(Math.max(0, from - 20), from + 100))))
      }
    }
    await Promise.all([1, 2, 3, 4].map(caller))
    expect(tally(outcomes)).toEqual({ new: 5000, duplicate: 49 * 20 })
    await assertSameView([a, b])
    expect(b.service.status()).toMatchObject({ indicators: 5000, claims: 5000 })
    expect(a.service.status().logs.find(({ own }) => own)?.size).toBeLessThan(400)
    expect(a.node.store.counts().outbox).toBeLessThan(50)
  })
}, 60_000)

test('bad drafts are outcomes with codes and hold up no others', async () => {
  await withPair(async a => {
    const red: PublishItem = {
      kind: 'claim',
      draft: { type: 'domain', value: 'red.example', marking: { tlp: TLP.RED } },
    }
    const drafts: PublishItem[] = [
      { kind: 'claim', draft: { type: 'ipv4', value: '999.1.1.1' } },
      domainDraft('com'),
      red,
      { kind: 'claim', draft: { type: 'domain', value: '' } },
      { kind: 'claim', draft: { type: 'sha256', value: 'abc' } },
      { kind: 'claim', draft: { type: 'domain', value: 'long.example', description: 'd'.repeat(200_000) } },
      { kind: 'context', json: JSON.stringify({ type: 'note', id: 'note--1', content: 'x'.repeat(70_000) }) },
      { kind: 'claim', draft: { type: 'domain', value: 'times.example', validFromMs: 2, validUntilMs: 1 } },
      domainDraft('good.example'),
      { kind: 'claim', draft: { type: 'ipv4', value: '10.0.0.1' } },
      { kind: 'claim', draft: { type: 'ipv4', value: '192.0.2.1' } },
    ]
    const outcomes = await a.service.publish(drafts)
    expect(outcomes.map(each => (each.outcome === 'refused' ? each.code : each.outcome))).toEqual([
      'indicator-invalid',
      'indicator-invalid',
      'release-red-needs-recipients',
      'indicator-invalid',
      'indicator-invalid',
      'new',
      'content-too-large',
      'claim-invalid',
      'new',
      'warninglist-blocked',
      'new',
    ])
    const [warned] = outcomes.slice(-1)
    expect(warned).toMatchObject({ outcome: 'new', warnings: [expect.stringContaining('192.0.2.1')] })
    await expect(a.service.publish(Array.from({ length: 1001 }, () => domainDraft('x.example')))).rejects.toMatchObject(
      {
        code: 'publish-too-many',
      },
    )
  })
}, 30_000)

test('a burst of single publishes shares messages, and an idle node sends one at once', async () => {
  await withPair(async (a, b) => {
    await a.service.publish([domainDraft('first.example')])
    await new Promise(resolve => setTimeout(resolve, 300))
    const started = performance.now()
    await a.service.publish([domainDraft('idle.example')])
    expect(performance.now() - started).toBeLessThan(150)

    const before = (await ownEntries(a)).length
    await Promise.all(Array.from({ length: 200 }, (_, i) => a.service.publish([domainDraft(`burst-${i}.example`)])))
    expect((await ownEntries(a)).length - before).toBeLessThan(20)
    await assertSameView([a, b])
  })
}, 30_000)

test('time never falls within a log, and a restart continues it under a new epoch', async () => {
  await using alliance = await createTestAlliance(2)
  await using b = await alliance.start(1)
  let offsetMs = 0
  const clock: Clock = { now: () => Date.now() + offsetMs }
  {
    await using a = await alliance.start(0, { clock })
    await ready([a, b])
    await a.service.publish([domainDraft('one.example')])
    offsetMs = -3_600_000
    await a.service.publish([domainDraft('two.example')])
    await converged([a, b])
  }
  await using a = await alliance.start(0, { clock })
  await ready([a])
  await a.service.publish([domainDraft('three.example')])
  await assertSameView([a, b])
  const entries = await ownEntries(a)
  const times = entries.map(({ header }) => header.timeMs)
  expect(times).toEqual(times.toSorted((x, y) => x - y))
  expect(entries.map(({ header }) => header.kind)).toEqual([1, 3, 2, 2, 3, 2])
  const epochs = entries.filter(({ header }) => header.kind === KIND.BATCH).map(({ header }) => toHex(header.epochId))
  expect(new Set(epochs).size).toBe(2)
  expect(epochs[0]).toBe(epochs[1])
  expect(b.service.status().indicators).toBe(3)
}, 30_000)

test('one id asserted twice differently shows the lesser at every node, and a withdrawal wins in either order', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  const author = createRawAuthor(alliance, alliance.members[2]!)
  await using raw = await startRawMember(alliance, 2)
  const [twice, gone, early] = ['twice', 'gone', 'early'].map(name => utf8(name.padEnd(16, '.'))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const epoch = author.newEpoch()
  author.grant(epoch)
  author.batch(epoch, [claimItem(twice, 'one.example'), claimItem(gone, 'gone.example'), withdrawalItem(early)])
  author.batch(epoch, [claimItem(twice, 'other.example'), withdrawalItem(gone), claimItem(early, 'early.example')])
  await raw.gossip(...author.entries)
  raw.serve(servingEntries(author.entries))
  await until(() => [a, b].every(({ service }) => service.status().entries === author.entries.length), 10_000)
  await assertSameView([a, b])
  for (const { service } of [a, b]) {
    const { indicators } = await service.list({ limit: 10 })
    expect(indicators).toHaveLength(1)
    expect(indicators[0]!.claims[0]).toMatchObject({ conflict: true })
  }
}, 30_000)

test('what was withdrawn can be asserted again, under a new id', async () => {
  await using alliance = await createTestAlliance(2)
  await using b = await alliance.start(1)
  const a = await alliance.start(0)
  await ready([a, b])
  const [first] = await a.service.publish([domainDraft('again.example')])
  await converged([a, b])
  const entries = await ownEntries(a)
  await a[Symbol.asyncDispose]()

  // As the command that withdraws will, in the same log.
  const id = first!.outcome === 'new' ? Buffer.from(first!.id, 'hex') : Buffer.alloc(16)
  const author = createRawAuthor(alliance, a.member, entries)
  const epoch = author.newEpoch()
  author.grant(epoch)
  author.batch(epoch, [withdrawalItem(id)])
  {
    await using raw = await startRawMember(alliance, 0, { only: [1] })
    await raw.gossip(...author.entries.slice(entries.length))
    await until(() => b.service.status().entries === author.entries.length, 5000)
  }
  await until(() => b.service.status().indicators === 0, 5000)
  await using again = await alliance.start(0)
  await until(() => again.service.status().indicators === 0 && again.service.status().backlog === 0, 10_000)
  await again.service.incarnate()
  const [second] = await again.service.publish([domainDraft('again.example')])
  expect(second).toMatchObject({ outcome: 'new' })
  expect(second!.outcome === 'new' && second!.id).not.toBe(first!.outcome === 'new' && first!.id)
  expect(await again.service.publish([domainDraft('again.example')])).toMatchObject([{ outcome: 'duplicate' }])
  await assertSameView([again, b])
  expect(b.service.status().indicators).toBe(1)
}, 40_000)

test('rebuilding the view and opening the log anew give the same bytes', async () => {
  await withPair(async (a, b) => {
    await a.service.publish(Array.from({ length: 300 }, (_, i) => domainDraft(`kept-${i}.example`)))
    await b.service.publish(Array.from({ length: 100 }, (_, i) => domainDraft(`kept-${i * 2}.example`)))
    await assertSameView([a, b])
    const { view } = await a.service.digest()
    const rebuilt = await a.service.rebuildView()
    expect(rebuilt).toMatchObject({ viewBefore: view, viewAfter: view, indicators: 300, items: 400 })
    const reopened = await a.service.reopenItems()
    expect(reopened).toMatchObject({ viewBefore: view, viewAfter: view, indicators: 300, items: 400 })
    await a.service.publish([domainDraft('after.example')])
    await assertSameView([a, b])
  })
}, 30_000)

test('stopping while much is being published leaves nobody waiting and loses nothing that was acknowledged', async () => {
  await using alliance = await createTestAlliance(2)
  await using b = await alliance.start(1)
  const a = await alliance.start(0)
  await ready([a, b])
  const drafts = Array.from({ length: 3000 }, (_, i) => domainDraft(`s${i}.example`))
  const calls = Promise.allSettled([0, 1000, 2000].map(from => a.service.publish(drafts.slice(from, from + 1000))))
  await until(() => a.service.status().indicators > 100, 5000)
  await a[Symbol.asyncDispose]()
  const settled = await calls
  await expect(a.service.publish([domainDraft('late.example')])).rejects.toMatchObject({ code: 'store-closed' })

  await using again = await alliance.start(0)
  await ready([again])
  const outcomes: PublishOutcome[] = []
  for (const from of [0, 1000, 2000]) outcomes.push(...(await again.service.publish(drafts.slice(from, from + 1000))))
  await assertSameView([again, b])
  expect(b.service.status()).toMatchObject({ indicators: 3000, claims: 3000 })
  const page = await b.node.store.listItems({ kind: ITEM.INDICATOR, limit: 1000 })
  expect(page.items.every(({ entries }) => entries.length === 1)).toBe(true)
  settled.forEach((call, i) => {
    if (call.status === 'rejected') return
    expect(tally(outcomes.slice(i * 1000, (i + 1) * 1000))).toEqual({ duplicate: 1000 })
  })
}, 40_000)
