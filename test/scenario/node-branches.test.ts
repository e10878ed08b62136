import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { ROLE } from '../../src/registry/registry-doc.ts'
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
import { createRawAuthor, entriesAt, ownEntries, servingEntries, startRawMember } from '../support/node-raw-member.ts'

/** Checkpoints and cosignatures are made when the test asks for them. */
const config: NonNullable<StartOptions['config']> = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 300, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})

/** EEE is a thief, and no witness: two of BBB, CCC and DDD are a quorum for AAA's log. */
const shape = { roles: new Map([[4, [ROLE.PUBLISH, ROLE.RECEIVE]]]) }
const FIRST = [0, 1, 2]

function startAll(alliance: TestAlliance, indexes: readonly number[]): Promise<RunningNode[]> {
  return Promise.all(indexes.map(index => alliance.start(index, { config })))
}

async function stopAll(nodes: readonly RunningNode[]): Promise<void> {
  await Promise.all(nodes.map(node => node[Symbol.asyncDispose]()))
}

/** AAA's log of eight entries, witnessed whole by BBB and CCC, who are all away again. */
async function witnessedLog(alliance: TestAlliance): Promise<readonly ParsedEntry[]> {
  const nodes = await startAll(alliance, FIRST)
  const [a, b, c] = nodes as [RunningNode, RunningNode, RunningNode]
  await ready(nodes)
  for (let i = 0; i < 6; i++) await a.service.publish([domainDraft(`early-${i}.example`)])
  await converged(nodes)
  await a.node.checkpoint()
  const { logId, size } = a.node.ownLog.current()!
  await until(() => [b, c].every(({ node }) => node.book.newestCheckpoint(logId)?.checkpoint.size === size), 5000)
  await b.node.cosign()
  await c.node.cosign()
  await until(
    () => nodes.every(({ node }) => node.book.standingOf(a.node.ownLog.current()!).quorate?.size === size),
    5000,
  )
  const entries = await ownEntries(a)
  await stopAll(nodes)
  return entries
}

/** DDD is started while nobody is there but the thief, and takes its branch. */
async function startMisled(alliance: TestAlliance, entries: readonly ParsedEntry[], common: number, size: number) {
  const author = createRawAuthor(alliance, alliance.members[0]!, entries.slice(0, common))
  while (author.entries.length < size) author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) })
  const d = await alliance.start(3, { config })
  await using thief = await startRawMember(alliance, 4, { only: [3] })
  thief.serve(servingEntries(author.entries))
  await until(() => d.node.store.log(author.logId)?.head.size === size, 10_000)
  return d
}

async function assertHealed(nodes: readonly RunningNode[], entries: readonly ParsedEntry[], common: number) {
  const { logId } = entries[0]!
  await converged(nodes)
  await until(() => nodes.every(({ node }) => !node.store.viewStale), 5000)
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
  await until(() => new Set(nodes.map(({ node }) => toHex(node.book.digest()))).size === 1, 10_000)
  for (const { node } of nodes) {
    expect(node.store.log(logId)).toMatchObject({ limit: entries.length, standing: { size: entries.length } })
    expect(node.book.conflictAt(node.store.log(logId)!.head)).toBe(common)
  }
  const held = await entriesAt(nodes.at(-1)!, logId)
  expect(held.map(({ leaf }) => toHex(leaf))).toEqual(entries.map(({ leaf }) => toHex(leaf)))
}

for (const [what, size] of [
  ['shorter than what is witnessed', 6],
  ['longer than what is witnessed', 11],
] as const) {
  test(`who holds another branch, ${what}, fetches the one that stands and puts the other aside`, async () => {
    await using alliance = await createTestAlliance(5, shape)
    const entries = await witnessedLog(alliance)
    expect(entries).toHaveLength(8)
    const d = await startMisled(alliance, entries, 4, size)
    const others = await startAll(alliance, FIRST)
    try {
      await assertHealed([...others, d], entries, 4)
      expect(d.node.store.log(entries[0]!.logId)?.branchEntries).toBe(size - 4)
      expect(d.service.status().indicators).toBe(6)
      // Another start finds all in order.
      await stopAll([d])
      const again = await alliance.start(3, { config })
      others.push(again)
      await assertHealed(others, entries, 4)
    } finally {
      await stopAll([...others, d])
    }
  }, 60_000)
}
