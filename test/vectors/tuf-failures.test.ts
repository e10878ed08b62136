import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../src/base/bytes.ts'
import { parseLogId } from '../../src/base/ids.ts'
import { addDocument, addDocuments } from '../../src/registry/add-document.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS, docHashHex } from '../../src/registry/doc-fields.ts'
import { type AddOutcome, documentsOf, emptyEvidence } from '../../src/registry/evidence.ts'
import { checkExpiry } from '../../src/registry/expiry.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import {
  DOC_TYPE,
  encodeSignedDoc,
  type ParsedSignedDoc,
  parseSignedDoc,
  signDoc,
} from '../../src/registry/signed-doc.ts'
import { encode } from '../../src/wire/codec.ts'
import { type LogBound, NationDoc, RegistryDoc, SignedDoc } from '../../src/wire/gen/tocsin.ts'
import { DOC_SIGNATURES_MAX, SIGNED_DOC_BYTES_MAX } from '../../src/wire/limits.ts'
import {
  COUNCIL,
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  governor,
  innerNode,
  nation,
  nextNation,
  nextRegistry,
  rootSigner,
  type SignedRegistry,
  signNation,
  signRegistry,
  T0,
  withBadHalf,
} from '../support/registry-world.ts'

/** What The Update Framework, its specification (1.0) and the advisories on its clients call by these names. */

const first = foundRegistry()
const { allianceId } = first
const second = signRegistry(nextRegistry(first))
const next = nextRegistry(second)
const third = signRegistry(next)
const a1 = signNation(firstNation(allianceId, 'AAA'))
const AAA = nation('AAA')

function collect(...docs: readonly { readonly signed: ParsedSignedDoc }[]) {
  return addDocuments(
    emptyEvidence(allianceId),
    docs.map(doc => doc.signed),
  )
}

const set = collect(first, second, a1)

/** What comes of one more document, and that the registry stays at version 2 whatever that is. */
function attempt(signed: ParsedSignedDoc): AddOutcome {
  const added = addDocument(set, signed)
  expect(openDirectory(added.set, [])!.registry.version).toBe(2)
  return added.outcome
}

const refused = (code: string) => expect.objectContaining({ kind: 'refused', code })

describe('keys and thresholds', () => {
  it('one key under two ids: the verifier recomputes the id, so the key counts once', () => {
    const { sigs, ...doc } = signRegistry(next, ['gov AAA']).signed
    const underAnotherId = { ...sigs[0]!, keyId: rootSigner('gov BBB').key.id }
    expect(attempt({ ...doc, sigs: [sigs[0]!, underAnotherId] })).toEqual(refused('doc-threshold'))
  })

  it('one key under two ids, by another second half: a council that shares half a key is refused', () => {
    const shared = { ...governor('DDD'), primary: { ...governor('DDD').primary, edPk: governor('AAA').primary.edPk } }
    const council = { governors: [governor('AAA'), governor('BBB'), shared], threshold: 2 }
    const forged = signRegistry({ ...next, ...council }).signed
    expect(attempt(forged)).toEqual(refused('doc-key-repeated'))
  })

  it('duplicate signatures: as many as there may be, of one key, count once', () => {
    const { sigs, ...doc } = signRegistry(next, ['gov AAA']).signed
    const many = Array.from({ length: DOC_SIGNATURES_MAX }, () => sigs[0]!)
    expect(attempt({ ...doc, sigs: many })).toEqual(refused('doc-threshold'))
  })

  it('duplicate signatures: the primary and the recovery key of one governor count once', () => {
    expect(attempt(signRegistry(next, ['gov AAA', 'recovery AAA']).signed)).toEqual(refused('doc-threshold'))
  })

  it('arbitrary signature: a key that no council names counts for nothing', () => {
    expect(attempt(signRegistry(next, ['gov AAA', 'gov ZZZ']).signed)).toEqual(refused('doc-threshold'))
    expect(attempt(signRegistry(next, ['root AAA', 'root BBB']).signed)).toEqual(refused('doc-threshold'))
  })

  it('threshold 0: is refused for a council and for the roots of a nation, in an entry and in a document', () => {
    expect(attempt(signRegistry({ ...next, threshold: 0 }, []).signed)).toEqual(refused('doc-threshold-range'))
    const entries = [entry('AAA', { rootThreshold: 0 }), entry('BBB')]
    expect(attempt(signRegistry({ ...next, nations: entries }).signed)).toEqual(refused('doc-threshold-range'))
    const rootless = signNation(nextNation(a1, { rootThreshold: 0 }), []).signed
    expect(attempt(rootless)).toEqual(refused('doc-threshold-range'))
  })

  it('a threshold that cannot be met: is refused before it could lock the alliance out', () => {
    expect(attempt(signRegistry({ ...next, threshold: 4 }).signed)).toEqual(refused('doc-threshold-range'))
    expect(attempt(signRegistry({ ...next, governors: [], threshold: 0 }).signed)).toEqual(refused('wire-field-range'))
  })

  it('a bad signature does not make a sufficient document invalid', () => {
    const crowded = withBadHalf(signRegistry(next, ['gov CCC', ...COUNCIL]).signed, 0, 'mldsa65')
    expect(addDocument(set, crowded).outcome).toEqual({ kind: 'added' })
  })
})

