import { expect, test } from 'vitest'
import { KIND } from '../../src/wire/entry.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type StartOptions,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, ownEntries, startRawMember } from '../support/node-raw-member.ts'

const config: NonNullable<StartOptions['config']> = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 300, checkpointMs: 3_600_000, cosignMs: 86_400_000 },
})
const ENTRIES = 80

/** How often what is known changed, and how often the view was computed anew. */
function watch({ node }: RunningNode) {
  const work = { changes: 0 }
  node.book.onChange(touched => {
    if (touched.length > 0) work.changes++
  })
  return work
}

function alertMessages({ node }: RunningNode): number {
  const { accept, ignore, reject } = node.host.counters.topics.alerts.verdicts
  return accept + ignore + reject
}

test('forks signed at ever lower positions cost each node a few proofs, and all agree on the lowest', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  const nodes = [a, b, c]
  await ready(nodes)
  await Promise.all(Array.from({ length: ENTRIES }, (_, i) => a.service.publish([domainDraft(`of-a-${i}.example`)])))
  for (let i = 0; (await ownEntries(a)).length < ENTRIES; i++)
    await a.service.publish([domainDraft(`more-${i}.example`)])
  await converged(nodes)
  const entries = await ownEntries(a)
  const { logId } = entries[0]!
  const work = nodes.map(watch)

  await using thief = await startRawMember(alliance, 3, { only: [1, 2] })
  for (let seq = entries.length - 1; seq >= 2; seq--) {
    const author = createRawAuthor(alliance, a.member, entries.slice(0, seq))
    await thief.gossip(author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) }))
  }
  await until(
    () => nodes.every(({ node }) => node.store.log(logId)?.limit === 2),
    20_000,
    () => JSON.stringify(nodes.map(({ node }) => node.store.log(logId)?.limit)),
  )
  await converged(nodes)
  const evidence = nodes.map(({ node }) => node.store.counts().evidence)
  expect(new Set(evidence)).toEqual(new Set([1]))
  // Of 78 forks, each found at two nodes: what is proved and told is bounded, whatever the thief signs.
  for (const [i, node] of nodes.entries()) {
    expect(work[i]!.changes, `changes at ${node.member.nation}`).toBeLessThanOrEqual(16)
    expect(alertMessages(node), `messages at ${node.member.nation}`).toBeLessThanOrEqual(16)
  }
  // After the lowest nothing costs anything any more.
  const before = work.map(({ changes }) => changes)
  for (let seq = 10; seq >= 3; seq--) {
    const author = createRawAuthor(alliance, a.member, entries.slice(0, seq))
    await thief.gossip(author.append({ kind: KIND.CLOSE, body: new Uint8Array(0) }))
  }
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(work.map(({ changes }) => changes)).toEqual(before)
  const digests = await Promise.all(nodes.map(({ service }) => service.digest()))
  expect(new Set(digests.map(({ view }) => view)).size).toBe(1)
}, 60_000)
