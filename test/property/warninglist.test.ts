import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { parseWarninglist } from '../../src/policy/warninglist.ts'
import { compileWarninglist } from '../../src/policy/warninglist-compile.ts'
import type { WarninglistKind } from '../../src/policy/warninglist-entry.ts'
import { createWarninglists } from '../../src/policy/warninglists.ts'
import { addressSpan } from '../support/address-span.ts'

/** Few octets, so that ranges often lie in each other. */
const octet = fc.constantFrom(0, 1, 8, 127, 128, 255)
const v4 = fc
  .tuple(octet, octet, octet, octet, fc.integer({ min: 1, max: 32 }))
  .map(([a, b, c, d, length]) => `${a}.${b}.${c}.${d}/${length}`)
const group = fc.constantFrom('0', '1', '8000', 'ffff')
const v6 = fc
  .tuple(group, group, group, group, fc.integer({ min: 8, max: 128 }))
  .map(([a, b, c, d, length]) => `2001:${a}:${b}:${c}::${d}/${length}`)
const range = fc.oneof(v4, v6)
const label = fc.constantFrom('a', 'b', 'ab', 'www')
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => [...labels, 'com'].join('.'))

function check(kind: WarninglistKind, list: readonly string[], types: readonly string[]) {
  const parsed = parseWarninglist({ name: 'x', type: kind, list, matching_attributes: types }, type => [type])
  const { check } = createWarninglists([{ list: compileWarninglist(parsed), action: 'warn' }])
  return (type: string, value: string) => check({ type, value })[0]?.entry
}

describe('a warninglist hits', () => {
  it('a range where it shares an address with an entry, as comparing all of them says', () => {
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 30 }),
        fc.array(range, { minLength: 1, maxLength: 10 }),
        (list, asked) => {
          const find = check('cidr', list, ['cidr', 'ipv4', 'ipv6'])
          for (const text of asked) {
            const { value } = canonicalValue('cidr', text)
            const span = addressSpan(value)
            const shares = (entry: string) => {
              const { first, last } = addressSpan(entry)
              return first <= span.last && span.first <= last
            }
            const entry = find('cidr', value)
            expect(entry !== undefined, `${value} of ${list}`).toBe(list.some(shares))
            if (entry !== undefined) expect(shares(entry)).toBe(true)
            const [address = ''] = value.split('/')
            const one = addressSpan(address)
            const holds = list.map(addressSpan).some(({ first, last }) => first <= one.first && one.first <= last)
            expect(find(address.includes(':') ? 'ipv6' : 'ipv4', address) !== undefined).toBe(holds)
          }
        },
      ),
    )
  })

  it('a name that is an entry or lies below one, as comparing all of them says', () => {
    fc.assert(
      fc.property(fc.array(name), name, (list, asked) => {
        const isHit = list.some(entry => asked === entry || asked.endsWith(`.${entry}`))
        expect(check('hostname', list, ['domain'])('domain', asked) !== undefined).toBe(isHit)
        const dotted = list.map(entry => `.${entry}`)
        expect(check('string', dotted, ['domain'])('domain', asked) !== undefined).toBe(isHit)
        expect(check('string', list, ['domain'])('domain', asked) !== undefined).toBe(list.includes(asked))
        expect(check('hostname', list, ['url'])('url', `http://${asked}/b.com`) !== undefined).toBe(isHit)
      }),
    )
  })

  it('a text that holds an entry, as comparing all of them says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(text), text, (list, asked) => {
        const entries = list.map(entry => entry.trim()).filter(entry => entry.length >= 3)
        const found = check('substring', list, ['filename'])('filename', asked)
        expect(found !== undefined, JSON.stringify([list, asked])).toBe(entries.some(entry => asked.includes(entry)))
      }),
    )
  })
})
