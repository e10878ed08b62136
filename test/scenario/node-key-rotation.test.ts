import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import { parseGenesis } from '../../src/chain/genesis.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { NodeKeys } from '../../src/crypto/node-key-file.ts'
import { compactRangeAt, rangeRoot } from '../../src/merkle/compact-range.ts'
import { buildNodeKey } from '../../src/node/ceremonies/founding.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { type NationChange, planNation } from '../../src/registry/next-nation.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { DOC_TYPE, encodeSignedDoc, parseSignedDoc, signDoc } from '../../src/registry/signed-doc.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { KIND } from '../../src/wire/entry.ts'
import { type Failure, failingLevel } from '../support/failing-level.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { entriesAt } from '../support/node-raw-member.ts'
import { powerFailure } from '../support/power-failure.ts'

/** a node takes a new key. Its old log is closed and names the new one, which carries it on. */

function newKeys({ members }: TestAlliance): NodeKeys {
  return {
    nation: members[0]!.nation,
    createdMs: Date.now(),
    peerSeed: randomBytes(32),
    inner: { signSeed: randomBytes(32), witnessSeed: randomBytes(32), mldsa44Seed: randomBytes(32) },
  }
}

/** The documents of the alliance, and the next one of its first nation, in which that changes `changes`. */
function withDocument(
  { allianceId, members, documents }: Pick<TestAlliance, 'allianceId' | 'members' | 'documents'>,
  changes: readonly NationChange[],
): readonly Uint8Array[] {
  const { nation, root } = members[0]!
  const evidence = addDocuments(emptyEvidence(allianceId), documents.map(parseSignedDoc))
  const { doc } = openDirectory(evidence, [])!.member(nation)!
  const { docBytes } = planNation(doc!, changes, { issuedMs: Date.now(), validDays: 365 })
  return [...documents, encodeSignedDoc(signDoc(DOC_TYPE.NATION, allianceId, docBytes, [root]))]
}

function naming(alliance: TestAlliance, keys: NodeKeys): NationChange {
  const { nation, address } = alliance.members[0]!
  return { kind: 'add-node', node: buildNodeKey(alliance.allianceId, nation, keys, [address]) }
}

const identityOf = (alliance: TestAlliance) => {
  const evidence = addDocuments(emptyEvidence(alliance.allianceId), alliance.documents.map(parseSignedDoc))
  return openDirectory(evidence, [])!.member(alliance.members[0]!.nation)!.doc!.nodes[0]!.identityHex
}

const publish = (node: RunningNode, name: string) => node.service.publish([domainDraft(name)])

/** The two logs of the first nation as `reader` holds them: that of the key before, and that of `keys`. */
function logsOf({ node }: RunningNode, keys: NodeKeys) {
  const signPk = createEd25519Signer(keys.inner!.signSeed).publicKey
  const logs = [...node.store.logs()].filter(({ head }) => head.nation === keys.nation)
  const old = logs.find(({ head }) => !equalBytes(head.signPk, signPk))
  const next = logs.find(({ head }) => equalBytes(head.signPk, signPk))
  return { count: logs.length, old: old!.head, next: next!.head }
}

/** One CLOSE, which names the new log; a GENESIS that names the old one without it; no proof against anybody. */
async function expectSuccession(reader: RunningNode, keys: NodeKeys): Promise<void> {
  const { count, old, next } = logsOf(reader, keys)
  expect(count).toBe(2)
  const closes = (await entriesAt(reader, old.logId)).filter(({ header }) => header.kind === KIND.CLOSE)
  expect(closes).toHaveLength(1)
  expect(readContent(closes[0]!, 0)).toMatchObject({
    kind: 'ok',
    content: { kind: 'close', successorLog: next.logId, finalSize: old.size },
  })
  const [genesis] = await entriesAt(reader, next.logId)
  expect(parseGenesis(genesis!.body).predecessor).toEqual({
    logId: old.logId,
    size: old.size - 1,
    root: rangeRoot(compactRangeAt(reader.node.store.hashAt(old.logId), old.size - 1)),
  })
  expect(reader.node.store.counts().evidence).toBe(0)
}

test('a node takes its new key while others run, and publishing goes on', async () => {
  await using alliance = await createTestAlliance(3)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const keys = newKeys(alliance)
  const documents = withDocument(alliance, [naming(alliance, keys)])
  {
    await using a = await alliance.start(0)
    await ready([a, b, c])
    await publish(a, 'before.example')
    await converged([a, b, c])
  }

  let adopted = 0
  const nextKeys = { keys, adopted: () => Promise.resolve(void adopted++) }
  await using a = await alliance.start(0, { nextKeys, documents })
  await until(() => adopted === 1, 20_000)
  await publish(a, 'after.example')
  await converged([a, b, c])
  for (const reader of [a, b, c]) await expectSuccession(reader, keys)
  const views = await Promise.all([a, b, c].map(async ({ service }) => (await service.digest()).view))
  expect(new Set(views).size).toBe(1)
  expect((await c.service.lookup(['before.example', 'after.example'])).map(({ result }) => result)).toEqual([
    'found',
    'found',
  ])
  expect(a.node.hindrance()).toBeUndefined()

  // The key before is retired with all of its log, and nothing of it is lost.
  const { old } = logsOf(b, keys)
  const bound = { logId: old.logId, size: old.size, root: rangeRoot(old.tree) }
  const retired = withDocument({ ...alliance, documents }, [
    { kind: 'retire-node', node: identityOf(alliance), bounds: [bound] },
  ])
  await b.service.applyDocuments(retired.map(bytes => Buffer.from(bytes).toString('base64')))
  await until(() => a.service.status().registryVersion === b.service.status().registryVersion, 5000)
  await publish(a, 'later.example')
  await converged([a, b, c])
  expect(c.service.status().indicators).toBe(3)
}, 60_000)

