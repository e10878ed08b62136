import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/ports.ts'
import type { EntryPosition } from '../../src/store/store.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt, startRawMember } from '../support/node-raw-member.ts'

/** What is made by itself is made when the test asks for it. */
const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 400, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

const DAY_MS = 86_400_000

async function publish({ service }: RunningNode, name: string, to?: readonly string[]): Promise<EntryPosition> {
  const audience = to === undefined ? {} : { audience: { to } }
  const [outcome] = await service.publish([{ ...domainDraft(name), ...audience }])
  if (outcome?.outcome !== 'new') throw new Error(JSON.stringify(outcome))
  const [log = '', seq] = outcome.entry.split('/')
  return { logId: Buffer.from(log, 'hex') as Uint8Array as EntryPosition['logId'], seq: Number(seq) }
}

async function entryOf({ node }: RunningNode, { logId, seq }: EntryPosition): Promise<ParsedEntry> {
  return parseEnvelope((await node.store.entry(logId, seq))!)
}

async function finds({ service }: RunningNode, name: string): Promise<boolean> {
  const [answer] = await service.lookup([name])
  return answer?.result === 'found'
}

async function onDisk({ member }: RunningNode, bytes: Uint8Array): Promise<boolean> {
  for (const name of await readdir(member.home)) {
    if ((await readFile(join(member.home, name))).includes(Buffer.from(bytes))) return true
  }
  return false
}

/** Lets a node run for so many days by its own account, looking at the clock every hour. */
async function age({ node }: RunningNode, clock: { skewMs: number }, days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour++) {
    clock.skewMs += DAY_MS / 24
    await node.pins.look()
  }
  await node.purging.look()
}

function movedClock(): Clock & { skewMs: number } {
  return {
    skewMs: 0,
    now() {
      return Date.now() + this.skewMs
    },
  }
}

test('what its nation erases is hidden everywhere at once, and destroyed by whoever is told to, who says so', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const all = [a, b, c]
  await ready(all)
  const target = await publish(a, 'mistake.example')
  await publish(a, 'stays.example')
  await converged(all)
  const before = await entryOf(b, target)
  expect(before.body.length).toBeGreaterThan(0)

  await expect(b.node.erasure.erase(target, 'error', 'local')).rejects.toMatchObject({ code: 'erasure-not-ours' })
  await expect(b.node.purging.purge(target, 'local')).rejects.toMatchObject({ code: 'erasure-absent' })
  await expect(a.node.erasure.erase({ ...target, seq: 0 }, 'error', 'local')).rejects.toMatchObject({
    code: 'erasure-kind',
  })
  const tombstone = await a.node.erasure.erase(target, 'personal-data', 'local')
  expect(await finds(a, 'mistake.example')).toBe(false)
  await converged(all)
  for (const each of all) {
    expect(await finds(each, 'mistake.example')).toBe(false)
    expect(await finds(each, 'stays.example')).toBe(true)
    expect(each.node.store.viewStale).toBe(false)
  }
  await expect(a.node.erasure.erase(target, 'error', 'local')).rejects.toMatchObject({ code: 'erasure-done' })

  for (const each of [a, b]) await each.node.purging.purge(target, 'local')
  const after = await entryOf(b, target)
  expect(after.body.length).toBe(0)
  expect(after.leaf).toEqual(before.leaf)
  for (const each of [a, b]) expect(await onDisk(each, before.body)).toBe(false)
  expect(await onDisk(c, before.body)).toBe(true)
  const purged = ({ node }: RunningNode) => node.book.purges(tombstone).map(({ nation }) => nation)
  await until(() => all.every(each => purged(each).length === 2), 5000)
  expect(purged(c)).toEqual(['AAA', 'BBB'])

  // Who comes later gets the chain whole, and nothing of what is erased from whoever destroyed it.
  await c[Symbol.asyncDispose]()
  await using late = await alliance.start(2, { config, home: `${c.member.home}-late` })
  await until(() => purged(late).length === 2, 15_000)
  await converged([a, b, late])
  expect((await entryOf(late, target)).body.length).toBe(0)
  expect(await finds(late, 'stays.example')).toBe(true)
}, 60_000)

test('a node that is cut off hides it when it is back, and destroys it after 14 days in which it ran', async () => {
  await using alliance = await createTestAlliance(2)
  const clock = movedClock()
  await using a = await alliance.start(0, { config })
  const b = await alliance.start(1, { config })
  await ready([a, b])
  const target = await publish(a, 'mistake.example', ['BBB'])
  await converged([a, b])
  await b[Symbol.asyncDispose]()
  await a.node.erasure.erase(target, 'legal', 'local')
  const { body } = await entryOf(a, target)

  await using again = await alliance.start(1, { config, clock })
  expect(await finds(again, 'mistake.example')).toBe(true)
  await converged([a, again])
  expect(await finds(again, 'mistake.example')).toBe(false)
  // A clock that was set by a year destroys nothing.
  clock.skewMs = 365 * DAY_MS
  await again.node.pins.look()
  await again.node.purging.look()
  expect(await onDisk(again, body)).toBe(true)
  await age(again, clock, 13)
  expect(await onDisk(again, body)).toBe(true)
  await age(again, clock, 2)
  expect(await onDisk(again, body)).toBe(false)
  expect((await entryOf(again, target)).body.length).toBe(0)
}, 60_000)

test('what a thief erases comes back where the log is cut before it, and its time begins anew', async () => {
  await using alliance = await createTestAlliance(4)
  const clock = movedClock()
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config, clock })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  const target = await publish(a, 'wanted.example')
  await publish(a, 'between.example')
  await converged([a, b, c])
  const before = await entriesAt(a, target.logId)
  const tombstone = await a.node.erasure.erase(target, 'error', 'local')
  await converged([a, b])
  expect(await finds(b, 'wanted.example')).toBe(false)
  await age(b, clock, 13)
  await b.node.purging.look()
  const { body } = await entryOf(b, target)
  expect(body.length).toBeGreaterThan(0)

  // The same key signs something else in the place of the TOMBSTONE: neither stands any more.
  const thief = createRawAuthor(alliance, alliance.members[0]!, before)
  expect(tombstone.seq).toBe(before.length)
  await using raw = await startRawMember(alliance, 3, { peers: 3 })
  await raw.gossip(thief.append({ kind: KIND.COMPLAINT, body: new Uint8Array(0) }))
  await until(() => b.node.store.log(target.logId)!.limit === tombstone.seq, 10_000)
  await until(() => b.service.status().backlog === 0, 10_000)
  expect(await finds(b, 'wanted.example')).toBe(true)
  expect(b.node.store.tombstonesOf(target)).toMatchObject([{ stands: false }])
  await age(b, clock, 2)
  expect((await entryOf(b, target)).body).toEqual(body)
  expect(b.node.store.tombstonesOf(target)).toMatchObject([{ stands: false, sinceRanMs: undefined, purgedMs: 0 }])
  await expect(b.node.purging.purge(target, 'local')).rejects.toMatchObject({ code: 'erasure-absent' })
}, 60_000)
