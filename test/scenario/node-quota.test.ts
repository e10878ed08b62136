import { expect, test } from 'vitest'
import { createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor, type RawAuthor, servingEntries, startRawMember } from '../support/node-raw-member.ts'

/** A member publishes ten times what the alliance takes of one a day. */

const DAILY = 100
const HOUR_MS = 3_600_000

function createLog(alliance: Parameters<typeof createRawAuthor>[0]): RawAuthor {
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  while (author.entries.length < 10 * DAILY) author.batch(epoch, [{ type: 77, body: new Uint8Array(20) }])
  return author
}

const heldAt = ({ node }: RunningNode, { logId }: RawAuthor) => node.store.log(logId)?.head.size ?? 0
const codesAt = ({ service }: RunningNode) =>
  service.status().problems.flatMap(({ code, occasion }) => (code.startsWith('quota') ? [`${code} ${occasion}`] : []))

test('who publishes ten times its quota is fetched at the rate of the quota, and others as ever', async () => {
  await using alliance = await createTestAlliance(3, { policy: { dailyEntriesPerNation: DAILY } })
  const later = { ms: 0 }
  const clock = { now: () => Date.now() + later.ms }
  await using raw = await startRawMember(alliance, 2, { peers: 0 })
  const author = createLog(alliance)
  const first = author.entries.slice(0, 60)
  const { nation } = alliance.members[2]!
  await using b = await alliance.start(1, { clock })
  const home = alliance.members[0]!.home
  let held = 0
  {
    await using a = await alliance.start(0, { clock })
    await ready([a, b])
    raw.serve(servingEntries(first))
    a.node.sync.all()
    await until(() => heldAt(a, author) === 60, 10_000)
    expect(codesAt(a)).toEqual([`quota-half ${nation}`])

    raw.serve(servingEntries(author.entries))
    a.node.sync.all()
    await until(() => heldAt(a, author) >= DAILY, 10_000)
    expect(codesAt(a)).toEqual([`quota-reached ${nation}`])

    // Another author is not slowed meanwhile, and the one that is over comes no faster for being asked.
    const started = performance.now()
    await b.service.publish(Array.from({ length: 20 }, (_, i) => domainDraft(`other-${i}.example`)))
    await until(() => a.service.status().indicators === 20, 10_000)
    expect(performance.now() - started).toBeLessThan(10_000)
    a.node.sync.all()
    await until(() => !a.service.peers().some(({ peer }) => a.node.sync.isAsking(peer as never)), 10_000)
    held = heldAt(a, author)
    expect(held).toBeLessThan(DAILY + 10)
  }

  // What is used is known after a restart.
  await using again = await alliance.start(0, { clock, home })
  await until(() => again.service.peers().some(peer => peer.nation === nation && peer.lastSyncMs > 0), 10_000)
  expect(heldAt(again, author)).toBeLessThan(held + 10)
  expect(codesAt(again)).toEqual([`quota-reached ${nation}`])
  for (const days of [0.5, 1, 1.5]) {
    const before = heldAt(again, author)
    later.ms += 12 * HOUR_MS
    again.node.sync.all()
    await until(
      () => heldAt(again, author) >= before + DAILY / 2,
      10_000,
      () => `${days} days: ${heldAt(again, author)}`,
    )
    expect(heldAt(again, author)).toBeLessThan(before + DAILY / 2 + 10)
  }

  // Nothing is dropped.
  for (let days = 0; heldAt(again, author) < 10 * DAILY; days++) {
    expect(days).toBeLessThan(12)
    const before = heldAt(again, author)
    later.ms += 24 * HOUR_MS
    again.node.sync.all()
    await until(() => heldAt(again, author) >= Math.min(before + DAILY, 10 * DAILY), 10_000)
  }
}, 90_000)