test('without a document that names it the new key waits, and the old one goes on', async () => {
  await using alliance = await createTestAlliance(1)
  const nextKeys = { keys: newKeys(alliance), adopted: () => Promise.reject(new Error('not yet')) }
  await using a = await alliance.start(0, { nextKeys })
  await publish(a, 'one.example')
  expect([...a.node.store.logs()]).toHaveLength(1)
  expect(a.node.hindrance()).toBeUndefined()
})

test('a key that others may have closes nothing: the new log carries on what stands', async () => {
  await using alliance = await createTestAlliance(1)
  const keys = newKeys(alliance)
  {
    await using a = await alliance.start(0)
    await publish(a, 'one.example')
    await publish(a, 'two.example')
  }
  const { logId, bound } = await boundOf(alliance, 2)
  const compromised: NationChange = { kind: 'compromise-node', node: identityOf(alliance), bounds: [bound] }
  let adopted = 0
  const nextKeys = { keys, adopted: () => Promise.resolve(void adopted++) }
  await using a = await alliance.start(0, {
    nextKeys,
    documents: withDocument(alliance, [compromised, naming(alliance, keys)]),
  })
  await until(() => adopted === 1, 10_000)
  const { old, next } = logsOf(a, keys)
  expect(old.closed).toBe(false)
  expect(next.predecessor).toEqual({ logId, size: 2, root: bound.root })
  expect((await publish(a, 'three.example'))[0]).toMatchObject({ outcome: 'new' })

  // what no longer stands is shown, and published anew where it is ours.
  const lost = await a.service.quarantined()
  expect(lost.map(({ value }) => value)).toEqual(['one.example', 'two.example'])
  expect(await a.service.republish([lost[1]!.id])).toBe(1)
  await until(() => a.service.status().indicators === 2 && a.service.status().queued === 0, 5000)
  expect((await a.service.quarantined()).map(({ value }) => value)).toEqual(['one.example'])
  expect(await a.service.republish([lost[1]!.id])).toBe(0)
}, 30_000)

async function boundOf(alliance: TestAlliance, size: number) {
  await using store = await openStore(alliance.members[0]!.home)
  const [log] = [...store.logs()]
  const { logId } = log!.head
  return { logId, bound: { logId, size, root: rangeRoot(compactRangeAt(store.hashAt(logId), size)) } }
}

describe('whatever write fails while the key changes', () => {
  test.each(['refused', 'persisted', 'lost'] as const)(
    'the next start completes it: %s',
    async failure => {
      await using alliance = await createTestAlliance(1)
      const keys = newKeys(alliance)
      const documents = withDocument(alliance, [naming(alliance, keys)])
      let nth = 1
      for (let reached = true; reached; nth++) reached = await runWithFault(alliance, keys, documents, nth, failure)
      expect(nth).toBeGreaterThan(3)
    },
    60_000,
  )
})

/** One change of key in which the `nth` write fails, and the start after it; answers whether it got that far. */
async function runWithFault(
  alliance: TestAlliance,
  keys: NodeKeys,
  documents: readonly Uint8Array[],
  nth: number,
  failure: Failure | 'lost',
): Promise<boolean> {
  const disk = memoryLevel()
  {
    await using a = await alliance.start(0, { store: await openStore({ level: disk }) })
    await publish(a, 'before.example')
  }
  await disk.open()
  const faulty =
    failure === 'lost' ? powerFailure(disk, nth) : { ...failingLevel(disk, nth, failure), survivor: (): Level => disk }
  let adopted = 0
  const nextKeys = { keys, adopted: () => Promise.resolve(void adopted++) }
  const start = async (level: Level) => alliance.start(0, { nextKeys, documents, store: await openStore({ level }) })

  const before = await start(faulty.level).catch(() => undefined)
  if (before !== undefined) {
    await until(() => adopted > 0 || before.node.store.state === 'failed', 5000)
    await before[Symbol.asyncDispose]()
  }
  const reached = faulty.writes() >= nth
  adopted = 0
  await using after = await start(faulty.survivor())
  await until(() => adopted === 1, 10_000)
  await publish(after, 'after.example')
  await expectSuccession(after, keys)
  return reached
}
