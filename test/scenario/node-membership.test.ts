import { expect, test } from 'vitest'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { ownEntries, startRawMember } from '../support/node-raw-member.ts'

/** The registry and the nations' documents, but for that of the member at `index`. */
function without({ documents }: TestAlliance, index: number): readonly Uint8Array[] {
  return documents.filter((_, i) => i !== index + 1)
}

function knows({ node }: RunningNode, nation: string): boolean {
  return (
    node.book
      .directory()
      .members()
      .find(member => member.nation === nation)?.doc !== undefined
  )
}

test('who is no member learns nothing and is listened to by nobody', async () => {
  await using alliance = await createTestAlliance(2)
  await using elsewhere = await createTestAlliance(1)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await ready([a, b])
  await a.service.publish([domainDraft('secret.example')])
  const { logId } = (await ownEntries(a))[0]!

  const intruders = { ...alliance, members: [...alliance.members, ...elsewhere.members] }
  await using stranger = await startRawMember(intruders, 2, { peers: 0 })
  await until(() => a.node.host.counters.limboOpened > 0, 5000)
  expect(await stranger.documents(0).catch(() => 0)).toBe(0)
  await expect(stranger.fetch(0, logId, 0, 1)).rejects.toThrow()
  await b.service.publish([domainDraft('more.example')])
  await converged([a, b])
  await stranger.gossip(new Uint8Array(100))
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(stranger.heard).toEqual([])
  expect(a.node.refusals.size).toBe(0)
  expect([a, b].map(({ service }) => service.status().peersConnected)).toEqual([1, 1])
}, 30_000)

test('a member whose document is new to others proves itself, and third nations learn of it by sync', async () => {
  await using alliance = await createTestAlliance(4)
  const lacking = { documents: without(alliance, 3) }
  await using a = await alliance.start(0, lacking)
  await using b = await alliance.start(1, lacking)
  for (const { service } of [a, b]) await service.incarnate()
  await a.service.publish([domainDraft('before.example')])
  await converged([a, b])
  expect(knows(a, 'DDD')).toBe(false)

  const d = await alliance.start(3)
  await until(() => knows(a, 'DDD') && knows(b, 'DDD'), 10_000)
  await until(() => d.service.status().peersConnected === 2, 15_000)
  await ready([d])
  await d.service.publish([domainDraft('of-d.example')])
  await a.service.publish([domainDraft('after.example')])
  await converged([a, b, d])
  expect(a.service.status().indicators).toBe(3)
  // No grant was made for D before it was known, and none is made afterwards for what was said until then.
  await until(() => d.service.status().indicators === 2, 5000)
  expect(d.service.status().waiting).toBe(1)
  await d[Symbol.asyncDispose]()

  await using c = await alliance.start(2, lacking)
  expect(knows(c, 'DDD')).toBe(false)
  await until(() => knows(c, 'DDD'), 10_000)
  await converged([a, b, c])
  await using again = await alliance.start(3)
  await ready([again, c])
  await again.service.publish([domainDraft('of-d-again.example')])
  await converged([a, b, c, again])
  expect((await c.service.lookup(['of-d-again.example']))[0]).toMatchObject({ result: 'found' })
}, 60_000)

test('a member that slept without the newest documents learns them in limbo', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await a.service.incarnate()
  await a.service.publish([domainDraft('while-away.example')])
  // It knows nobody but itself: whoever knows it gives documents.
  await using c = await alliance.start(2, { documents: [alliance.documents[0]!, alliance.documents[3]!] })
  await until(() => knows(c, 'AAA') && knows(c, 'BBB'), 15_000)
  await converged([a, b, c])
  await ready([c])
  expect((await c.service.lookup(['while-away.example']))[0]).toMatchObject({ result: 'found' })
}, 60_000)
