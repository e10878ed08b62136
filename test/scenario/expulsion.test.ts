import { expect, test } from 'vitest'
import { readContent } from '../../src/chain/entry-content.ts'
import { KIND } from '../../src/wire/entry.ts'
import { converged, createTestAlliance, domainDraft, type RunningNode, ready, until } from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt, ownEntries, servingEntries, startRawMember } from '../support/node-raw-member.ts'
import { apply, expel, governing, suspend } from '../support/registry-changes.ts'

/** Publishes one indicator after the other until it is told to stop. */
function publishing({ service }: RunningNode, prefix: string) {
  let stopped = false
  const done = (async () => {
    for (let i = 0; !stopped; i++) {
      await service.publish([domainDraft(`${prefix}-${i}.example`)])
    }
  })()
  return {
    stop(): Promise<void> {
      stopped = true
      return done
    },
  }
}

function sizeOf({ service }: RunningNode, nation: string): number {
  return service.status().logs.find(log => log.nation === nation)?.size ?? 0
}

function stateOf({ service }: RunningNode, nation: string): string | undefined {
  return service.peers().find(peer => peer.nation === nation && peer.state === 'connected')?.state
}

/** Nations that hold a slot in the newest grant of the node's own log. */
async function grantedTo(node: RunningNode): Promise<string[]> {
  const grant = (await ownEntries(node)).findLast(({ header }) => header.kind === KIND.KEY_GRANT)!
  const read = readContent(grant, 0)
  if (read.kind !== 'ok' || read.content.kind !== 'key-grant') throw new Error('no grant')
  return read.content.grant.slots.flatMap(({ recipient }) => recipient?.nation ?? []).sort()
}

test('five nations, one expelled while it publishes and another is offline: all end in the same state', async () => {
  await using alliance = await createTestAlliance(5)
  const nodes = await Promise.all([0, 1, 2, 3, 4].map(index => alliance.start(index)))
  await ready(nodes)
  for (const { service, member } of nodes) await service.publish([domainDraft(`${member.nation}-before.example`)])
  await converged(nodes)
  const [a, b, c, d, e] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode, RunningNode]

  await d[Symbol.asyncDispose]()
  const outcast = publishing(e, 'outcast')
  await until(() => sizeOf(a, 'EEE') > 10, 10_000)
  const bounds = a.service.bounds('EEE')
  expect(bounds).toHaveLength(1)
  await until(() => sizeOf(a, 'EEE') > bounds[0]!.size + 10, 10_000)
  const loyal = publishing(b, 'loyal')
  await until(() => sizeOf(a, 'BBB') > 5, 10_000)

  await apply(a, governing(alliance).next(expel('EEE', bounds)))
  await until(() => [a, b, c].every(node => stateOf(node, 'EEE') === undefined), 5000)
  await until(() => [a, b, c].every(node => sizeOf(node, 'EEE') === bounds[0]!.size), 5000)
  // Hung up on before it could learn of it, it goes on alone.
  const alone = sizeOf(e, 'EEE')
  await until(() => sizeOf(e, 'EEE') > alone + 10, 10_000)
  await outcast.stop()
  await a.service.publish([domainDraft('without-eee.example')])
  await loyal.stop()

  const refused = { grade: 'alarm', code: 'net-not-admitted' }
  await until(() => e.service.status().problems.some(({ code }) => code === refused.code), 60_000)
  expect(e.service.status()).toMatchObject({ state: 'degraded', problems: [refused] })

  // It still runs when D comes back, and calls D, which knows nothing of what happened.
  const returned = await alliance.start(3)
  await until(() => returned.service.status().registryVersion === 2, 20_000)
  const rest = [a, b, c, returned]
  await converged(rest)
  await until(() => stateOf(returned, 'EEE') === undefined, 5000)
  const digests = await Promise.all(rest.map(({ service }) => service.digest()))
  for (const digest of digests) expect(digest).toEqual(digests[0])
  for (const node of rest) {
    expect(sizeOf(node, 'EEE')).toBe(bounds[0]!.size)
    const kept = await node.service.show('eee-before.example')
    expect(kept?.claims).toMatchObject([{ nation: 'EEE', nationStatus: 'EXPELLED' }])
    expect(await node.service.show('bbb-before.example')).toMatchObject({ claims: [{ nationStatus: 'ACTIVE' }] })
  }
  for (const node of [a, b]) expect(await grantedTo(node)).toEqual(['AAA', 'BBB', 'CCC', 'DDD'])
  // What was sealed after the expulsion is not opened by who was expelled, even if it gets the bytes.
  expect(await e.service.show('without-eee.example')).toBeNull()
  for (const node of [...rest, e]) await node[Symbol.asyncDispose]()
})

