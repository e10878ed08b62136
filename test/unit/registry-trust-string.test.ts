import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { AllianceId, Hash } from '../../src/base/ids.ts'
import { decodeBase32, encodeBase32 } from '../../src/registry/base32.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import {
  checkTrust,
  encodeTrust,
  fingerprint,
  parseTrust,
  trustOf,
  trustWords,
} from '../../src/registry/trust-string.ts'
import { verifyRegistryGenesis, verifyRegistryNext } from '../../src/registry/verify-registry.ts'
import { WORDS } from '../../src/registry/words.ts'
import { foundRegistry, nextRegistry, signRegistry } from '../support/registry-world.ts'

const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyTrust = fc
  .tuple(anyHash, fc.integer({ min: 1, max: 0xffff_ffff }), anyHash)
  .map(([id, version, hash]) => ({ allianceId: id as AllianceId, version, hash: docHashHex(hash as Hash) }))

const first = foundRegistry()
const v1 = verifyRegistryGenesis(first.signed)
const v2 = verifyRegistryNext(v1, signRegistry(nextRegistry(first)).signed)
const other = verifyRegistryNext(v1, signRegistry(nextRegistry(first, { name: 'Other' })).signed)
const foreign = verifyRegistryGenesis(foundRegistry({ name: 'Foreign' }).signed)

describe('a trust string', () => {
  it('comes back from its text, whatever the case and the line breaks', () => {
    fc.assert(
      fc.property(anyTrust, trust => {
        const text = encodeTrust(trust)
        expect(parseTrust(text)).toEqual(trust)
        expect(parseTrust(` ${text.slice(0, 60).toUpperCase()}\n  ${text.slice(60)}\n`)).toEqual(trust)
      }),
    )
  })

  it('is refused with any one character changed or left out', () => {
    const text = encodeTrust(trustOf(v1))
    for (let i = 0; i < text.length; i++) {
      const changed = text.slice(0, i) + (text[i] === 'a' ? 'b' : 'a') + text.slice(i + 1)
      expect(() => parseTrust(changed)).toThrow(expect.objectContaining({ code: 'trust-string-malformed' }))
      expect(() => parseTrust(text.slice(0, i) + text.slice(i + 1))).toThrow(
        expect.objectContaining({ code: 'trust-string-malformed' }),
      )
    }
  })

  it('says "arrived" where the chain in force contains it, and "behind" where it is not that far', () => {
    expect(checkTrust(trustOf(v2), [v1, v2])).toBe('arrived')
    expect(checkTrust(trustOf(v1), [v1, v2])).toBe('arrived')
    expect(checkTrust(trustOf(v2), [v1])).toBe('behind')
  })

  it.each([
    ['another document of that version', [v1, other], v2],
    ['another alliance', [foreign], v1],
    ['another alliance that is not that far', [foreign], v2],
  ])('is held against %s, and the error names both', (_, chain, expected) => {
    const actual = trustOf(chain.at(-1)!)
    expect(() => checkTrust(trustOf(expected), chain)).toThrow(
      expect.objectContaining({
        code: 'registry-fingerprint-mismatch',
        message: expect.stringContaining(fingerprint(actual)),
        data: expect.objectContaining({ expected: encodeTrust(trustOf(expected)), actual: encodeTrust(actual) }),
      }),
    )
    expect(() => checkTrust(trustOf(expected), chain)).toThrow(fingerprint(trustOf(expected)))
  })

  it('has sixteen words and a short fingerprint that differ with every part of it', () => {
    const trusts = [v1, v2, other, foreign].map(trustOf)
    expect(trustWords(trusts[0]!)).toHaveLength(16)
    expect(new Set(trusts.map(trust => trustWords(trust).join(' '))).size).toBe(4)
    expect(new Set(trusts.map(fingerprint)).size).toBe(4)
    expect(fingerprint(trusts[0]!)).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){5}$/)
  })
})

describe('the word list', () => {
  it('has 256 words that no two of begin with the same three letters', () => {
    expect(WORDS).toHaveLength(256)
    expect(new Set(WORDS.map(word => word.slice(0, 3))).size).toBe(256)
    for (const word of WORDS) expect(word).toMatch(/^[a-z]{3,8}$/)
  })
})

describe('base32', () => {
  it('gives the values of RFC 4648 in lower case without padding', () => {
    const texts = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']
    const encoded = ['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi']
    expect(texts.map(text => encodeBase32(Buffer.from(text)))).toEqual(encoded)
  })

  it('reads what it wrote and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        expect(toHex(decodeBase32(encodeBase32(bytes))!)).toBe(toHex(bytes))
      }),
    )
    for (const text of ['m', 'mz', 'my======', 'MY', 'm0']) expect(decodeBase32(text), text).toBeUndefined()
  })
})
