import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toBase64 } from '../../src/base/bytes.ts'
import { createEdgeAlliance, type EdgeAlliance, type RunningEdge } from '../support/edge-nodes.ts'
import { converged, domainDraft, type RunningNode, ready, systemClock, until } from '../support/node-alliance.ts'

async function knows(node: RunningNode, value: string): Promise<boolean> {
  const [found] = await node.service.lookup([value])
  return found!.result === 'found'
}

async function untilKnown(value: string, ...nodes: readonly RunningNode[]): Promise<void> {
  for (const node of nodes) {
    const end = Date.now() + 10_000
    while (!(await knows(node, value))) {
      if (Date.now() > end) throw new Error(`${value} did not reach ${node.member.nation}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

function peerOf({ node }: RunningEdge) {
  return node.host.self
}

function isConnected(node: RunningNode, edge: RunningEdge): boolean {
  return node.node.host.peers().some(({ peer, status }) => peer === peerOf(edge) && status === 'connected')
}

test('an inner node exchanges, witnesses and is witnessed through its edge, which opens nothing', async () => {
  await using life = await createEdgeAlliance(3, 1)
  await using edge = await life.startEdge(0)
  await using b = await life.startOther(1)
  await using c = await life.startOther(2)
  await using a = await life.startInner()
  await ready([a, b, c])

  const published = await a.service.publish([domainDraft('from-inside.example')])
  expect(published).toMatchObject([{ outcome: 'new' }])
  await b.service.publish([domainDraft('from-outside.example')])
  await untilKnown('from-inside.example', b, c)
  await untilKnown('from-outside.example', a, c)
  await converged([a, b, c])
  await until(() => edge.service.status().frontier === a.service.status().frontier, 10_000)

  for (const each of [a, b]) await each.node.checkpoint()
  const checkpointed = ({ node }: RunningNode) =>
    [...node.store.logs()].every(({ head }) => node.book.newestCheckpoint(head.logId)?.checkpoint.size === head.size)
  await until(() => [a, b, c].every(checkpointed), 10_000)
  for (const each of [a, b, c]) await each.node.cosign()
  const witnessed = ({ service }: RunningNode | RunningEdge) => service.status().logs.map(log => log.witnessed > 0)
  await until(() => [a, b, c, edge].every(node => witnessed(node).every(Boolean)), 20_000)

  expect(edge.service.status()).toMatchObject({ use: 'edge', state: 'ready', problems: [], indicators: 0, claims: 0 })
  expect(a.service.status()).toMatchObject({ use: 'inner', state: 'ready', problems: [], listen: [] })
  expect(edge.node.store.counts()).toMatchObject({ items: 0, indicators: 0 })
  // Nobody else may have it dial for them.
  const relayed = a.node.host.peers().filter(({ addresses }) => addresses.some(text => text.includes('p2p-circuit')))
  expect(relayed.map(({ status }) => status)).toEqual(['connected', 'connected'])
}, 60_000)

test('an edge refuses what takes a key, with a code and a sentence', async () => {
  await using life = await createEdgeAlliance(2, 1)
  await using edge = await life.startEdge(0)
  const { service } = edge
  const refused = { code: 'edge-node', message: 'this is an edge node: it holds no key that reads or signs' }
  expect(() => service.publish([domainDraft('x.example')])).toThrow(expect.objectContaining(refused))
  expect(() => service.lookup(['x.example'])).toThrow(expect.objectContaining(refused))
  expect(() => service.incarnate()).toThrow(expect.objectContaining(refused))
  expect(() => service.reader('token')).toThrow(expect.objectContaining(refused))
  expect(service.counters().length).toBeGreaterThan(10)
  expect(service.registry().version).toBe(1)
  expect((await service.diagnose()).length).toBeGreaterThan(3)
})

test('the doctor of an inner node calls nobody but its edge, and sees others through it', async () => {
  await using life = await createEdgeAlliance(3, 1)
  await using edge = await life.startEdge(0)
  await using b = await life.startOther(1)
  await using a = await life.startInner()
  await until(() => a.service.peers().some(({ nation, state }) => nation === 'BBB' && state === 'connected'), 10_000)
  const resultsOf = async (node: RunningNode, target: string) =>
    (await node.service.diagnose(target)).filter(({ nation }) => nation === target)
  const ofB = await resultsOf(a, 'BBB')
  expect(ofB.filter(({ result }) => result === 'failed')).toEqual([])
  expect(ofB.map(({ check }) => check)).toContain('registry')
  // CCC does not run, and it is the edge that says so.
  const ofC = await resultsOf(a, 'CCC')
  expect(ofC.find(({ result }) => result === 'failed')).toMatchObject({ check: 'peer key', code: 'net-not-relayed' })
  // Others call the edge, and not the node behind it.
  const ofA = await resultsOf(b, 'AAA')
  expect(ofA.filter(({ result }) => result === 'failed')).toEqual([])
  expect(edge.service.status().problems).toEqual([])
}, 60_000)

test('the inner node carries on through another edge, and a retired one is hung up by all', async () => {
  await using life = await createEdgeAlliance(2, 2)
  await using first = await life.startEdge(0)
  await using second = await life.startEdge(1)
  await using b = await life.startOther(1)
  await using a = await life.startInner()
  await ready([a, b])
  await until(() => isConnected(a, first) && isConnected(a, second), 10_000)
  await b.service.applyDocuments([toBase64(life.retire(0))])
  await until(() => [a, b].every(node => !isConnected(node, first)), 10_000)
  expect(isConnected(a, second)).toBe(true)
  expect(a.service.status().problems.map(({ code }) => code)).toContain('edge-unknown')

  await until(() => a.service.peers().some(({ nation, state }) => nation === 'BBB' && state === 'connected'), 10_000)
  await a.service.publish([domainDraft('later.example')])
  await untilKnown('later.example', b)
  await b.service.publish([domainDraft('answer.example')])
  await untilKnown('answer.example', a)
  // It may call as often as it likes.
  await new Promise(resolve => setTimeout(resolve, 500))
  expect(isConnected(b, first)).toBe(false)
}, 60_000)

/** A store of the inner node that lacks what it has signed since. */
async function oldCopy(life: EdgeAlliance, others: readonly RunningNode[]): Promise<string> {
  const { home } = life.alliance.members[0]!
  const old = join(home, '..', 'old')
  {
    await using a = await life.startInner()
    await ready([a, ...others])
    await a.service.publish([domainDraft('before.example')])
    await untilKnown('before.example', ...others)
  }
  await cp(home, old, { recursive: true })
  await using later = await life.startInner()
  await ready([later, ...others])
  await later.service.publish([domainDraft('after.example')])
  await untilKnown('after.example', ...others)
  return old
}

test('an old copy of the inner node learns through the relay that it is one, and forks nothing', async () => {
  await using life = await createEdgeAlliance(3, 1)
  await using edge = await life.startEdge(0)
  await using b = await life.startOther(1)
  await using c = await life.startOther(2)
  const old = await oldCopy(life, [b, c])
  await using copy = await life.startInner({ home: old })
  expect(await copy.service.publish([domainDraft('too-early.example')])).toMatchObject([{ outcome: 'queued' }])
  await until(() => copy.node.guard.state().kind === 'stopped', 20_000)
  expect([b, c, edge].every(({ node }) => node.store.counts().evidence === 0)).toBe(true)
}, 60_000)

test('a seized edge that keeps silent about the rest of the world gets no signature, however long it lasts', async () => {
  await using life = await createEdgeAlliance(3, 1)
  let old: string
  {
    await using _edge = await life.startEdge(0)
    await using b = await life.startOther(1)
    await using c = await life.startOther(2)
    old = await oldCopy(life, [b, c])
  }
  // It shows nothing of what it holds, and lets nobody else speak.
  await using edge = await life.startEdge(0, 'emptied')
  let aheadMs = 0
  await using a = await life.startInner({ home: old, clock: { now: () => systemClock.now() + aheadMs } })
  await until(() => a.service.peers().some(({ lastSyncMs }) => lastSyncMs > 0), 10_000)
  expect(await a.service.publish([domainDraft('unsigned.example')])).toMatchObject([{ outcome: 'queued' }])
  await converged([a, edge])
  const before = edge.node.store.counts().entries
  aheadMs = 600_000
  await new Promise(resolve => setTimeout(resolve, 1_200))
  expect(a.node.guard.state()).toEqual({ kind: 'waiting', answered: 0, needed: 2 })
  expect(edge.node.store.counts().entries).toBe(before)
}, 60_000)
