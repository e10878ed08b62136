import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { DAY_MS, docHashHex } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { type Pin, registryState } from '../../src/registry/registry-state.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { type StoryStep, tellStory } from '../../src/registry/story.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nextNation,
  nextRegistry,
  pinOf,
  type SignedNation,
  type SignedRegistry,
  signNation,
  signRegistry,
  T0,
} from '../support/registry-world.ts'

const founded = foundRegistry()
const { allianceId } = founded
const aaa = signNation(firstNation(allianceId, 'AAA'))
const pinning = pinOfNation(aaa)
const second = signRegistry(nextRegistry(founded, { nations: [entry('AAA', pinning), entry('BBB'), entry('CCC')] }), [
  'recovery AAA',
  'gov BBB',
])

function pinOfNation({ message, signed }: SignedNation) {
  return { pinVersion: message.version, pinHash: signed.hash }
}

function story(documents: readonly { readonly signed: ParsedSignedDoc }[], pins: readonly Pin[] = []) {
  const set = addDocuments(
    emptyEvidence(allianceId),
    documents.map(({ signed }) => signed),
  )
  return tellStory(set, registryState(set, pins)!)
}

function namesOf(steps: readonly StoryStep[]): string[] {
  return steps.map(({ document, nation, version, standing }) => `${nation || document} ${version} ${standing}`)
}

function hashes(documents: readonly (SignedRegistry | SignedNation)[]): string[] {
  return documents.map(({ signed }) => docHashHex(signed.hash))
}

describe('the story of an alliance', () => {
  test('tells each document after what it builds on, whatever it is dated', () => {
    const late = signNation({ ...firstNation(allianceId, 'BBB'), issuedMs: T0 + 9 * DAY_MS })
    const early = signNation(nextNation(late, { issuedMs: T0 }))
    const third = signRegistry(
      nextRegistry(second, { nations: [entry('AAA', pinning), entry('BBB', pinOfNation(early)), entry('CCC')] }),
    )
    const told = story([third, early, aaa, late, second, founded])
    expect(told.map(({ hash }) => hash)).toEqual(hashes([founded, aaa, second, late, early, third]))
    expect(namesOf(told)).toEqual([
      'registry 1 past',
      'AAA 1 current',
      'registry 2 past',
      'BBB 1 past',
      'BBB 2 current',
      'registry 3 current',
    ])
  })

  test('names the keys that signed, and what each step changed', () => {
    const [first, nation, next] = story([founded, aaa, second])
    expect(first!.signers.map(({ nation, key }) => `${nation} ${key}`)).toEqual(['AAA primary', 'BBB primary'])
    expect(next!.signers.map(({ nation, key }) => `${nation} ${key}`)).toEqual(['AAA recovery', 'BBB primary'])
    expect(nation!.signers).toEqual([{ nation: 'AAA', key: 'root', keyId: toHex(aaa.signed.sigs[0]!.keyId) }])
    expect(first!.changes[0]).toContain('is founded')
    expect(next!.changes.join('\n')).toContain('CCC ("Nation CCC") is admitted')
    expect(next!.changes.join('\n')).toContain('Document 1 of AAA is pinned')
  })

  test('says which nations a version concerns', () => {
    const third = signRegistry(nextRegistry(second, { name: 'Another name' }))
    const told = story([founded, aaa, second, third])
    expect(told.map(({ concerns }) => concerns.join(' '))).toEqual(['AAA BBB CCC', 'AAA', 'AAA CCC', ''])
  })

  test('marks the branches of a SPLIT as open, and the one that a pin voids as set aside', () => {
    const left = signRegistry(nextRegistry(second, { name: 'Left' }))
    const right = signRegistry(nextRegistry(second, { name: 'Right' }))
    const documents = [founded, aaa, second, left, right]
    expect(namesOf(story(documents)).filter(name => name.startsWith('registry'))).toEqual([
      'registry 1 past',
      'registry 2 current',
      'registry 3 open',
      'registry 3 open',
    ])
    const pinned = story(documents, [pinOf(left)])
    expect(pinned.find(({ hash }) => hash === docHashHex(left.signed.hash))!.standing).toBe('current')
    expect(pinned.find(({ hash }) => hash === docHashHex(right.signed.hash))!.standing).toBe('aside')
  })

  test('marks two documents of one nation as open, and the one that a pin voids as set aside', () => {
    const next = [1, 2].map(days => signNation(nextNation(aaa, { issuedMs: T0 + days * DAY_MS })))
    const documents = [founded, second, aaa, ...next]
    expect(namesOf(story(documents)).filter(name => name.startsWith('AAA'))).toEqual([
      'AAA 1 current',
      'AAA 2 open',
      'AAA 2 open',
    ])
    const deciding = signRegistry(
      nextRegistry(second, { nations: [entry('AAA', pinOfNation(next[1]!)), entry('BBB'), entry('CCC')] }),
    )
    expect(namesOf(story([...documents, deciding])).filter(name => name.startsWith('AAA'))).toEqual([
      'AAA 1 past',
      'AAA 2 aside',
      'AAA 2 current',
    ])
  })

  test('says of a document that only the governors made it stand', () => {
    const other = signNation({ ...firstNation(allianceId, 'AAA'), version: 3, prevHash: aaa.signed.hash })
    const third = signRegistry(
      nextRegistry(second, { nations: [entry('AAA', pinOfNation(other)), entry('BBB'), entry('CCC')] }),
    )
    const told = story([founded, second, aaa, other, third])
    expect(told.find(({ version, document }) => document === 'nation' && version === 3)!.changes.at(-1)).toMatch(
      /^ATTENTION: it breaks a rule .* \(doc-version\)/,
    )
  })
})
