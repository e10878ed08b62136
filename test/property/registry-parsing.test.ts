import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex } from '../../src/base/bytes.ts'
import { ProtocolError } from '../../src/base/errors.ts'
import { sha256 } from '../../src/base/hash.ts'
import { addDocument, addDocuments } from '../../src/registry/add-document.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { documentsOf, emptyEvidence } from '../../src/registry/evidence.ts'
import { parseNationDoc } from '../../src/registry/nation-doc.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { DOC_TYPE, encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { NationDoc, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import { registryVectorFiles } from '../vectors/registry-cases/all.ts'
import { allianceId, base } from '../vectors/registry-cases/base.ts'

const RUNS = 1500

const vectors = Object.entries(registryVectorFiles()).filter(([file]) => file !== 'R-1.6-beyond-64-versions')
const signed = [...new Set(vectors.flatMap(([, { docs }]) => Object.values(docs)))].map(fromHex)
const beginning = Object.values(base.base!.docs).map(hex => parseSignedDoc(fromHex(hex)))
const held = addDocuments(emptyEvidence(allianceId), beginning)
const heldHashes = documentsOf(held).map(({ hash }) => docHashHex(hash))

type Mutation = (bytes: Uint8Array) => Uint8Array

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const at = (bytes: Uint8Array, where: number) => Math.floor(where * bytes.length)
const splice = (bytes: Uint8Array, from: number, to: number, middle: Uint8Array) =>
  Uint8Array.of(...bytes.subarray(0, from), ...middle, ...bytes.subarray(to))

const flip = fc.record({ where: place, bit: fc.nat(7) }).map(
  ({ where, bit }): Mutation =>
    bytes => {
      const copy = bytes.slice()
      if (copy.length > 0) copy[at(copy, where)]! ^= 1 << bit
      return copy
    },
)
/** What happens to bytes by accident, and what somebody does to a protobuf on purpose. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  flip,
  fc.record({ where: place, count: fc.nat(40) }).map(
    ({ where, count }): Mutation =>
      bytes =>
        splice(bytes, at(bytes, where), Math.min(bytes.length, at(bytes, where) + count), new Uint8Array(0)),
  ),
  fc.record({ where: place, more: fc.uint8Array({ minLength: 1, maxLength: 12 }) }).map(
    ({ where, more }): Mutation =>
      bytes =>
        splice(bytes, at(bytes, where), at(bytes, where), more),
  ),
  fc.record({ from: place, to: place, count: fc.integer({ min: 1, max: 200 }) }).map(
    ({ from, to, count }): Mutation =>
      bytes =>
        splice(bytes, at(bytes, to), at(bytes, to), bytes.slice(at(bytes, from), at(bytes, from) + count)),
  ),
  // fields doubled, unknown, left at their default, or with an overlong varint at the end
  fc.constantFrom('0800', '088100', '1801', 'f8ff0300', '9a0100', '4a00', '32030a0141', '28ffffffffffffffffff01').map(
    (hex): Mutation =>
      bytes =>
        Uint8Array.of(...bytes, ...fromHex(hex)),
  ),
)
/** Half of them one bit alone, which keys, hashes and signatures take. */
const mutations = fc.oneof(fc.tuple(flip), fc.array(mutation, { minLength: 1, maxLength: 3 }))
const mutate = (bytes: Uint8Array, by: readonly Mutation[]) => by.reduce((next, change) => change(next), bytes)

/** What was parsed, or undefined where it was refused; anything else that is thrown is a fault. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    return undefined
  }
}

function parseInner(doc: ParsedSignedDoc): object | undefined {
  return parsed(() => (doc.type === DOC_TYPE.REGISTRY ? parseRegistryDoc(doc) : parseNationDoc(doc)))
}

describe('a mutated document', () => {
  it('is refused as bad bytes, or is the one encoding of what it says', () => {
    const seen = { accepted: 0, refused: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...signed), mutations, (bytes, by) => {
        const mutated = mutate(bytes, by)
        const doc = parsed(() => parseSignedDoc(mutated))
        seen[doc === undefined ? 'refused' : 'accepted'] += 1
        if (doc === undefined) return
        expect(equalBytes(encodeSignedDoc(doc), mutated)).toBe(true)
        parseInner(doc)
      }),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 100)
  })

  it('is refused inside a sound wrapper too, or is the one encoding of what it says', () => {
    const seen = { accepted: 0, refused: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...signed), mutations, (bytes, by) => {
        const { type, docBytes, sigs } = parseSignedDoc(bytes)
        const mutated = mutate(docBytes, by)
        const inner = parseInner({ type, docBytes: mutated, hash: sha256(mutated), sigs })
        seen[inner === undefined ? 'refused' : 'accepted'] += 1
        if (inner === undefined) return
        const again =
          type === DOC_TYPE.REGISTRY
            ? encode(RegistryDoc, decodeLoose(RegistryDoc, mutated, false))
            : encode(NationDoc, decodeLoose(NationDoc, mutated, false))
        expect(equalBytes(again, mutated)).toBe(true)
      }),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 100)
  })

  it('is never taken for valid under the signatures of another', () => {
    fc.assert(
      fc.property(fc.constantFrom(...beginning), mutations, fc.boolean(), ({ type, docBytes, sigs }, by, asOther) => {
        const mutated = mutate(docBytes, by)
        const otherType = type === DOC_TYPE.REGISTRY ? DOC_TYPE.NATION : DOC_TYPE.REGISTRY
        const doc = { type: asOther ? otherType : type, docBytes: mutated, hash: sha256(mutated), sigs }
        const added = addDocument(held, doc)
        expect(documentsOf(added.set).map(({ hash }) => docHashHex(hash))).toEqual(heldHashes)
      }),
      { numRuns: RUNS / 3 },
    )
  })
})
