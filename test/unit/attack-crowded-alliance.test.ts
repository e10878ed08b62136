import { expect, test } from 'vitest'
import { encodeAllianceFile } from '../../src/node/home/alliance-file.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { documentsOf, type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'
import { kemKeyIdOf } from '../../src/registry/kem-key.ts'
import { KEY_STATUS } from '../../src/registry/node-key.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nation,
  nextNation,
  nextRegistry,
  type SignedNation,
  signNation,
  signRegistry,
} from '../support/registry-world.ts'

/** KEM keys of a suite that nobody knows: what makes a document large. */
const ballast = Array.from({ length: 64 }, (_, i) => {
  const pk = new Uint8Array(4096).fill(i)
  return { keyId: kemKeyIdOf(9, pk), suite: 9, pk, fromMs: 0, untilMs: 1, status: KEY_STATUS.RETIRED }
})
const first = foundRegistry()

/** Documents of BBB, each after the one before it, a quarter of a mebibyte each. */
function largeDocuments(count: number): readonly SignedNation[] {
  const docs = [signNation(firstNation(first.allianceId, 'BBB', { kems: ballast }))]
  while (docs.length < count) docs.push(signNation(nextNation(docs.at(-1)!)))
  return docs
}

function add(set: EvidenceSet, ...docs: readonly ParsedSignedDoc[]): EvidenceSet {
  return docs.reduce((next, doc) => addDocument(next, doc).set, set)
}

const bytesOf = (set: EvidenceSet) => documentsOf(set).reduce((sum, doc) => sum + encodeSignedDoc(doc).length, 0)

test('a nation that signs one large document after the other fills nobody’s memory, whatever comes first', () => {
  const docs = largeDocuments(64).map(({ signed }) => signed)
  const founded = add(emptyEvidence(first.allianceId), first.signed)
  const inOrder = add(founded, ...docs)
  expect(bytesOf(inOrder)).toBeLessThan(9 * 1024 * 1024)
  const backwards = add(founded, ...docs.toReversed())
  expect(bytesOf(backwards)).toBeLessThan(9 * 1024 * 1024)
  // what is refused harms that nation alone
  const other = signNation(firstNation(first.allianceId, 'AAA')).signed
  expect(addDocument(inOrder, other).outcome).toEqual({ kind: 'added' })
  const held = documentsOf(inOrder).length - 1
  expect(addDocument(inOrder, docs[held]!).outcome).toMatchObject({ kind: 'refused', code: 'doc-siblings-full' })
})

test('a registry that pins a document of a crowded nation leads on from there', () => {
  const docs = largeDocuments(40)
  const crowded = add(emptyEvidence(first.allianceId), first.signed, ...docs.map(({ signed }) => signed))
  const last = docs.at(-1)!
  const pin = { pinVersion: last.message.version, pinHash: last.signed.hash }
  const registry = signRegistry(nextRegistry(first, { nations: [entry('AAA'), entry('BBB', pin)] }))
  const after = signNation(nextNation(last))
  const pinned = add(crowded, registry.signed, last.signed, after.signed)
  expect(openDirectory(pinned, [])?.member(nation('BBB'))?.doc?.version).toBe(41)
})

test('no alliance file is written that nobody could read', () => {
  const document = new Uint8Array(1024 * 1024)
  expect(() => encodeAllianceFile({ documents: Array(257).fill(document) })).toThrow(
    expect.objectContaining({ code: 'file-too-large' }),
  )
  expect(() => encodeAllianceFile({ documents: Array(100_001).fill(new Uint8Array(1)) })).toThrow(
    expect.objectContaining({ code: 'file-too-large' }),
  )
})
