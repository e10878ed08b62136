import { expect, test } from 'vitest'
import { logIdHex } from '../../src/base/ids.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, startRawMember } from '../support/node-raw-member.ts'
import { withdrawalItem } from '../support/raw-items.ts'

const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

/** AAA has two sites, BBB and CCC one each. */
const twoSites = () => createTestAlliance(3, { secondSites: [0] })
const SECOND = 3

async function viewsOf(nodes: readonly RunningNode[]): Promise<Set<string>> {
  return new Set(await Promise.all(nodes.map(async ({ service }) => (await service.digest()).view)))
}

function logOfSite({ node }: RunningNode): string {
  return logIdHex(node.ownLog.current()!.logId)
}

test('two sites of a nation write a log each, both read all, and one goes on when the other dies', async () => {
  await using alliance = await twoSites()
  const first = await alliance.start(0, { config })
  await using second = await alliance.start(SECOND, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([first, second, b, c])
  await first.service.publish([domainDraft('site-one.example')])
  await second.service.publish([domainDraft('site-two.example')])
  await b.service.publish([domainDraft('of-b.example')])
  await converged([first, second, b, c])
  expect(logOfSite(first)).not.toBe(logOfSite(second))
  expect((await viewsOf([first, second, b, c])).size).toBe(1)
  for (const { service } of [first, second, c]) {
    const found = await service.lookup(['site-one.example', 'site-two.example', 'of-b.example'])
    expect(found.map(({ result }) => result)).toEqual(['found', 'found', 'found'])
  }
  // Each calls its own log its own, and neither takes the other's for a stolen key.
  for (const site of [first, second]) {
    const own = site.service.status().logs.filter(log => log.own)
    expect(own.map(({ logId }) => logId)).toEqual([logOfSite(site)])
    expect(site.node.guard.state()).toEqual({ kind: 'open' })
    expect(site.service.status().state).toBe('ready')
  }
  expect(second.service.peers().filter(({ nation }) => nation === 'AAA')).toMatchObject([{ state: 'connected' }])

  await first[Symbol.asyncDispose]()
  const [outcome] = await second.service.publish([domainDraft('after-the-fire.example')])
  expect(outcome).toMatchObject({ outcome: 'new' })
  await converged([second, b, c])
  await using back = await alliance.start(0, { config })
  await ready([back])
  await converged([back, second, b, c])
  const [told] = await back.service.publish([domainDraft('site-one-again.example')])
  expect(told).toMatchObject({ outcome: 'new' })
  await converged([back, second, b, c])
  expect((await viewsOf([back, second, b, c])).size).toBe(1)
}, 60_000)

test('what one site has published is a duplicate at the other; said by both at once it is one claim', async () => {
  await using alliance = await twoSites()
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const first = await alliance.start(0, { config })
  const second = await alliance.start(SECOND, { config })
  await ready([first, second, b, c])
  await first.service.publish([domainDraft('once.example')])
  await converged([first, second, b])
  expect(await second.service.publish([domainDraft('once.example')])).toMatchObject([{ outcome: 'duplicate' }])

  const both = await Promise.all([first, second].map(({ service }) => service.publish([domainDraft('both.example')])))
  expect(new Set(both.map(([outcome]) => (outcome as { id: string }).id)).size).toBe(1)
  await converged([first, second, b, c])
  for (const { service } of [first, second, b]) {
    const [{ indicators } = { indicators: [] }] = await service.lookup(['both.example'])
    expect(indicators[0]?.claims).toHaveLength(1)
    expect(indicators[0]?.claims[0]).toMatchObject({ nation: 'AAA', conflict: false })
  }
  expect((await viewsOf([first, second, b, c])).size).toBe(1)
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
}, 60_000)

test('what one site asserts the other withdraws, for all and for good', async () => {
  await using alliance = await twoSites()
  await using first = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([first, b, c])
  const [outcome] = await first.service.publish([domainDraft('mistaken.example')])
  await converged([first, b, c])

  // As the command that withdraws will, in the log of the second site.
  const author = createRawAuthor(alliance, alliance.members[SECOND]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  author.batch(epoch, [withdrawalItem(Buffer.from((outcome as { id: string }).id, 'hex'))])
  await using raw = await startRawMember(alliance, SECOND, { only: [0, 1, 2] })
  await raw.gossip(...author.entries)
  const all = [first, b, c]
  await until(() => all.every(({ service }) => service.status().indicators === 0), 5000)
  await converged(all)
  expect((await viewsOf(all)).size).toBe(1)
  const [again] = await first.service.publish([domainDraft('mistaken.example')])
  expect(again).toMatchObject({ outcome: 'new' })
  expect((again as { id: string }).id).not.toBe((outcome as { id: string }).id)
}, 60_000)

test('both sites of a nation may cosign, and count once', async () => {
  await using alliance = await createTestAlliance(4, { secondSites: [1] })
  await using a = await alliance.start(0, { config })
  await using b1 = await alliance.start(1, { config })
  await using b2 = await alliance.start(4, { config })
  await using c = await alliance.start(2, { config })
  const all = [a, b1, b2, c]
  await ready(all)
  await a.service.publish([domainDraft('one.example')])
  await converged(all)
  await a.node.checkpoint()
  const log = a.node.ownLog.current()!
  await until(() => all.every(({ node }) => node.book.newestCheckpoint(log.logId) !== undefined), 5000)
  await b1.node.cosign()
  await b2.node.cosign()
  const voices = () => a.node.book.checkpoints(log.logId).flatMap(({ cosignatures }) => cosignatures).length
  await until(() => voices() === 2, 5000)
  expect(a.node.book.standingOf(log).quorate).toBeUndefined()
  await c.node.cosign()
  await until(() => a.node.book.standingOf(log).quorate?.size === log.size, 5000)
  // Neither cosigns the log of its own nation.
  await b1.service.publish([domainDraft('of-b.example')])
  await converged(all)
  await b1.node.checkpoint()
  const own = b1.node.ownLog.current()!
  await until(() => b2.node.book.newestCheckpoint(own.logId) !== undefined, 5000)
  await b2.node.cosign()
  expect(b2.node.book.checkpoints(own.logId).flatMap(({ cosignatures }) => cosignatures)).toEqual([])
}, 60_000)
