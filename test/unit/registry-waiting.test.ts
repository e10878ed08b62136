import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { WAITING_DOCS_MAX, WAITING_DOCS_OF_ONE_MAX } from '../../src/registry/waiting.ts'
import {
  firstNation,
  foundRegistry,
  nation,
  nextNation,
  nextRegistry,
  rootSigner,
  signNation,
  signRegistry,
} from '../support/registry-world.ts'

const first = foundRegistry()
const { allianceId } = first
const second = signRegistry(nextRegistry(first))
const third = signRegistry(nextRegistry(second))
const a1 = signNation(firstNation(allianceId, 'AAA', { nodes: [] }))
const a2 = signNation(nextNation(a1))
const stranger = { roots: [toRootKey(rootSigner('stranger').key)], nodes: [] }

/** First documents that anybody can make, `count` for one nation. */
function forged(id: string, count: number): ParsedSignedDoc[] {
  return Array.from(
    { length: count },
    (_, i) =>
      signNation(firstNation(allianceId, id, { ...stranger, issuedMs: first.message.issuedMs + i }), ['stranger'])
        .signed,
  )
}

/** One document of each of many nations that no registry names. */
function ofStrangers(count: number): ParsedSignedDoc[] {
  return Array.from({ length: count }, (_, i) => forged(`Z${i}`, 1)[0]!)
}

function orphans(count: number, signers: readonly string[]): ParsedSignedDoc[] {
  const { message } = third
  return Array.from(
    { length: count },
    (_, i) => signRegistry({ ...message, issuedMs: message.issuedMs + 1 + i }, signers).signed,
  )
}

function collect(docs: readonly ParsedSignedDoc[], start: EvidenceSet = emptyEvidence(allianceId)): EvidenceSet {
  return docs.reduce((set, doc) => addDocument(set, doc).set, start)
}

function waitingOf(set: EvidenceSet): string[] {
  const nations = [...set.nations.values()].flatMap(({ nodes, valid }) =>
    [...nodes.keys()].filter(hash => !valid.has(hash)),
  )
  return [...set.waitingRegistries.map(({ doc }) => doc.hash), ...nations].sort()
}

const flood = ofStrangers(WAITING_DOCS_MAX + 10)

describe('documents that wait', () => {
  it('are so many at most, and of one nation or of the registry fewer', () => {
    expect(waitingOf(collect([first.signed, ...flood]))).toHaveLength(WAITING_DOCS_MAX)
    expect(waitingOf(collect([first.signed, ...forged('AAA', 70)]))).toHaveLength(WAITING_DOCS_OF_ONE_MAX)
    expect(waitingOf(collect([first.signed, ...orphans(70, [])]))).toHaveLength(WAITING_DOCS_OF_ONE_MAX)
  })

  it('are refused with a code when there is no place for them', () => {
    const full = collect([first.signed, ...orphans(WAITING_DOCS_OF_ONE_MAX, ['gov AAA'])])
    const outcome = { kind: 'refused', code: 'doc-waiting-full' }
    expect(addDocument(full, orphans(1, [])[0]!).outcome).toMatchObject(outcome)
    const strangers = collect([first.signed, ...flood])
    const worse = [a2.signed, ...flood].map(doc => addDocument(strangers, doc).outcome.kind)
    expect(new Set(worse)).toEqual(new Set(['waiting', 'duplicate', 'refused']))
  })

  it('are the same whatever the order in which they come', () => {
    const docs = [...flood, ...forged('AAA', 70), ...forged('BBB', 10), ...orphans(70, ['gov AAA']), a2.signed]
    const one = waitingOf(collect([first.signed, ...docs]))
    expect(waitingOf(collect([first.signed, ...docs.toReversed()]))).toEqual(one)
    expect(one).toContain(toHex(a2.signed.hash))
  })

  it('of a nation that the registry names are not crowded out by strangers, before or after', () => {
    for (const docs of [
      [...flood, a2.signed],
      [a2.signed, ...flood],
    ]) {
      const set = collect([first.signed, ...docs, a1.signed])
      expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(2)
    }
  })

  it('of the roots of a nation are not crowded out by those that others sign in its name', () => {
    for (const docs of [
      [...forged('AAA', 70), a2.signed],
      [a2.signed, ...forged('AAA', 70)],
    ]) {
      const set = collect([first.signed, ...docs, a1.signed])
      expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(2)
    }
  })

  it('of governors are not crowded out by registry documents that nobody signed', () => {
    for (const docs of [
      [...orphans(70, []), third.signed],
      [third.signed, ...orphans(70, [])],
    ]) {
      const set = collect([first.signed, ...docs, second.signed])
      expect(openDirectory(set, [])!.registry.version).toBe(3)
    }
  })

  it('of governors who are learnt of later keep their place from then on', () => {
    const set = collect([third.signed, first.signed, ...orphans(70, []), second.signed])
    expect(openDirectory(set, [])!.registry.version).toBe(3)
  })

  it('of one stolen governor key crowd out none of a nation', () => {
    const set = collect([first.signed, ...orphans(70, ['gov AAA']), ...flood, a2.signed, a1.signed])
    expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(2)
  })

  it('come out of a copy that somebody filled with bad signatures, at the latest when a good one comes again', () => {
    const renewed = signNation(nextNation(a1, { roots: stranger.roots }), ['stranger', 'root AAA']).signed
    const own = renewed.sigs.filter(sig => toHex(sig.keyId) === rootSigner('stranger').key.idHex)
    const junk = Array.from({ length: 63 }, (_, i) => ({ ...own[0]!, keyId: new Uint8Array(32).fill(i) }))
    const crowded = { ...renewed, sigs: [...own, ...junk] }
    for (const docs of [
      [crowded, renewed, a1.signed, renewed],
      [renewed, crowded, a1.signed, renewed],
      [crowded, a1.signed, renewed],
      [a1.signed, crowded, renewed],
    ]) {
      const set = collect([first.signed, ...docs])
      expect(openDirectory(set, [])!.member(nation('AAA'))?.doc?.version).toBe(2)
    }
  })
})
