import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/base/errors.ts'
import { canonicalValue, classify, receivedValue } from '../../src/indicator/canonical.ts'
import { INDICATOR_TYPES } from '../../src/indicator/type.ts'

const types = [...INDICATOR_TYPES.keys(), 'later']
const ASCII = /^[ -~]+$/

/** Strings that look like a value of some type often enough to get past the first check. */
const nearValue = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."aAzZ09.-_:/%[]@#?*'\\ üßΣ。１İ\u0301\u200b"), maxLength: 30 }),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string({ unit: 'binary', maxLength: 20 }).map(text => `http://evil.example/${text}`),
  fc.string({ unit: 'binary', maxLength: 10 }).map(text => `http://a${text}.example/`),
  fc.string({ unit: 'binary', maxLength: 10 }).map(text => `${text}@evil.example`),
  fc.string({ unit: 'binary', maxLength: 20 }).map(text => `[a:b = '${text}']`),
  fc.string({ unit: 'binary', maxLength: 10 }).map(text => `${text}.example`),
  fc.tuple(fc.ipV4(), fc.nat(33)).map(([address, prefix]) => `${address}/${prefix}`),
  fc.tuple(fc.ipV6(), fc.nat(129)).map(([address, prefix]) => `${address}/${prefix}`),
  fc.emailAddress(),
  fc.domain(),
)

function attempt(make: () => { readonly value: string }): string | undefined {
  try {
    return make().value
  } catch (cause) {
    expect(cause).toBeInstanceOf(ProtocolError)
    return undefined
  }
}

describe('canonical values', () => {
  it('are their own canonical value, for their author and on the wire, whatever the text and the type', () => {
    fc.assert(
      fc.property(nearValue, fc.constantFrom(...types), (text, type) => {
        const value = attempt(() => canonicalValue(type, text))
        if (value === undefined) return
        expect(canonicalValue(type, value).value).toBe(value)
        expect(receivedValue(type, value).value).toBe(value)
      }),
      { numRuns: 5000 },
    )
  })

  it('from the wire are their own canonical value too', () => {
    fc.assert(
      fc.property(nearValue, fc.constantFrom(...types), (text, type) => {
        const value = attempt(() => receivedValue(type, text))
        if (value !== undefined) expect(receivedValue(type, value).value).toBe(value)
      }),
      { numRuns: 5000 },
    )
  })

  it('of names and URLs are ASCII', () => {
    fc.assert(
      fc.property(nearValue, fc.constantFrom('domain', 'url'), (text, type) => {
        const value = attempt(() => canonicalValue(type, text))
        if (value !== undefined) expect(value).toMatch(ASCII)
      }),
      { numRuns: 3000 },
    )
  })

  it('are what classify finds, and classify finds them again', () => {
    fc.assert(
      fc.property(nearValue, text => {
        const found = classify(text)
        if (found.kind === 'value') expect(classify(found.value)).toEqual(found)
      }),
      { numRuns: 5000 },
    )
  })

  it('of a name are the same with and without the fast path', () => {
    const name = fc.stringMatching(/^([a-z0-9_-]{1,20}\.){1,5}[a-z]{2,10}$/)
    fc.assert(
      fc.property(name, text => {
        for (const spelling of [text, text.toUpperCase(), `${text}.`]) {
          expect(receivedValue('domain', spelling).value).toBe(text)
        }
      }),
    )
  })
})

describe('addresses', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })

  it('are written as another implementation of RFC 5952 writes them', () => {
    fc.assert(
      fc.property(groups, parts => {
        const address = new ipaddr.IPv6([...parts])
        const text = parts.map(part => part.toString(16).toUpperCase().padStart(4, '0')).join(':')
        const expected = address.isIPv4MappedAddress()
          ? `::ffff:${address.toIPv4Address().toString()}`
          : address.toRFC5952String()
        expect(canonicalValue('ipv6', text).value).toBe(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('have the network that another implementation finds', () => {
    const range = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(
        groups.map(parts => new ipaddr.IPv6([...parts]).toRFC5952String()),
        fc.integer({ min: 0, max: 128 }),
      ),
    )
    fc.assert(
      fc.property(range, ([address, prefix]) => {
        const { IPv4, IPv6 } = ipaddr
        const network = (address.includes(':') ? IPv6 : IPv4).networkAddressFromCIDR(`${address}/${prefix}`)
        const canonical = canonicalValue('cidr', `${address}/${prefix}`).value
        const [found = '', length] = canonical.split('/')
        expect(ipaddr.parse(found).toNormalizedString()).toBe(network.toNormalizedString())
        expect(length).toBe(String(prefix))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('URLs', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 })
  const segment = text.filter(part => part !== '.' && part !== '..')
  const encoded = (part: string) => encodeURIComponent(part).replace(/%../g, hex => hex.toLowerCase())

  it('keep the evidence: every segment, parameter and fragment, in order and case', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1 }),
        fc.array(fc.tuple(text, text)),
        text,
        (path, query, fragment) => {
          const parameters = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
          const tail = `/${path.map(encoded).join('/')}?${parameters.join('&')}#${encoded(fragment)}`
          const { value } = canonicalValue('url', `HTTP://EVIL.example:80${tail}`)
          const match = /^http:\/\/evil\.example\/([^?]*)\?([^#]*)#(.*)$/.exec(value)
          expect(match?.[1]?.split('/').map(decodeURIComponent)).toEqual(path)
          expect(match?.[2]?.toLowerCase()).toBe(parameters.join('&').toLowerCase())
          expect(decodeURIComponent(match?.[2] ?? '')).toBe(decodeURIComponent(parameters.join('&')))
          expect(decodeURIComponent(match?.[3] ?? '')).toBe(fragment)
        },
      ),
      { numRuns: 500 },
    )
  })
})
