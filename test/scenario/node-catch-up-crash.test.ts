import { expect, test } from 'vitest'
import type { SyncSource } from '../../src/node/network/sync-server.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { type Failure, failingLevel, slowLevel } from '../support/failing-level.ts'
import { createTestAlliance, type RunningNode, type TestAlliance, until } from '../support/node-alliance.ts'
import { createRawAuthor, type RawAuthor, servingEntries, startRawMember } from '../support/node-raw-member.ts'
import { powerFailure } from '../support/power-failure.ts'

/** Catching up with one member, and what is asked of it again after a crash. */

const MIB = 1024 * 1024
const ENTRIES = 2000
/** Before the first entry, and between others. */
const WRITES = [8, 12, 17]
/** Of 60,000 bytes, of which a bundle holds as many as these. */
const LARGE = 1000
const BUNDLE_ENTRIES = 34

function createLog(alliance: TestAlliance, count: number, bodyBytes: number): RawAuthor {
  const author = createRawAuthor(alliance, alliance.members[1]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  while (author.entries.length < count) author.batch(epoch, [{ type: 77, body: new Uint8Array(bodyBytes) }])
  return author
}

const heldAt = ({ node }: RunningNode, { logId }: RawAuthor) => node.store.log(logId)?.head.size ?? 0

async function startOn(alliance: TestAlliance, level: Level): Promise<RunningNode> {
  return alliance.start(0, { store: await openStore({ level }) })
}

function faulty(inner: Level, nth: number, failure: Failure | 'lost') {
  return failure === 'lost' ? powerFailure(inner, nth) : { ...failingLevel(inner, nth, failure), survivor: () => inner }
}

test.concurrent.each<Failure | 'lost'>(['refused', 'persisted', 'lost'])(
  'a catch-up that is killed at a write goes on from what was committed, and fetches nothing twice (%s)',
  async failure => {
    await using alliance = await createTestAlliance(2)
    await using raw = await startRawMember(alliance, 1, { peers: 0 })
    const author = createLog(alliance, ENTRIES, 20)
    const whole = servingEntries(author.entries)
    let served: [from: number, to: number][] = []
    const entries: SyncSource['entries'] = async (logId, from, count) => {
      const found = await whole.entries!(logId, from, count)
      served.push([from, from + found.length])
      return found
    }
    raw.serve({ ...whole, entries })
    const resumedFrom = new Set<number>()
    for (const nth of WRITES) {
      const { level, writes, survivor } = faulty(memoryLevel(), nth, failure)
      const before = await startOn(alliance, level).catch(() => undefined)
      const isWhole = () => before!.node.projector.backlog() === 0 && heldAt(before!, author) === ENTRIES
      if (before !== undefined)
        await until(
          () => writes() >= nth || isWhole(),
          20_000,
          () => `write ${nth}`,
        )
      expect(writes()).toBeGreaterThanOrEqual(nth)
      await (before?.[Symbol.asyncDispose]() ?? level.close())

      await using store = await openStore({ level: survivor() })
      const committed = store.log(author.logId)?.head.size ?? 0
      served = []
      await using a = await alliance.start(0, { store })
      await until(
        () => heldAt(a, author) === ENTRIES && a.node.projector.backlog() === 0,
        20_000,
        () => `write ${nth}, ${heldAt(a, author)} held, ${a.node.projector.backlog()} left`,
      )
      const pieces = served.toSorted(([x], [y]) => x - y)
      expect(pieces.at(0)?.[0] ?? ENTRIES, `write ${nth}`).toBe(committed)
      for (const [i, [, to]] of pieces.entries()) expect(pieces[i + 1]?.[0] ?? ENTRIES, `write ${nth}`).toBe(to)
      expect(a.node.store.counts().items).toBe(1)
      expect(await a.node.store.check()).toMatchObject({ lost: 0, derived: 0, faults: [] })
      resumedFrom.add(committed)
    }
    expect([...resumedFrom].filter(size => size > 0 && size < ENTRIES).length).toBeGreaterThan(1)
  },
  120_000,
)

test('a fast peer is held back by a slow store: what is under way stays within its bounds', async () => {
  await using alliance = await createTestAlliance(2)
  await using raw = await startRawMember(alliance, 1, { peers: 0 })
  const author = createLog(alliance, LARGE, 60_000)
  const whole = servingEntries(author.entries)
  const sizes = author.entries.map(({ headerBytes, body }) => headerBytes.length + body.length)
  const bytesTo = (size: number) => sizes.slice(0, size).reduce((sum, bytes) => sum + bytes, 0)
  let given = 0
  raw.serve({
    ...whole,
    async entries(logId, from, count) {
      const found = await whole.entries!(logId, from, Math.min(count, BUNDLE_ENTRIES))
      given += found.length
      return found
    },
  })
  await using a = await startOn(alliance, slowLevel(memoryLevel(), 150))
  let [queuedMax, underWayMax] = [0, 0]
  await until(() => {
    const held = heldAt(a, author)
    queuedMax = Math.max(queuedMax, a.node.ingest.queuedBytes())
    underWayMax = Math.max(underWayMax, bytesTo(given) - bytesTo(held))
    return held === LARGE
  }, 60_000)
  // Twelve bundles of 2 MiB that are read, and what the stream holds of the next ones.
  expect(queuedMax).toBeGreaterThan(MIB)
  expect(queuedMax).toBeLessThan(26 * MIB)
  expect(underWayMax).toBeLessThan(40 * MIB)
}, 90_000)
