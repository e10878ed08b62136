import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concat, toHex, utf8 } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { mlDsa65 } from '../../src/crypto/mldsa.ts'
import { keyIdOf } from '../../src/registry/root-key.ts'
import { createRootSigner } from '../../src/registry/root-signer.ts'
import { encodeSignedDoc, mergeSignatures, parseSignedDoc, validSignatures } from '../../src/registry/signed-doc.ts'
import { verifyRegistryGenesis } from '../../src/registry/verify-registry.ts'
import { encode } from '../../src/wire/codec.ts'
import { SignedDoc } from '../../src/wire/gen/tocsin.ts'
import { firstRegistry, foundRegistry, rootSigner, seed, signRegistry } from '../support/registry-world.ts'

const { signed, allianceId } = foundRegistry()
const sha256 = (...parts: Uint8Array[]) =>
  createHash('sha256')
    .update(concat(...parts))
    .digest()

describe('a signed document', () => {
  it('is signed over the label, its type, the alliance and its hash, by both halves', () => {
    const input = concat(utf8('tocsin/doc/v1\0'), Uint8Array.of(1), new Uint8Array(32), sha256(signed.docBytes))
    for (const sig of signed.sigs) {
      const key = ['gov AAA', 'gov BBB'].map(name => rootSigner(name).key).find(key => key.idHex === toHex(sig.keyId))!
      expect(verifyEd25519(key.edPk, input, sig.ed25519)).toBe(true)
      expect(mlDsa65.verify(key.mldsa65Pk, input, sig.mldsa65)).toBe(true)
    }
  })

  it('founds an alliance whose id is a hash of version 1', () => {
    expect(toHex(allianceId)).toBe(sha256(utf8('tocsin/alliance/v1\0'), signed.docBytes).toString('hex'))
  })

  it('names a key by a hash of both halves', () => {
    const { key } = rootSigner('gov AAA')
    const expected = sha256(utf8('tocsin/key/v1\0'), key.edPk, key.mldsa65Pk).toString('hex')
    expect(toHex(keyIdOf({ edPk: key.edPk, mldsa65Pk: key.mldsa65Pk }))).toBe(expected)
  })

  it('comes back from its bytes', () => {
    expect(parseSignedDoc(encodeSignedDoc(signed))).toEqual(signed)
  })

  it('is refused with a type that is not known', () => {
    const bytes = encode(SignedDoc, { type: 3, doc: signed.docBytes, sigs: [] })
    expect(() => parseSignedDoc(bytes)).toThrow(expect.objectContaining({ code: 'doc-type' }))
  })

  it('is refused with more signatures than the cap', () => {
    const sigs = Array.from({ length: 65 }, () => signed.sigs[0]!)
    const bytes = encode(SignedDoc, { type: 1, doc: signed.docBytes, sigs })
    expect(() => parseSignedDoc(bytes)).toThrow(expect.objectContaining({ code: 'wire-too-large' }))
  })

  it('is refused with a signature of wrong length', () => {
    const sigs = [{ ...signed.sigs[0]!, mldsa65: new Uint8Array(3308) }]
    const bytes = encode(SignedDoc, { type: 1, doc: signed.docBytes, sigs })
    expect(() => parseSignedDoc(bytes)).toThrow(expect.objectContaining({ code: 'wire-field-length' }))
  })

  it('has its signatures merged without doubles and in one order', () => {
    const [a, b] = signed.sigs
    expect(mergeSignatures([b!], [a!, b!])).toEqual(mergeSignatures([a!], [b!]))
  })

  it('counts a signature of OpenSSL, which signs differently each time, once', () => {
    const signer = createRootSigner(seed('gov AAA ed25519'), seed('gov AAA ml-dsa-65'))
    expect(signer.key).toEqual(rootSigner('gov AAA').key)
    const message = firstRegistry()
    const sigs = signRegistry(message, ['gov AAA']).signed.sigs
    const input = concat(utf8('tocsin/doc/v1\0'), Uint8Array.of(1), new Uint8Array(32), signed.hash)
    const again = { keyId: signer.key.id, ...signer.sign(input) }
    const both = { ...signed, sigs: [...sigs, again] }
    expect(validSignatures(both, message.allianceId, [signer.key]).size).toBe(1)
    expect(() => verifyRegistryGenesis(both)).toThrow(expect.objectContaining({ code: 'doc-threshold' }))
  })
})
