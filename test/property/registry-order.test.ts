import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { buildDirectory } from '../../src/registry/directory.ts'
import { documentsOf, type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'
import { type Pin, registryState } from '../../src/registry/registry-state.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { pinOf } from '../support/registry-world.ts'
import { allianceId, base, left, registry1, registry2, right } from '../vectors/registry-cases/base.ts'
import { nationVectors } from '../vectors/registry-cases/nation.ts'
import { registryVectors } from '../vectors/registry-cases/registry.ts'

/** By file and name in it, so that a counterexample can be read. */
const universe = new Map<string, ParsedSignedDoc>(
  Object.entries({ ...base, ...registryVectors, ...nationVectors }).flatMap(([file, { docs }]) =>
    Object.entries(docs).map(([name, hex]) => [`${file} ${name}`, parseSignedDoc(fromHex(hex))] as const),
  ),
)
const names = [...universe.keys()]

function collect(names: readonly string[]): EvidenceSet {
  return names.reduce((set, name) => addDocument(set, universe.get(name)!).set, emptyEvidence(allianceId))
}

/** All that other modules ask, in a form that can be compared. */
function stateOf(set: EvidenceSet, pins: readonly Pin[]) {
  const state = registryState(set, pins)
  if (state === undefined) return undefined
  const directory = buildDirectory(set, state)
  return {
    inForce: state.inForce.hash,
    split: state.split && {
      siblings: state.split.siblings.map(doc => doc.hash).sort(),
      open: state.split.open.map(doc => doc.hash).sort(),
    },
    valid: documentsOf(set).map(doc => toHex(doc.hash)),
    members: directory
      .members()
      .map(({ nation, doc, siblings }) => [nation, doc?.hash, siblings.map(doc => doc.hash).sort()]),
    peers: directory.peers().map(peer => [peer.nation, toHex(peer.peerPk)]),
  }
}

const pins = { registry1, registry2, left, right }
const anyPins = fc.subarray(
  Object.keys(pins).flatMap(name =>
    (['operator', 'age'] as const).map(from => ({ name: name as keyof typeof pins, from })),
  ),
)
/** At least half of the documents, in any two orders. */
const twoOrders = fc
  .subarray(names, { minLength: Math.floor(names.length / 2) })
  .chain(docs => fc.tuple(shuffled(docs), shuffled(docs)))

function shuffled(list: string[]) {
  return fc.shuffledSubarray(list, { minLength: list.length })
}

describe('the registry in force', () => {
  it('is the same whatever the order in which documents arrive', () => {
    fc.assert(
      fc.property(twoOrders, anyPins, ([one, other], chosen) => {
        const pinned = chosen.map(({ name, from }) => pinOf(pins[name], from))
        expect(stateOf(collect(one), pinned)).toEqual(stateOf(collect(other), pinned))
      }),
      { numRuns: 60 },
    )
  })

  it('comes with the same signatures, byte for byte, once everybody has seen every copy', () => {
    const bytesOf = (docs: readonly string[]) =>
      documentsOf(collect([...docs, ...docs])).map(doc => toHex(sha256(encodeSignedDoc(doc))))
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        expect(bytesOf(one)).toEqual(bytesOf(other))
      }),
      { numRuns: 20 },
    )
  })

  it('needs no document to wait when they come in the order in which they are listed', () => {
    const outcomes = new Set<string>()
    documentsOf(collect([...names, ...names])).reduce((set, doc) => {
      const added = addDocument(set, doc)
      outcomes.add(added.outcome.kind)
      return added.set
    }, emptyEvidence(allianceId))
    expect([...outcomes]).toEqual(['added'])
  })
})
