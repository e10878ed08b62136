import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { SyncSource } from '../../src/node/network/sync-server.ts'
import { createTestAlliance, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor, type RawAuthor, servingEntries, startRawMember } from '../support/node-raw-member.ts'

/** Two members serve a log, and the one that is asked first fails in the middle of it. */

const ENTRIES = 1500
const MIDDLE = 512
const BOUND_MS = 20_000

type Entries = SyncSource['entries']

const FAILURES: Record<string, (whole: Entries) => Entries> = {
  'says no more': () => () => new Promise(() => {}),
  'sends one entry a second': whole => async (logId, from) => {
    await sleep(1000)
    return whole(logId, from, 1)
  },
  'ends the stream': () => async () => {
    throw new Error('it is gone')
  },
  'has less than it said': () => async () => [],
  'spoils what it sends': whole => async (logId, from, count) =>
    (await whole(logId, from, count)).map(entry => ({ ...entry, signature: new Uint8Array(64).fill(7) })),
}

function createLog(author: RawAuthor): void {
  const epoch = author.newEpoch()
  author.grant(epoch)
  while (author.entries.length < ENTRIES) author.batch(epoch, [{ type: 77, body: new Uint8Array(20) }])
}

const heldOf = ({ node }: RunningNode, { logId }: RawAuthor) => node.store.log(logId)?.head.size ?? 0

async function isTakenOver(how: string, failing: (whole: Entries) => Entries): Promise<void> {
  await using alliance = await createTestAlliance(3)
  const [, failer, helper] = alliance.members
  await using first = await startRawMember(alliance, 1, { peers: 0, only: [0] })
  await using second = await startRawMember(alliance, 2, { peers: 0, only: [0] })
  const author = createRawAuthor(alliance, helper!)
  createLog(author)
  const whole = servingEntries(author.entries)
  const failed = Promise.withResolvers<void>()
  first.serve({
    ...whole,
    async entries(logId, from, count) {
      if (from < MIDDLE) return whole.entries!(logId, from, Math.min(count, MIDDLE - from))
      failed.resolve()
      return failing(whole.entries!)(logId, from, count)
    },
  })
  await using a = await alliance.start(0)
  await failed.promise
  const started = performance.now()
  second.serve(whole)
  a.node.sync.all()
  await until(
    () => heldOf(a, author) === ENTRIES,
    BOUND_MS,
    () => `${how}: ${heldOf(a, author)}`,
  )
  expect(performance.now() - started, how).toBeLessThan(BOUND_MS)

  const faultsOf = (nation: string) => a.service.peers().find(peer => peer.nation === nation)?.faults ?? 0
  const isSpoiler = how.startsWith('spoils')
  expect(faultsOf(failer!.nation) > 0, how).toBe(isSpoiler)
  expect(faultsOf(helper!.nation), how).toBe(0)
  const codes = () => a.service.status().problems.map(({ code }) => code)
  expect(codes().includes('sync-peer-spoils'), how).toBe(isSpoiler)

  // Whoever was only damaged serves again, and is asked.
  author.append({ kind: 77, body: new Uint8Array(3) })
  second.serve({})
  first.serve(servingEntries(author.entries))
  await until(
    () => heldOf(a, author) === ENTRIES + 1,
    BOUND_MS,
    () => `${how}: it is asked no more`,
  )
}

test.concurrent.each(Object.entries(FAILURES))(
  'where a peer %s in the middle of a range, another takes it over, and who spoiled nothing is not blamed',
  isTakenOver,
  60_000,
)

test('a nation with many nodes that drip does not keep others from being asked', async () => {
  await using alliance = await createTestAlliance(3, { secondSites: [1, 1, 1] })
  const author = createRawAuthor(alliance, alliance.members[2]!)
  createLog(author)
  const whole = servingEntries(author.entries)
  const dripping = { ...whole, entries: () => new Promise<never>(() => {}) }
  await using drippers = new AsyncDisposableStack()
  for (const index of [1, 3, 4, 5]) {
    const dripper = drippers.use(await startRawMember(alliance, index, { peers: 0, only: [0] }))
    dripper.serve(dripping)
  }
  await using a = await alliance.start(0)
  await until(() => a.service.peers().filter(({ state }) => state === 'connected').length === 4, 10_000)
  await using honest = await startRawMember(alliance, 2, { peers: 0, only: [0] })
  honest.serve(whole)
  await until(() => heldOf(a, author) === ENTRIES, BOUND_MS)
  await ready([a])
}, 60_000)