describe('root rotation', () => {
  const council = { governors: [governor('DDD'), governor('EEE'), governor('FFF')] }
  const both = ['gov DDD', 'gov EEE', ...COUNCIL]

  it('a new root signed only by new keys: is refused', () => {
    expect(attempt(signRegistry({ ...next, ...council }, ['gov DDD', 'gov EEE', 'gov FFF']).signed)).toEqual(
      refused('doc-threshold'),
    )
  })

  it('a new root signed only by old keys: is refused', () => {
    expect(attempt(signRegistry({ ...next, ...council }, ['gov AAA', 'gov BBB', 'gov CCC']).signed)).toEqual(
      refused('doc-threshold'),
    )
  })

  it('a new root signed by half a threshold of each: is refused', () => {
    expect(attempt(signRegistry({ ...next, ...council }, ['gov AAA', 'gov DDD']).signed)).toEqual(
      refused('doc-threshold'),
    )
  })

  it('key revocation: the governors before sign nothing more, once a version without them was made', () => {
    const rotated = signRegistry({ ...next, ...council }, both)
    const after = addDocument(set, rotated.signed).set
    const byOld = signRegistry(nextRegistry(rotated))
    expect(addDocument(after, byOld.signed).outcome).toEqual(refused('doc-threshold'))
    const byNew = signRegistry(nextRegistry(rotated), ['gov EEE', 'gov FFF'])
    expect(openDirectory(addDocument(after, byNew.signed).set, [])!.registry.version).toBe(4)
  })

  it('key revocation: documents that the old key had signed before stay what they were', () => {
    const fresh = toRootKey(rootSigner('new root AAA').key)
    const a2 = signNation(nextNation(a1, { roots: [fresh] }), ['new root AAA', 'root AAA'])
    const byOld = signNation(nextNation(a2, { roots: a1.message.roots }))
    const after = collect(first, second, a1, a2, byOld)
    expect(openDirectory(after, [])!.member(AAA)?.doc?.hash).toBe(docHashHex(a2.signed.hash))
    expect(openDirectory(after, [])!.mayOpenLog(AAA, edSigner('node AAA sign').publicKey)).toBe(true)
  })

  it('key revocation: a lost threshold of old roots comes back by a reset alone', () => {
    const fresh = rootSigner('new root AAA').key
    const a2 = signNation(nextNation(a1, { roots: [toRootKey(fresh)] }), ['new root AAA'])
    expect(openDirectory(collect(first, second, a1, a2), [])!.member(AAA)?.doc?.version).toBe(1)
    const reset = entry('AAA', { reset: 2, docMinVersion: 2, rootKeyIds: [fresh.id] })
    const resets = signRegistry({ ...next, nations: [reset, entry('BBB')] })
    expect(openDirectory(collect(first, second, resets, a1, a2), [])!.member(AAA)?.doc?.version).toBe(2)
  })
})

