import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePunycode } from '../../src/indicator/homograph.ts'

test('Punycode is decoded as the URL parser encoded it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abz09éüßжпσ漢字あア'), minLength: 1, maxLength: 15 }), text => {
      const label = text.toLowerCase().replace('ß', 'ss')
      const encoded = new URL(`http://${label}.example/`).hostname.split('.')[0]!
      if (encoded.startsWith('xn--')) expect(decodePunycode(encoded.slice(4))).toBe(label)
    }),
  )
})

test('any text is decoded or is none', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcz059-'), maxLength: 59 }), text => {
      expect([undefined, true]).toContain(decodePunycode(text)?.isWellFormed())
    }),
    { numRuns: 1000 },
  )
})