test('who was expelled is refused entries and connections whatever it sends', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  const raw = await startRawMember(alliance, 2)
  await ready([a, b])
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const epoch = author.newEpoch()
  await raw.gossip(author.entries[0]!, author.grant(epoch), author.batch(epoch, []))
  await until(() => [a, b].every(node => sizeOf(node, 'CCC') === 3), 5000)
  const bounds = a.service.bounds('CCC')

  await apply(b, governing(alliance).next(expel('CCC', bounds)))
  await until(() => [a, b].every(node => stateOf(node, 'CCC') === undefined), 5000)
  const later = author.batch(epoch, [])
  await raw.gossip(later)
  raw.serve(servingEntries(author.entries))
  for (const { node } of [a, b]) expect(await node.ingest.offerGossip(later)).toBe('ignore')
  await new Promise(resolve => setTimeout(resolve, 1500))
  for (const node of [a, b]) {
    expect(stateOf(node, 'CCC')).toBeUndefined()
    expect(await entriesAt(node, author.logId)).toHaveLength(3)
  }
  await raw[Symbol.asyncDispose]()
})

test('a suspended nation stays connected and is sealed to by nobody; its return opens its log again', async () => {
  await using alliance = await createTestAlliance(3)
  const nodes = await Promise.all([0, 1, 2].map(index => alliance.start(index)))
  const [a, , c] = nodes as [RunningNode, RunningNode, RunningNode]
  await ready(nodes)
  await c.service.publish([domainDraft('ccc.example')])
  await converged(nodes)
  const { next } = governing(alliance)
  const second = next(suspend('CCC', a.service.bounds('CCC')))
  await apply(a, second)
  await until(() => nodes.every(({ service }) => service.status().registryVersion === 2), 5000)
  await a.service.publish([domainDraft('not-for-ccc.example')])
  await converged(nodes)
  expect(await grantedTo(a)).toEqual(['AAA', 'BBB'])
  expect(stateOf(a, 'CCC')).toBe('connected')
  expect(a.service.peers().find(({ nation }) => nation === 'CCC')?.nationStatus).toBe('SUSPENDED')
  expect(await a.service.show('ccc.example')).toMatchObject({ claims: [{ nationStatus: 'SUSPENDED' }] })
  expect(await c.service.show('not-for-ccc.example')).toBeNull()
  expect(c.service.status()).toMatchObject({ state: 'degraded', problems: [{ code: 'nation-suspended' }] })
  await expect(c.service.publish([domainDraft('refused.example')])).rejects.toMatchObject({
    code: 'publish-no-role',
  })

  await apply(
    a,
    next(({ nations }) => ({ nations: nations.map(entry => ({ ...entry, status: 1, bounds: [] })) }), second),
  )
  await until(() => nodes.every(({ service }) => service.status().registryVersion === 3), 5000)
  expect(await c.service.publish([domainDraft('back.example')])).toMatchObject([{ outcome: 'new' }])
  await a.service.publish([domainDraft('for-all.example')])
  await converged(nodes)
  expect(await grantedTo(a)).toEqual(['AAA', 'BBB', 'CCC'])
  await until(() => c.service.status().backlog === 0, 5000)
  expect(await c.service.show('for-all.example')).not.toBeNull()
  expect(await a.service.show('back.example')).toMatchObject({ claims: [{ nationStatus: 'ACTIVE' }] })
  for (const node of nodes) await node[Symbol.asyncDispose]()
})
