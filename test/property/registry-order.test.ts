import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { addDocument, addDocuments } from '../../src/registry/add-document.ts'
import { documentsOf, emptyEvidence } from '../../src/registry/evidence.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { answersOf, collect } from '../support/registry-answers.ts'
import { pinOf } from '../support/registry-world.ts'
import { registryVectorFiles } from '../vectors/registry-cases/all.ts'
import { allianceId, left, registry1, registry2, right } from '../vectors/registry-cases/base.ts'

/** Each has so many documents that nothing else would be seen. */
const LARGE = ['R-1.6-beyond-64-versions']
/** Of one place no more than the cap on siblings. */
const FILES_MAX = 6

/** By file and name in it, so that a counterexample can be read. */
const files = new Map(
  Object.entries(registryVectorFiles())
    .filter(([file]) => !LARGE.includes(file))
    .map(([file, { docs }]) => [
      file,
      Object.entries(docs).map(([name, hex]) => [`${file} ${name}`, parseSignedDoc(fromHex(hex))] as const),
    ]),
)
const universe = new Map<string, ParsedSignedDoc>([...files.values()].flat())
const docsOf = (names: readonly string[]) => names.map(name => universe.get(name)!)
const namesIn = (file: string) => files.get(file)!.map(([name]) => name)

const pins = { registry1, registry2, left, right }
const anyPins = fc.subarray(
  Object.keys(pins).flatMap(name =>
    (['operator', 'age'] as const).map(from => ({ name: name as keyof typeof pins, from })),
  ),
)
const others = [...files.keys()].filter(file => file !== 'base' && namesIn(file).length > 0)
/** Most documents of a few vectors, which all build on one beginning, in any two orders. */
const twoOrders = fc
  .subarray(others, { minLength: 1, maxLength: FILES_MAX })
  .map(chosen => ['base', ...chosen].flatMap(namesIn))
  .chain(names => fc.subarray(names, { minLength: Math.floor((names.length * 3) / 4) }))
  .chain(names => fc.tuple(shuffled(names), shuffled(names)))

function shuffled(list: string[]) {
  return fc.shuffledSubarray(list, { minLength: list.length })
}

describe('the registry in force', () => {
  it('is the same whatever the order in which documents arrive', () => {
    fc.assert(
      fc.property(twoOrders, anyPins, ([one, other], chosen) => {
        const pinned = chosen.map(({ name, from }) => pinOf(pins[name], from))
        const answers = answersOf(collect(allianceId, docsOf(one)), pinned)
        expect(answersOf(collect(allianceId, docsOf(other)), pinned)).toEqual(answers)
        expect(answersOf(addDocuments(emptyEvidence(allianceId), docsOf(one)), pinned)).toEqual(answers)
      }),
      { numRuns: 150 },
    )
  })

  it('comes with the same signatures, byte for byte, once everybody has seen every copy', () => {
    const bytesOf = (names: readonly string[]) =>
      documentsOf(collect(allianceId, docsOf([...names, ...names]))).map(doc => toHex(sha256(encodeSignedDoc(doc))))
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        expect(bytesOf(one)).toEqual(bytesOf(other))
      }),
      { numRuns: 50 },
    )
  })

  it('needs no document to wait when they come in the order in which they are listed', () => {
    const outcomes = new Set<string>()
    for (const file of others) {
      const docs = docsOf([...namesIn('base'), ...namesIn(file)])
      documentsOf(collect(allianceId, [...docs, ...docs])).reduce((set, doc) => {
        const added = addDocument(set, doc)
        outcomes.add(added.outcome.kind)
        return added.set
      }, emptyEvidence(allianceId))
    }
    expect([...outcomes]).toEqual(['added'])
  })
})
