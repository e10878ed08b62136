import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ITEM } from '../../src/indicator/item-type.ts'
import type { PublishItem } from '../../src/node/orders/node-service.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, servingEntries, startRawMember } from '../support/node-raw-member.ts'

function domains(name: string, count: number): PublishItem[] {
  return Array.from({ length: count }, (_, i) => domainDraft(`${name}-${i}.example`))
}

async function views(nodes: readonly RunningNode[]): Promise<Set<string>> {
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  return new Set(digests.map(({ view }) => view))
}

test('a node that was away catches up, with its store or with an empty one', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  const c = await alliance.start(2)
  await ready([a, b, c])
  await a.service.publish(domains('early', 20))
  await c.service.publish(domains('own', 5))
  await converged([a, b, c])
  await c[Symbol.asyncDispose]()

  await a.service.publish(domains('away-a', 250))
  await b.service.publish(domains('away-b', 250))
  {
    await using back = await alliance.start(2)
    await converged([a, b, back])
    expect(back.service.status()).toMatchObject({ indicators: 525, waiting: 0 })
    expect(await views([a, b, back])).toHaveLength(1)
  }
  await using fresh = await alliance.start(2, { home: join(alliance.members[2]!.home, '..', 'fresh') })
  await converged([a, b, fresh])
  expect(fresh.service.status()).toMatchObject({ indicators: 525, waiting: 0 })
  expect(await views([a, b, fresh])).toHaveLength(1)
}, 60_000)

test('batches that come before their grant wait, and open when it comes, after a restart too', async () => {
  await using alliance = await createTestAlliance(3)
  await using raw = await startRawMember(alliance, 2, { peers: 0 })
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const [early, late] = [author.newEpoch(), author.newEpoch()]
  const item = (name: string) => ({ type: 77, body: new TextEncoder().encode(name) })
  author.batch(early, [item('one')])
  author.batch(late, [item('two')])
  author.grant(early)
  raw.serve(servingEntries(author.entries))

  await using a = await alliance.start(0)
  const b = await alliance.start(1)
  await until(() => a.node.store.counts().items === 1 && b.node.store.counts().items === 1, 10_000)
  await until(() => a.service.status().backlog === 0 && b.service.status().backlog === 0, 2000)
  expect(a.service.status().waiting).toBe(1)
  await b[Symbol.asyncDispose]()

  author.grant(late)
  raw.serve(servingEntries(author.entries))
  await using again = await alliance.start(1)
  await until(() => again.node.store.counts().items === 2, 10_000)
  expect(again.service.status().waiting).toBe(0)
  await until(() => a.node.store.counts().items === 2, 10_000)
  await converged([a, again])
}, 60_000)

test('a burst of forty full-size messages reaches all others, and nobody is deaf afterwards', async () => {
  const gossipOnly: StartOptions = {
    config: config => ({ ...config, sync: { ...config.sync, intervalMs: 3_600_000, gapMs: 60_000 } }),
  }
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, gossipOnly)
  await using b = await alliance.start(1, gossipOnly)
  await using c = await alliance.start(2, gossipOnly)
  await ready([a, b, c])
  await a.service.publish([domainDraft('first.example')])
  await until(() => [b, c].every(({ service }) => service.status().entries === a.service.status().entries), 10_000)

  const filling = 'x'.repeat(62_000)
  const objects = Array.from({ length: 40 }, (_, i): PublishItem => {
    const id = `note--00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
    return { kind: 'context', json: JSON.stringify({ type: 'note', id, content: filling }) }
  })
  const started = performance.now()
  const outcomes = await a.service.publish(objects)
  expect(outcomes.every(({ outcome }) => outcome === 'new')).toBe(true)
  await converged([a, b, c], 15_000)
  expect(performance.now() - started).toBeLessThan(15_000)
  const page = await c.node.store.listItems({ kind: ITEM.STIX_OBJECT, limit: 100 })
  expect(page.items).toHaveLength(40)

  for (const [from, others] of [
    [a, [b, c]],
    [b, [a, c]],
    [c, [a, b]],
  ] as const) {
    const value = `after-${from.member.nation.toLowerCase()}.example`
    await from.service.publish([domainDraft(value)])
    await until(() => others.every(({ service }) => service.status().entries === from.service.status().entries), 2000)
    await converged([a, b, c], 2000)
  }
  expect(a.node.host.counters.watchdogRedials).toBe(0)
}, 60_000)
