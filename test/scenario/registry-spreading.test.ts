import { expect, test } from 'vitest'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
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
import { createRawAuthor, startRawMember } from '../support/node-raw-member.ts'
import { renewNation } from '../support/node-rotation.ts'
import { apply, governing, keepingLogger, trustOf } from '../support/registry-changes.ts'

/** Nothing comes by the usual round of sync. */
const gossipOnly: StartOptions = {
  config: config => ({ ...config, sync: { ...config.sync, intervalMs: 3_600_000, gapMs: 3_600_000 } }),
}

const versionsOf = (nodes: readonly RunningNode[]) => nodes.map(({ service }) => service.status().registryVersion)

function inForce(nodes: readonly RunningNode[], version: number, timeoutMs = 5000): Promise<void> {
  return until(
    () => versionsOf(nodes).every(each => each === version),
    timeoutMs,
    () => JSON.stringify(versionsOf(nodes)),
  )
}

test('a new registry and a new nation document, applied at one node, are in force at all within seconds', async () => {
  await using alliance = await createTestAlliance(4)
  const nodes = await Promise.all([0, 1, 2, 3].map(index => alliance.start(index, gossipOnly)))
  await ready(nodes)
  const { next } = governing(alliance)
  const second = next()
  const third = next(() => ({ name: 'Renamed' }), second)

  const applied = await apply(nodes[0]!, third, second)
  expect(applied).toMatchObject({ added: 1, waiting: 1, refused: [], registryVersion: 3 })
  await inForce(nodes, 3)
  for (const { service } of nodes) expect(service.registry().name).toBe('Renamed')

  const held = nodes[1]!.node.book.directory().member(alliance.members[1]!.nation)!.doc!
  const renewed = renewNation(alliance.members[1]!, held, Date.now())
  await apply(nodes[1]!, renewed.document)
  const documentVersions = () =>
    nodes.map(({ service }) => service.registry().nations.find(({ nation }) => nation === 'BBB')!.documentVersion)
  await until(() => documentVersions().every(version => version === 2), 5000)
  expect(await apply(nodes[2]!, second, renewed.document)).toMatchObject({ added: 0, known: 2 })
  for (const node of nodes) await node[Symbol.asyncDispose]()
})

test('documents that were missed come by the greeting of a peer, and by the registry version of an entry', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, gossipOnly)
  await using b = await alliance.start(1, gossipOnly)
  await ready([a, b])
  await converged([a, b])
  const { next } = governing(alliance)
  const second = next()
  // As if gossip had lost it.
  await a.node.book.apply([{ type: EVIDENCE.DOCUMENT, body: second }], 'test')
  expect(versionsOf([a, b])).toEqual([2, 1])
  await a.service.publish([domainDraft('hint.example')])
  await inForce([a, b], 2)

  const third = next(() => ({}), second)
  await b.node.book.apply([{ type: EVIDENCE.DOCUMENT, body: third }], 'test')
  expect(versionsOf([a, b])).toEqual([2, 3])
  // It asks for news itself, and says under which registry.
  b.node.sync.ask()
  await inForce([a, b], 3)
})

test('a liar who names registry 2^53-1 in every entry costs a few fetches, and nothing waits for it', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0, gossipOnly)
  await using b = await alliance.start(1, gossipOnly)
  await using liar = await startRawMember(alliance, 2)
  await ready([a, b])
  const author = createRawAuthor(alliance, alliance.members[2]!)
  const lies = Array.from({ length: 200 }, () =>
    author.append({ kind: KIND.COMPLAINT, body: new Uint8Array(0), registryVersion: Number.MAX_SAFE_INTEGER }),
  )
  await liar.gossip(author.entries[0]!, ...lies)
  await until(() => [a, b].every(({ node }) => node.store.log(author.logId)?.head.size === 201), 10_000)

  for (const { node, service } of [a, b]) {
    expect(node.hints.counts.followed).toBeLessThan(6)
    expect(node.hints.counts.heldBack).toBeGreaterThan(190)
    expect(service.status()).toMatchObject({ state: 'ready', registryVersion: 1 })
  }
  const { next } = governing(alliance)
  await apply(a, next())
  await inForce([a, b], 2)
})

test('two registries of one version, in whatever order they come: all stay, name who signed both, and go on with the successor', async () => {
  await using alliance = await createTestAlliance(4)
  const logs = [0, 1, 2, 3].map(() => keepingLogger())
  const nodes = await Promise.all(logs.map(({ logger }, i) => alliance.start(i, { logger })))
  await ready(nodes)
  const { next } = governing(alliance)
  const left = next(() => ({ name: 'Left' }), undefined, [0, 1, 2])
  const right = next(() => ({ name: 'Right' }), undefined, [1, 2, 3])
  await Promise.all([apply(nodes[0]!, left, right), apply(nodes[3]!, right, left)])

  const splits = () =>
    nodes.map(({ service }) => service.status().problems.filter(({ code }) => code === 'registry-split'))
  await until(
    () => splits().every(found => found.length === 1),
    10_000,
    () => JSON.stringify(versionsOf(nodes)),
  )
  expect(versionsOf(nodes)).toEqual([1, 1, 1, 1])
  for (const [problem] of splits()) {
    expect(problem).toMatchObject({ grade: 'alarm', fix: expect.stringContaining('tocsin alliance resolve') })
    expect(problem!.message).toContain('BBB and CCC signed more than one')
  }
  for (const { service } of nodes) {
    expect(service.status().state).toBe('degraded')
    const [outcome] = await service.publish([domainDraft(`split-${service.status().nation}.example`)])
    expect(outcome).toMatchObject({ outcome: 'new' })
  }
  await converged(nodes)
  for (const { lines } of logs) {
    const told = lines.filter(({ code }) => code === 'registry-split')
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ level: 'error', text: expect.stringContaining('BBB and CCC') })
  }

  // A pin decides here and now, a successor for all.
  await nodes[2]!.service.pin(trustOf(nodes[2]!, right))
  expect(nodes[2]!.service.registry()).toMatchObject({ version: 2, name: 'Right' })
  await apply(
    nodes[1]!,
    next(() => ({ name: 'Right again' }), right),
  )
  await inForce(nodes, 3, 10_000)
  for (const { service } of nodes) {
    expect(service.registry().name).toBe('Right again')
    expect(service.status()).toMatchObject({ state: 'ready', problems: [] })
  }
  for (const node of nodes) await node[Symbol.asyncDispose]()
})

test('a pin on what is not here is refused and changes nothing', async () => {
  await using alliance = await createTestAlliance(1)
  await using a = await alliance.start(0)
  const { next } = governing(alliance)
  const trust = trustOf(a, next())
  await expect(a.service.pin(trust)).rejects.toMatchObject({ code: 'pin-unknown' })
  await expect(a.service.pin('tocsin1-nonsense')).rejects.toMatchObject({ code: 'trust-string-malformed' })
  expect(a.service.status().registryVersion).toBe(1)
})
