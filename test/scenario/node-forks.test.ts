import { expect, test } from 'vitest'
import { KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import {
  createRawAuthor,
  entriesAt,
  ownEntries,
  type RawAuthor,
  type RawMember,
  servingEntries,
  startRawMember,
} from '../support/node-raw-member.ts'

/** AAA, BBB and CCC are honest; AAA's key was stolen by DDD, which is connected with BBB alone. */
async function startWithThief(use: (parts: Parts) => Promise<void>): Promise<void> {
  await using alliance = await createTestAlliance(4)
  const config: StartOptions['config'] = each => ({ ...each, sync: { ...each.sync, intervalMs: 300 } })
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  for (let i = 0; i < 6; i++) await a.service.publish([domainDraft(`early-${i}.example`)])
  await b.service.publish([domainDraft('of-b.example')])
  await converged([a, b, c])
  await using thief = await startRawMember(alliance, 3, { only: [1] })
  const entries = await ownEntries(a)
  await use({ alliance, a, b, c, thief, entries })
}

interface Parts {
  readonly alliance: TestAlliance
  readonly a: RunningNode
  readonly b: RunningNode
  readonly c: RunningNode
  readonly thief: RawMember
  /** AAA's log. */
  readonly entries: readonly ParsedEntry[]
}

function thiefsBranch({ alliance, a, entries }: Parts, size: number): RawAuthor {
  return createRawAuthor(alliance, a.member, entries.slice(0, size))
}

function tombstone(author: RawAuthor): ParsedEntry {
  return author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) })
}

/** All three know the same proofs, and that AAA's log ends at `limit`. */
async function assertEnds({ a, b, c, thief, entries }: Parts, limit: number): Promise<void> {
  const { logId } = entries[0]!
  await until(
    () => [a, b, c].every(({ node }) => node.store.log(logId)?.standing.size === limit),
    15_000,
    () => JSON.stringify([a, b, c].map(({ node }) => [node.store.log(logId)?.limit, node.store.counts().evidence])),
  )
  await converged([a, b, c])
  await until(() => [a, b, c].every(({ node }) => !node.store.viewStale), 5000)
  const digests = await Promise.all([a, b, c].map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
  expect(new Set([a, b, c].map(({ node }) => Buffer.from(node.book.digest()).toString('hex'))).size).toBe(1)
  expect(await thief.fetch(1, logId, 0, entries.length)).toBe(limit)
  // GENESIS and KEY_GRANT come first, then a message with one indicator each.
  expect(b.service.status().indicators).toBe(Math.max(0, limit - 2) + 1)
}

/** AAA no longer says that something was published which nobody will take. */
async function assertAuthorStops({ a, b, c }: Parts): Promise<void> {
  await expect(a.service.publish([domainDraft('too-late.example')])).rejects.toMatchObject({ name: 'UserError' })
  expect(a.service.status().state).toBe('degraded')
  await a.service.incarnate()
  const [answer] = await a.service.publish([domainDraft('again.example')])
  expect(answer).toMatchObject({ outcome: 'new' })
  await converged([a, b, c])
  const [found] = await c.service.lookup(['again.example'])
  expect(found).toMatchObject({ result: 'found' })
}

test('two entries at one seq, by gossip: the proof spreads, and the log ends there for all', async () => {
  await startWithThief(async parts => {
    await parts.thief.gossip(tombstone(thiefsBranch(parts, 5)))
    await assertEnds(parts, 5)
    await assertAuthorStops(parts)
  })
}, 60_000)

test('an entry that does not follow its predecessor, by gossip', async () => {
  await startWithThief(async parts => {
    const { length } = parts.entries
    const author = thiefsBranch(parts, length)
    const broken = author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) }, { prev: parts.entries[2]!.leaf })
    await parts.thief.gossip(broken)
    await assertEnds(parts, length - 1)
    await assertAuthorStops(parts)
  })
}, 60_000)

test('a branch that is longer, by sync: the first entry that differs is found', async () => {
  await startWithThief(async parts => {
    const branch = thiefsBranch(parts, 4)
    while (branch.entries.length < parts.entries.length + 3) tombstone(branch)
    parts.thief.serve(servingEntries(branch.entries))
    await assertEnds(parts, 4)
  })
}, 60_000)

test('an entry that does not follow its predecessor, by sync', async () => {
  await startWithThief(async parts => {
    const { length } = parts.entries
    const author = thiefsBranch(parts, length)
    author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) }, { prev: parts.entries[2]!.leaf })
    parts.thief.serve(servingEntries(author.entries))
    await assertEnds(parts, length - 1)
  })
}, 60_000)

test('a branch that is as long or shorter, by sync: the first entry that differs is found', async () => {
  await startWithThief(async parts => {
    const shorter = thiefsBranch(parts, 5)
    while (shorter.entries.length < parts.entries.length - 1) tombstone(shorter)
    parts.thief.serve(servingEntries(shorter.entries))
    await assertEnds(parts, 5)
    const branch = thiefsBranch(parts, 3)
    while (branch.entries.length < 5) tombstone(branch)
    parts.thief.serve(servingEntries(branch.entries))
    await assertEnds(parts, 3)
  })
}, 60_000)

test('a second log of one key and incarnation ends both before their first entry', async () => {
  await startWithThief(async parts => {
    const { alliance, a, b, c, thief, entries } = parts
    const second = createRawAuthor(alliance, a.member)
    await thief.gossip(second.entries[0]!)
    await until(() => [a, b, c].every(({ node }) => node.store.log(entries[0]!.logId)?.standing.size === 0), 15_000)
    await converged([a, b, c])
    expect(b.service.status().indicators).toBe(1)
    expect(await entriesAt(b, second.logId)).toHaveLength(1)
    await assertAuthorStops(parts)
  })
}, 60_000)
