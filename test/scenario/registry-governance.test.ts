import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { toBase64 } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import type { Clock } from '../../src/base/ports.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import type { ParsedNationDoc } from '../../src/registry/nation-doc.ts'
import { planNation } from '../../src/registry/next-nation.ts'
import { createRootSigner } from '../../src/registry/root-signer.ts'
import { DOC_TYPE, encodeSignedDoc, parseSignedDoc, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import type { NationEntry, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  freePort,
  type Member,
  type RunningNode,
  ready,
  startFrom,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { boundOf, nextRegistry, nodeOf, renewNation } from '../support/node-rotation.ts'

const NOW_MS = Date.now()

/** The version after `before`, signed by these members, with a change of one nation's entry or of the whole. */
function following(
  { allianceId, members }: TestAlliance,
  before: Uint8Array,
  governors: readonly number[],
  change: (message: RegistryDoc) => Partial<RegistryDoc>,
  issuedMs = NOW_MS,
): Uint8Array {
  const signers = governors.map(i => members[i]!.root)
  return nextRegistry(allianceId, before, signers, issuedMs, change)
}

function withEntry(nation: string, fields: Partial<NationEntry>) {
  return ({ nations }: RegistryDoc): Partial<RegistryDoc> => ({
    nations: nations.map(entry => (entry.nation === nation ? { ...entry, ...fields } : entry)),
  })
}

function signed({ allianceId }: TestAlliance, docBytes: Uint8Array, root: RootSigner): Uint8Array {
  return encodeSignedDoc(signDoc(DOC_TYPE.NATION, allianceId, docBytes, [root]))
}

/** Who has the root and KEM keys of a nation, and makes itself a node of it. */
async function thiefOf(member: Member): Promise<Member> {
  const inner = { signSeed: randomBytes(32), witnessSeed: randomBytes(32), mldsa44Seed: randomBytes(32) }
  return {
    ...member,
    keys: { ...member.keys, peerSeed: randomBytes(32), inner },
    address: `/ip4/127.0.0.1/tcp/${await freePort()}`,
    home: `${member.home}-thief`,
  }
}

function apply({ service }: RunningNode, ...documents: readonly Uint8Array[]) {
  return service.applyDocuments(documents.map(toBase64))
}

const directoryOf = ({ node }: RunningNode) => node.book.directory()
const versionAt = (node: RunningNode) => directoryOf(node).registry.version
const docAt = (node: RunningNode, { member }: RunningNode): ParsedNationDoc =>
  directoryOf(node).member(member.nation)!.doc!
const peersOf = ({ service }: RunningNode) => service.status().peersConnected
const finds = async ({ service }: RunningNode, name: string) => (await service.lookup([name]))[0]!.result

async function publish({ service }: RunningNode, name: string): Promise<void> {
  expect(await service.publish([domainDraft(name)])).toMatchObject([{ outcome: 'new' }])
}

async function untilFound(node: RunningNode, name: string): Promise<void> {
  const end = Date.now() + 15_000
  while ((await finds(node, name)) !== 'found') {
    if (Date.now() > end) throw new Error(`${node.member.nation} does not find ${name}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test('R-1.5: two versions that come in opposite orders split no alliance, seal to nobody whom one expels, and end with a successor', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const all = [a, b, c]
  await ready(all)
  const [founding] = alliance.documents
  const left = following(alliance, founding!, [0, 1], () => ({ name: 'Left' }))
  const right = following(alliance, founding!, [1, 2], withEntry('CCC', { status: 3 }))
  await Promise.all([apply(a, left), apply(b, right)])
  await until(() => all.every(node => directoryOf(node).split?.siblings.length === 2), 15_000)
  for (const node of all) {
    expect(versionAt(node)).toBe(1)
    expect(directoryOf(node).split!.signersOfBoth).toEqual(['BBB'])
  }
  // who expelled C for a moment takes it back
  await until(() => all.every(node => peersOf(node) === 2), 15_000)

  await publish(a, 'in-the-split.example')
  await untilFound(b, 'in-the-split.example')
  await converged(all)
  expect(await finds(c, 'in-the-split.example')).toBe('absent')

  await apply(
    b,
    following(alliance, left, [0, 1], () => ({ name: 'After left' })),
  )
  await until(() => all.every(node => versionAt(node) === 3), 15_000)
  expect(all.map(node => directoryOf(node).split)).toEqual([undefined, undefined, undefined])
  await publish(a, 'after-the-split.example')
  await untilFound(c, 'after-the-split.example')
  await converged(all)
}, 60_000)

test('R-1.6: a nation with two documents of one version stays before them, holds up nobody, and is expelled all the same', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const all = [a, b, c]
  await ready(all)
  const [one, other] = [1, 2].map(i => renewNation(alliance.members[1]!, docAt(a, b), NOW_MS + i).document)
  await Promise.all([apply(a, one!), apply(c, other!)])
  await until(() => all.every(node => directoryOf(node).member(b.member.nation)!.siblings.length === 2), 15_000)
  expect(all.map(node => docAt(node, b).version)).toEqual([1, 1, 1])

  const renewed = renewNation(alliance.members[2]!, docAt(a, c), NOW_MS).document
  await apply(a, renewed)
  await until(() => all.every(node => docAt(node, c).version === 2), 15_000)
  await publish(b, 'of-b.example')
  await publish(a, 'of-a.example')
  await converged(all)
  expect(await finds(c, 'of-b.example')).toBe('found')

  await apply(c, following(alliance, alliance.documents[0]!, [0, 2], withEntry('BBB', { status: 3 })))
  await until(() => peersOf(a) === 1 && peersOf(c) === 1 && peersOf(b) === 0, 15_000)
  await publish(a, 'without-b.example')
  await untilFound(c, 'without-b.example')
  expect(await finds(b, 'without-b.example')).toBe('absent')
}, 60_000)

test('R-1.7: a COMPROMISED reset throws out the thief of the roots while its node is running, and what it said', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  await ready([a, b, c])
  await publish(b, 'of-b.example')
  await converged([a, b, c])

  // The thief holds the root key: it adds a node of its own and leaves that of the nation as it is.
  const first = docAt(a, b)
  const member = await thiefOf(alliance.members[1]!)
  const node = nodeOf(alliance.allianceId, member)
  const times = { issuedMs: NOW_MS, validDays: 365 }
  const { docBytes } = planNation(first, [{ kind: 'add-node', node }], times)
  const stolen = signed(alliance, docBytes, alliance.members[1]!.root)
  const thieves = { ...alliance, members: [member], documents: [...alliance.documents, stolen] }
  await using thief = await startFrom(thieves, 0)
  await until(() => [a, b, c].every(node => docAt(node, b).version === 2), 15_000)
  await ready([thief])
  await publish(thief, 'of-the-thief.example')
  await untilFound(a, 'of-the-thief.example')
  await untilFound(c, 'of-the-thief.example')

  const newRoot = createRootSigner(randomBytes(32), randomBytes(32))
  const reset = { reset: 2, docMinVersion: 2, rootThreshold: 1, rootKeyIds: [newRoot.key.id] }
  const resets = following(alliance, alliance.documents[0]!, [0, 2], withEntry('BBB', reset))
  const renewal = planNation(first, [{ kind: 'roots', roots: [newRoot.key], threshold: 1 }], times)
  await apply(a, resets, signed(alliance, renewal.docBytes, newRoot))
  await until(() => [a, b, c].every(node => docAt(node, b).rootSet.includes(newRoot.key.idHex)), 15_000)
  await until(() => peersOf(thief) === 0, 15_000)
  await until(() => [a, b, c].every(node => peersOf(node) === 2), 15_000)
  await publish(b, 'of-b-again.example')
  await untilFound(a, 'of-b-again.example')
  await converged([a, b, c])
  for (const node of [a, c]) {
    expect(await finds(node, 'of-the-thief.example')).toBe('absent')
    expect(await finds(node, 'of-b.example')).toBe('found')
  }
}, 90_000)

test('R-1.7: LOST roots are replaced with the version that still carries the loss 14 days later, and not before', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  for (const { service } of [a, b]) await service.incarnate()
  const newRoot = createRootSigner(randomBytes(32), randomBytes(32))
  const reset = withEntry('CCC', { reset: 1, docMinVersion: 2, rootThreshold: 1, rootKeyIds: [newRoot.key.id] })
  const ofC = () => directoryOf(b).member(parseNationId('CCC'))!
  const before = directoryOf(a).member(parseNationId('CCC'))!.doc!
  const times = { issuedMs: NOW_MS, validDays: 365 }
  const { docBytes } = planNation(before, [{ kind: 'roots', roots: [newRoot.key], threshold: 1 }], times)
  const brings = following(alliance, alliance.documents[0]!, [0, 1], reset)
  const tooEarly = following(alliance, brings, [0, 1], reset, NOW_MS + 14 * DAY_MS - 1)
  const onTheDay = following(alliance, tooEarly, [0, 1], reset, NOW_MS + 14 * DAY_MS)
  await apply(a, brings, signed(alliance, docBytes, newRoot))
  await until(() => versionAt(b) === 2, 15_000)
  expect(ofC()).toMatchObject({ pendingReset: { minVersion: 2, broughtMs: NOW_MS }, doc: { version: 1 } })
  expect(b.service.status().problems.map(({ code }) => code)).toContain('nation-reset-pending')
  await apply(a, tooEarly)
  await until(() => versionAt(b) === 3, 15_000)
  expect(ofC().doc!.version).toBe(1)
  await apply(a, onTheDay)
  await until(() => versionAt(b) === 4 && ofC().doc!.version === 2, 15_000)
  expect(ofC().pendingReset).toBeUndefined()
}, 60_000)

test('R-1.6: governors who pin what a nation did not sign raise an alarm at every node', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  for (const { service } of [a, b]) await service.incarnate()
  const puppet = createRootSigner(randomBytes(32), randomBytes(32))
  const before = directoryOf(a).member(parseNationId('CCC'))!.doc!
  const times = { issuedMs: NOW_MS, validDays: 365 }
  const { docBytes } = planNation(before, [{ kind: 'roots', roots: [puppet.key], threshold: 1 }], times)
  const imposed = signed(alliance, docBytes, puppet)
  const pin = withEntry('CCC', { pinVersion: 2, pinHash: parseSignedDoc(imposed).hash })
  await apply(a, following(alliance, alliance.documents[0]!, [0, 1], pin), imposed)
  await until(() => directoryOf(b).member(parseNationId('CCC'))!.doc!.version === 2, 15_000)
  const codes = ({ service }: RunningNode) => service.status().problems.map(({ code }) => code)
  await until(() => [a, b].every(node => codes(node).includes('nation-overruled')), 15_000)
}, 60_000)

test('R-1.8: entries beyond the bound of a removed key are quarantined at all, those before it stay', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  const all = [a, b, c]
  await ready(all)
  await publish(b, 'before.example')
  const bound = await boundOf(b)
  await publish(b, 'beyond.example')
  await converged(all)
  expect(await Promise.all(all.map(node => finds(node, 'beyond.example')))).toEqual(['found', 'found', 'found'])

  const removed = planNation(
    docAt(a, b),
    [{ kind: 'compromise-node', node: docAt(a, b).nodes[0]!.identityHex, bounds: [] }],
    { issuedMs: NOW_MS, validDays: 365 },
  )
  const bounds = [{ logId: bound.logId, size: bound.size, root: bound.root }]
  const bounding = following(alliance, alliance.documents[0]!, [0, 2], withEntry('BBB', { bounds }))
  await apply(a, bounding, signed(alliance, removed.docBytes, alliance.members[1]!.root))
  await until(() => peersOf(b) === 0 && peersOf(a) === 1 && peersOf(c) === 1, 15_000)
  const sizeAt = ({ service }: RunningNode) => service.status().logs.find(({ nation }) => nation === 'BBB')!.size
  await until(
    () => sizeAt(a) === bound.size && sizeAt(c) === bound.size,
    15_000,
    () => `${sizeAt(a)} ${sizeAt(c)}`,
  )
  await converged([a, c])
  for (const node of [a, c]) {
    expect(await finds(node, 'before.example')).toBe('found')
    expect(await finds(node, 'beyond.example')).toBe('absent')
  }
}, 60_000)

test('R-1.9: an expired registry closes no connection and ends publishing after 30 days, until the next version comes', async () => {
  await using alliance = await createTestAlliance(2)
  let aheadMs = 0
  const clock: Clock = { now: () => Date.now() + aheadMs }
  await using a = await alliance.start(0, { clock })
  await using b = await alliance.start(1, { clock })
  await ready([a, b])
  await publish(a, 'valid.example')
  await converged([a, b])

  aheadMs = 366 * DAY_MS
  await publish(a, 'expired.example')
  await untilFound(a, 'expired.example')
  await converged([a, b])
  expect([a, b].map(peersOf)).toEqual([1, 1])

  aheadMs = 396 * DAY_MS
  await expect(a.service.publish([domainDraft('lapsed.example')])).rejects.toMatchObject({
    code: 'publish-registry-expired',
  })
  await new Promise(resolve => setTimeout(resolve, 1000))
  expect([a, b].map(peersOf)).toEqual([1, 1])

  const renewed = following(alliance, alliance.documents[0]!, [0, 1], () => ({}), NOW_MS + 395 * DAY_MS)
  await apply(b, renewed)
  await until(() => versionAt(a) === 2, 15_000)
  await publish(a, 'renewed.example')
  await converged([a, b])
}, 60_000)