describe('replayed and withheld documents', () => {
  it('rollback: a lower version in the place of the next is refused', () => {
    expect(attempt(signRegistry({ ...next, version: 1, prevHash: EMPTY, allianceId: EMPTY }).signed)).toEqual(
      refused('doc-alliance'),
    )
    expect(attempt(signRegistry({ ...next, version: 2 }).signed)).toEqual(refused('doc-version'))
  })

  it('rollback: old documents that come again change nothing', () => {
    const ahead = collect(first, second, third)
    for (const old of [first, second]) {
      const again = addDocument(ahead, old.signed)
      expect(again.outcome).toEqual({ kind: 'duplicate' })
      expect(again.set).toBe(ahead)
    }
  })

  it('rollback: an expelled nation that shows the version before its expulsion stays expelled', () => {
    const expels = signRegistry({ ...next, nations: [entry('AAA', { status: 3 }), entry('BBB')] })
    const after = addDocuments(addDocument(set, expels.signed).set, documentsOf(set))
    expect(openDirectory(after, [])!.peerStanding(edSigner('node AAA peer').publicKey)).toBe('refused')
  })

  it('skip: a version two higher is refused, and a successor waits for the one between', () => {
    expect(attempt(signRegistry({ ...next, version: 4 }).signed)).toEqual(refused('doc-version'))
    const fourth = signRegistry(nextRegistry(third))
    expect(attempt(fourth.signed)).toEqual({ kind: 'waiting', code: 'doc-parent-unknown' })
    expect(openDirectory(collect(fourth, third, second, first), [])!.registry.version).toBe(4)
  })

  it('fast-forward: version 2^53-1 is refused, and takes nobody the next version', () => {
    expect(attempt(signRegistry({ ...next, version: Number.MAX_SAFE_INTEGER }).signed)).toEqual(refused('doc-version'))
    const far = signNation(nextNation(a1, { version: Number.MAX_SAFE_INTEGER }))
    const after = addDocument(set, far.signed)
    expect(after.outcome).toEqual({ kind: 'waiting', code: 'doc-version' })
    const went = addDocuments(after.set, [third.signed, signNation(nextNation(a1)).signed])
    expect(openDirectory(went, [])!.registry.version).toBe(3)
    expect(openDirectory(went, [])!.member(AAA)?.doc?.version).toBe(2)
  })

  it('fast-forward: a pin at version 2^53-1 is undone by the next pin', () => {
    const a2 = signNation(nextNation(a1))
    const pin = (prev: SignedRegistry, pinVersion: number, pinHash: Uint8Array) =>
      signRegistry(nextRegistry(prev, { nations: [entry('AAA', { pinVersion, pinHash }), entry('BBB')] }))
    const far = pin(second, Number.MAX_SAFE_INTEGER, new Uint8Array(32).fill(1))
    const sound = pin(far, 2, a2.signed.hash)
    expect(openDirectory(collect(first, second, a1, a2, far), [])!.member(AAA)?.doc?.version).toBe(2)
    expect(openDirectory(collect(first, second, a1, a2, far, sound), [])!.member(AAA)?.doc?.version).toBe(2)
  })

  it('freeze: an old registry that is shown for ever is seen to expire, and keeps its connections', () => {
    const directory = openDirectory(set, [])!
    const { expiresMs } = directory.registry
    const kinds = [expiresMs - 61 * DAY_MS, expiresMs - DAY_MS, expiresMs, expiresMs + 30 * DAY_MS]
    expect(kinds.map(nowMs => checkExpiry(expiresMs, nowMs).kind)).toEqual(['valid', 'warn', 'expired', 'lapsed'])
    expect(directory.peerStanding(edSigner('node AAA peer').publicKey)).toBe('member')
  })

  it('freeze: the next version is taken however long the last one has been expired', () => {
    const issuedMs = T0 + 3650 * DAY_MS
    const late = signRegistry({ ...next, issuedMs, expiresMs: issuedMs + DAY_MS })
    expect(addDocument(set, late.signed).outcome).toEqual({ kind: 'added' })
  })

  it('indefinite freeze by a withheld version: what comes after it waits, and all of it counts when it comes', () => {
    const line = [third]
    while (line.length < 20) line.push(signRegistry(nextRegistry(line.at(-1)!)))
    const withheld = line.slice(1).reduce((held, { signed }) => addDocument(held, signed).set, set)
    expect(openDirectory(withheld, [])!.registry.version).toBe(2)
    expect(openDirectory(addDocument(withheld, third.signed).set, [])!.registry.version).toBe(22)
  })
})

