import { expect, test } from 'vitest'
import { proposalWords } from '../../src/cli/terminal/proposal-view.ts'
import { documentsOf } from '../../src/registry/evidence.ts'
import { draftOf, openProposal } from '../../src/registry/proposal.ts'
import { DOC_TYPE, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import { boundOf, foundLife, nextDoc, plan, withDocs } from '../support/alliance-life.ts'
import { firstNation, nation, signNation, T0 } from '../support/registry-world.ts'

/** A governor who turns: the proposal of an honest renewal, but for the pin of BBB. */
const life = foundLife()
const toNext = nextDoc(life, 'BBB', { contacts: [] }, ['root BBB'])

function wordsOf(set: typeof life, version: number, { hash }: Pick<ParsedSignedDoc, 'hash'>): readonly string[] {
  const honest = decodeLoose(RegistryDoc, plan(set, [{ kind: 'renew' }]).docBytes, false)
  const nations = honest.nations.map(entry =>
    entry.nation === 'BBB' ? { ...entry, pinVersion: version, pinHash: hash } : entry,
  )
  const draft = draftOf(DOC_TYPE.REGISTRY, encode(RegistryDoc, { ...honest, nations }), documentsOf(set))
  return proposalWords(openProposal(draft, T0))
}

const imposed = (words: readonly string[]) => words.filter(line => /^ATTENTION: document .* is pinned, and/.test(line))

test('a pin that follows what the nation signed is no warning', () => {
  const set = withDocs(life, toNext)
  expect(
    imposed(
      proposalWords(
        openProposal(draftOf(DOC_TYPE.REGISTRY, plan(set, [{ kind: 'renew' }]).docBytes, documentsOf(set)), T0),
      ),
    ),
  ).toEqual([])
  expect(imposed(wordsOf(set, 2, toNext))).toEqual([])
})

test('a pin of a document that the nation never signed is told to whoever is to sign it (R-1.6)', () => {
  const stolen = signNation(firstNation(life.allianceId, 'BBB', { version: 7, prevHash: toNext.hash }), ['root BBB'])
  const [line, ...others] = imposed(wordsOf(life, 7, stolen.signed))
  expect(others).toEqual([])
  expect(line).toContain('document 7 of BBB')
  expect(line).toContain('no such document came with this proposal')
  expect(imposed(wordsOf(life, 7, toNext))).toHaveLength(1)
})

test('a pin that takes one of two documents of a version is told', () => {
  const other = nextDoc(life, 'BBB', { contacts: [{ name: 'A', duty: 'B', reach: 'C' }] }, ['root BBB'])
  const [line] = imposed(wordsOf(withDocs(life, toNext, other), 2, other))
  expect(line).toContain('it is not the one in force')
})

test('what may harm is said again where much else is said', () => {
  const bounds = Array.from({ length: 40 }, (_, i) => boundOf(`BBB ${i}`, i + 1))
  const { docBytes } = plan(life, [{ kind: 'suspend', nation: nation('BBB'), bounds }])
  const words = proposalWords(openProposal(draftOf(DOC_TYPE.REGISTRY, docBytes, documentsOf(life)), T0))
  const again = words.indexOf('Above all:')
  expect(again).toBeGreaterThan(40)
  expect(words[again + 1]).toMatch(/^ATTENTION/)
})
