import { expect, test } from 'vitest'
import { converged, createTestAlliance, hex, ready, type StartOptions, until } from '../support/node-alliance.ts'
import { createRawAuthor } from '../support/node-raw-member.ts'

const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 300, checkpointMs: 3600_000 },
})

test('a key that opens log after log in one place is held to one proof, and to few logs, and all agree', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const nodes = [a, b, c]
  await ready(nodes)
  const flooder = alliance.members[3]!
  const genesis = () => createRawAuthor(alliance, flooder).entries[0]!

  // Each node first meets other logs than the others do.
  const shared = genesis()
  for (const { node } of nodes) {
    await node.ingest.offerGossip(shared)
    await node.ingest.offerGossip(genesis())
  }
  await until(() => nodes.every(({ node }) => node.store.log(shared.logId)?.limit === 0), 10_000)
  const met = c.node.store.counts().logs
  for (let i = 0; i < 50; i++) for (const { node } of nodes) await node.ingest.offerGossip(genesis())

  await until(() => new Set(nodes.map(({ node }) => hex(node.book.digest()))).size === 1, 10_000)
  await converged(nodes)
  expect(nodes.map(({ node }) => node.store.counts().evidence)).toEqual([1, 1, 1])
  expect(c.node.store.counts().logs).toBe(met)
}, 60_000)
