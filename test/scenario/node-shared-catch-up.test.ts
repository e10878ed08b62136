import { expect, test } from 'vitest'
import { EMPTY } from '../../src/base/bytes.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import { decodeLoose } from '../../src/wire/codec.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import { Envelope } from '../../src/wire/gen/tocsin.ts'
import { converged, createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor, ownEntries, servingEntries, startRawMember } from '../support/node-raw-member.ts'

/** What comes of a member that serves what it should not. */

function domains(name: string, count: number): PublishItem[] {
  return Array.from({ length: count }, (_, i) => domainDraft(`${name}-${i}.example`))
}

const held = ({ node }: RunningNode, logId: Uint8Array) => node.store.log(logId as never)?.head.size ?? 0

test('what one peer spoils is fetched from another, and who spoiled it is named', async () => {
  await using alliance = await createTestAlliance(3)
  await using raw = await startRawMember(alliance, 2, { peers: 0 })
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  for (let i = 0; i < 40; i++) author.batch(epoch, [{ type: 77, body: new TextEncoder().encode(`item ${i}`) }])
  const spoiled = servingEntries(author.entries)
  raw.serve({
    ...spoiled,
    entries: async (logId, from, count) =>
      (await spoiled.entries!(logId, from, count)).map(entry => ({ ...entry, signature: new Uint8Array(64).fill(7) })),
  })
  await using a = await alliance.start(0)
  await until(() => a.service.peers().some(({ faults }) => faults > 0), 10_000)
  expect(held(a, author.logId)).toBe(0)
  const spoiler = a.service.peers().find(({ nation }) => nation === alliance.members[2]!.nation)
  expect(spoiler?.faults).toBeGreaterThan(0)
  expect(a.service.status().problems.map(({ code }) => code)).toContain('sync-peer-spoils')

  // The same log from somebody who holds it as it is.
  raw.serve(spoiled)
  await until(() => held(a, author.logId) === author.entries.length, 20_000)
  await using b = await alliance.start(1)
  await until(() => held(b, author.logId) === author.entries.length, 20_000)
}, 60_000)

test('bodies that a peer strips are fetched from another, opened, and no more wanted', async () => {
  await using alliance = await createTestAlliance(3)
  await using raw = await startRawMember(alliance, 2, { peers: 0 })
  await using a = await alliance.start(0)
  const b = await alliance.start(1)
  await ready([a, b])
  await a.service.publish(domains('stripped', 30))
  await converged([a, b])
  const entries = await ownEntries(a)
  await a[Symbol.asyncDispose]()
  await b[Symbol.asyncDispose]()

  const whole = servingEntries(entries)
  raw.serve({
    ...whole,
    entries: async (logId, from, count) =>
      (await whole.entries!(logId, from, count)).map((entry, i) =>
        from + i === 0 ? entry : { ...entry, body: EMPTY },
      ),
  })
  await using fresh = await alliance.start(1, { home: `${alliance.members[1]!.home}-fresh` })
  await until(() => held(fresh, entries[0]!.logId) === entries.length, 10_000)
  await until(() => fresh.service.status().bodiesWanted === entries.length - 1, 10_000)
  expect(fresh.service.status().indicators).toBe(0)

  await using again = await alliance.start(0)
  await until(() => fresh.service.status().bodiesWanted === 0, 20_000)
  await until(() => fresh.service.status().indicators === 30, 10_000)
  await converged([again, fresh])
}, 60_000)

test('bodies that are older than they are kept are pruned, not wanted again, and what was opened stays', async () => {
  await using alliance = await createTestAlliance(2)
  const daysOn = { ms: 0 }
  const clock = { now: () => Date.now() + daysOn.ms }
  await using a = await alliance.start(0, { clock })
  await using b = await alliance.start(1, { clock })
  await ready([a, b])
  await a.service.publish(domains('old', 20))
  await converged([a, b])
  const { viewDigest } = b.node.store
  const before = await viewDigest()
  daysOn.ms = 731 * 86_400_000
  await a.service.publish(domains('new', 3)).catch(() => {})
  b.node.sync.all()
  await b.node.retention.look()
  const log = [...b.node.store.logs()].find(({ head }) => head.nation === a.member.nation)!
  const entries = (await b.node.store.entriesRange(log.head.logId, 0, log.head.size)).map(parseEnvelope)
  const old = entries.filter(({ header }) => header.kind === 2 && header.timeMs < clock.now() - 730 * 86_400_000)
  expect(old.length).toBeGreaterThan(0)
  expect(old.every(({ body }) => body.length === 0)).toBe(true)
  expect(entries.filter(({ header }) => header.kind === 3).every(({ body }) => body.length > 0)).toBe(true)
  expect(b.service.status().bodiesWanted).toBe(0)
  expect(b.service.status().indicators).toBeGreaterThanOrEqual(20)
  expect((await viewDigest()).length).toBe(before.length)
  // Headers and signatures are what they were.
  const bytes = await a.node.store.entry(log.head.logId, old[0]!.header.seq)
  expect(decodeLoose(Envelope, bytes!, false).header).toEqual(old[0]!.headerBytes)
}, 60_000)