describe('wrong and endless data', () => {
  it('mix-and-match: a signature for the one type of document is none for the other', () => {
    const docBytes = encode(RegistryDoc, next)
    const asNation = signDoc(DOC_TYPE.NATION, allianceId, docBytes, COUNCIL.map(rootSigner))
    expect(attempt({ ...asNation, type: DOC_TYPE.REGISTRY })).toEqual(refused('doc-threshold'))
    const asRegistry = signDoc(DOC_TYPE.REGISTRY, allianceId, encode(NationDoc, nextNation(a1)), [
      rootSigner('root AAA'),
    ])
    expect(attempt({ ...asRegistry, type: DOC_TYPE.NATION })).toEqual(refused('doc-threshold'))
    expect(attempt({ ...third.signed, type: DOC_TYPE.NATION })).toMatchObject({ kind: 'refused' })
  })

  it('mix-and-match: signatures for one alliance are none for another of the same governors', () => {
    const foreign = foundRegistry({ name: 'Another Alliance' })
    expect(attempt(foreign.signed)).toEqual(refused('doc-alliance'))
    const moved = { ...signRegistry(nextRegistry(foreign)).signed.sigs[0]! }
    const mine = signRegistry(next, ['gov AAA']).signed
    expect(attempt({ ...mine, sigs: [...mine.sigs, moved] })).toEqual(refused('doc-threshold'))
  })

  it('mix-and-match: a nation document under the name of another nation stands for neither', () => {
    const disguised = signNation({ ...firstNation(allianceId, 'AAA'), nation: 'BBB' }, ['root AAA'])
    expect(attempt(disguised.signed)).toEqual({ kind: 'waiting', code: 'nation-unbound' })
  })

  it('endless data: a document over its cap is refused before it is decoded', () => {
    const endless = new Uint8Array(SIGNED_DOC_BYTES_MAX + 1)
    expect(() => parseSignedDoc(endless)).toThrow(expect.objectContaining({ code: 'wire-too-large' }))
  })

  it('endless data: more signatures, nations, nodes or bounds than the caps are refused', () => {
    const sigs = Array.from({ length: DOC_SIGNATURES_MAX + 1 }, () => third.signed.sigs[0]!)
    const bytes = encode(SignedDoc, { type: 1, doc: third.signed.docBytes, sigs })
    expect(() => parseSignedDoc(bytes)).toThrow(expect.objectContaining({ code: 'wire-too-large' }))
    const tooMany = Array.from({ length: 513 }, (_, i) => entry('AAA', { nation: `N${i}` }))
    expect(attempt(signRegistry({ ...next, nations: tooMany }).signed)).toEqual(refused('wire-field-range'))
    const bounds = Array.from({ length: 4097 }, (_, i): LogBound => {
      const logId = new Uint8Array(32)
      new DataView(logId.buffer).setUint32(0, i)
      return { logId: parseLogId(logId), size: 1, root: logId }
    })
    expect(attempt(signNation(nextNation(a1, { bounds })).signed)).toEqual(refused('wire-field-range'))
    const nodes = Array.from({ length: 65 }, (_, i) => innerNode(allianceId, 'AAA', `node ${i}`))
    expect(attempt(signNation(nextNation(a1, { nodes })).signed)).toEqual(refused('wire-field-range'))
  })

  it('a document with other bytes of the same meaning is refused', () => {
    const bytes = encodeSignedDoc(third.signed)
    expect(() => parseSignedDoc(Uint8Array.of(...bytes, 0x18, 0x00))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^wire-/) }),
    )
  })
})
