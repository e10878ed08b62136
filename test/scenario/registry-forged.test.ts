import { expect, test } from 'vitest'
import { EMPTY, toBase64 } from '../../src/base/bytes.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { DOC_TYPE, encodeSignedDoc, parseSignedDoc, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import { encodeTrust, trustOf } from '../../src/registry/trust-string.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { NationDoc, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  type Member,
  type RunningNode,
  ready,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { nextRegistry, nodeOf } from '../support/node-rotation.ts'
import { rootSigner, SMALL_ORDER_KEY } from '../support/registry-world.ts'

const NOW_MS = Date.now()

/** The version after the founding, changed and signed as somebody likes. */
function registry(
  { allianceId, documents }: TestAlliance,
  governors: readonly RootSigner[],
  change: Partial<RegistryDoc> = {},
): Uint8Array {
  return nextRegistry(allianceId, documents[0]!, governors, NOW_MS, () => change)
}

/** The version after the first document of a nation, changed and signed as somebody likes. */
function nationDoc(
  { allianceId, documents, members }: TestAlliance,
  index: number,
  change: (message: NationDoc) => Partial<NationDoc>,
  signers: readonly RootSigner[] = [members[index]!.root],
): Uint8Array {
  const first = parseSignedDoc(documents[index + 1]!)
  const message = decodeLoose(NationDoc, first.docBytes, false)
  const next = { ...message, version: 2, prevHash: first.hash, ...change(message) }
  return encodeSignedDoc(signDoc(DOC_TYPE.NATION, allianceId, encode(NationDoc, next), signers))
}

function signedAs(type: 1 | 2, docBytes: Uint8Array, alliance: Uint8Array, signers: readonly RootSigner[]): Uint8Array {
  return encodeSignedDoc(signDoc(type, alliance, docBytes, signers))
}

const apply = ({ service }: RunningNode, ...documents: readonly Uint8Array[]) =>
  service.applyDocuments(documents.map(toBase64))
const directoryOf = ({ node }: RunningNode) => node.book.directory()
const versionAt = (node: RunningNode) => directoryOf(node).registry.version

/** A document for each rule that somebody breaks, and the code that names it. */
function forgeries(alliance: TestAlliance, foreign: TestAlliance): readonly (readonly [string, string, Uint8Array])[] {
  const { allianceId, members, documents } = alliance
  const [a, b] = members.map(({ root }) => root) as [RootSigner, RootSigner, RootSigner]
  const sound = parseSignedDoc(registry(alliance, [a, b]))
  const { governors } = decodeLoose(RegistryDoc, sound.docBytes, false)
  const dubious = { edPk: SMALL_ORDER_KEY, mldsa65Pk: rootSigner('dubious').key.mldsa65Pk }
  return [
    ['R-0.5', 'wire-not-canonical', signedAs(1, Uint8Array.of(...sound.docBytes, 0x38, 0), allianceId, [a, b])],
    ['R-1.1', 'doc-alliance', foreign.documents[0]!],
    ['R-1.1', 'doc-threshold', encodeSignedDoc({ ...sound, sigs: signAs(2, sound.docBytes, allianceId, [a, b]) })],
    ['R-1.2', 'doc-threshold', registry(alliance, [a])],
    ['R-1.2', 'doc-threshold', registry(alliance, [a, a])],
    ['R-1.2', 'doc-threshold', registry(alliance, [a, rootSigner('stranger')])],
    ['R-1.2', 'doc-threshold-range', registry(alliance, [a, b], { threshold: 1 })],
    ['R-1.3', 'doc-version', registry(alliance, [a, b], { version: 3 })],
    ['R-1.3', 'doc-version', registry(alliance, [a, b], { version: Number.MAX_SAFE_INTEGER })],
    ['R-1.9', 'doc-period', registry(alliance, [a, b], { expiresMs: NOW_MS + 401 * DAY_MS })],
    ['R-1.11', 'key-invalid', registry(alliance, [a, b], { governors: [...governors, governorWith(dubious)] })],
    ['R-1.11', 'key-invalid', nationDoc(alliance, 1, ({ roots }) => ({ roots: [...roots, dubious] }))],
    ['R-1.2', 'doc-threshold', nationDoc(alliance, 1, () => ({}), [a])],
    ['R-1.3', 'wire-field-length', nationDoc(alliance, 1, () => ({ version: 1 }))],
    ['R-1.1', 'doc-alliance', foreign.documents[1]!],
    ['R-0.5', 'wire-undecodable', signedAs(2, documents[0]!.subarray(0, 100), allianceId, [a])],
  ]
}

const signAs = (type: 1 | 2, docBytes: Uint8Array, alliance: Uint8Array, signers: readonly RootSigner[]) =>
  signDoc(type, alliance, docBytes, signers).sigs
const governorWith = (primary: { edPk: Uint8Array; mldsa65Pk: Uint8Array }) => ({
  nation: 'DDD',
  primary,
  recovery: undefined,
})

test('R-0.5, R-1.1, R-1.2, R-1.3, R-1.11: forged documents are refused with their code, and change nothing anywhere', async () => {
  await using alliance = await createTestAlliance(3)
  await using foreign = await createTestAlliance(1)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  for (const { service } of [a, b]) await service.incarnate()
  await until(() => [a, b].every(({ service }) => service.status().peersConnected === 1), 15_000)
  for (const [rule, code, document] of forgeries(alliance, foreign)) {
    const result = await apply(a, document)
    expect({ rule, code, refused: result.refused.map(({ code }) => code) }).toEqual({ rule, code, refused: [code] })
    expect(result).toMatchObject({ added: 0, registryVersion: 1 })
  }
  expect([a, b].map(({ service }) => service.status().peersConnected)).toEqual([1, 1])
  expect(await apply(a, registry(alliance, [alliance.members[0]!.root, alliance.members[1]!.root]))).toMatchObject({
    added: 1,
    registryVersion: 2,
  })
  await until(() => versionAt(b) === 2, 15_000)
  await a.service.publish([domainDraft('afterwards.example')])
  await converged([a, b])
}, 60_000)

test('R-1.12: a nation that names the node of another as compromised, or as its own, takes nothing from it', async () => {
  await using alliance = await createTestAlliance(3)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  await using c = await alliance.start(2)
  await ready([a, b, c])
  const stolen = nodeOf(alliance.allianceId, alliance.members[0]!)
  const asOwn = (member: Member) => nodeOf(alliance.allianceId, { ...alliance.members[0]!, nation: member.nation })
  const claims = [
    nationDoc(alliance, 1, ({ nodes }) => ({ nodes: [...nodes, { ...stolen, status: 3 }] })),
    nationDoc(alliance, 2, ({ nodes }) => ({
      nodes: [
        ...nodes,
        { ...asOwn(alliance.members[2]!), status: 3, signPop: EMPTY, witnessPop: EMPTY, peerPop: EMPTY },
      ],
    })),
  ]
  expect(await apply(b, ...claims)).toMatchObject({ added: 2 })
  const all = [a, b, c]
  await until(
    () =>
      all.every(
        node =>
          directoryOf(node)
            .members()
            .filter(({ doc }) => doc?.version === 2).length === 2,
      ),
    15_000,
  )
  await a.service.publish([domainDraft('still-here.example')])
  await converged(all)
  for (const node of all) {
    expect(directoryOf(node).peerStanding(stolen.peerPk)).toBe('member')
    expect(directoryOf(node).nationOfPeer(stolen.peerPk)).toBe('AAA')
    expect(node.service.status().peersConnected).toBe(2)
    expect((await node.service.lookup(['still-here.example']))[0]).toMatchObject({ result: 'found' })
  }
}, 60_000)

test('R-1.4: of two versions a node goes where its operator confirmed, and refuses a trust string of another alliance', async () => {
  await using alliance = await createTestAlliance(3)
  await using foreign = await createTestAlliance(1)
  await using a = await alliance.start(0)
  await using b = await alliance.start(1)
  for (const { service } of [a, b]) await service.incarnate()
  await until(() => [a, b].every(({ service }) => service.status().peersConnected === 1), 15_000)
  const [x, y, z] = alliance.members.map(({ root }) => root)
  const left = registry(alliance, [x!, y!], { name: 'Left' })
  const right = registry(alliance, [y!, z!], { name: 'Right' })
  const trust = (document: Uint8Array) => encodeTrust(trustOf(parseRegistryDoc(parseSignedDoc(document))))
  await expect(a.service.pin(trust(right))).rejects.toMatchObject({ code: 'pin-unknown' })
  await apply(a, left, right)
  await until(() => [a, b].every(node => directoryOf(node).split !== undefined), 15_000)
  await expect(a.service.pin(trust(foreign.documents[0]!))).rejects.toMatchObject({
    code: 'registry-fingerprint-mismatch',
  })
  await a.service.pin(trust(right))
  expect(directoryOf(a).registry.name).toBe('Right')
  expect(directoryOf(a).split).toBeUndefined()
  // the other operator has confirmed nothing
  expect(versionAt(b)).toBe(1)
  await b.service.pin(trust(right))
  await a.service.publish([domainDraft('agreed.example')])
  await converged([a, b])
}, 60_000)

test('R-0.3: clocks a hundred days apart keep no entry of either side out', async () => {
  await using alliance = await createTestAlliance(3)
  const shifted = (days: number) => ({ clock: { now: () => Date.now() + days * DAY_MS } })
  await using a = await alliance.start(0, shifted(100))
  await using b = await alliance.start(1, shifted(-100))
  await using c = await alliance.start(2)
  const all = [a, b, c]
  await ready(all)
  for (const node of all) await node.service.publish([domainDraft(`of-${node.member.nation.toLowerCase()}.example`)])
  await converged(all)
  const sizes = ({ service }: RunningNode) => service.status().logs.map(({ nation, size }) => `${nation} ${size}`)
  expect(sizes(b)).toEqual(sizes(a))
  expect(sizes(c)).toEqual(sizes(a))
  expect(sizes(a)).toHaveLength(3)
}, 60_000)
