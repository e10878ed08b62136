import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildAddressRanges, buildMappedRanges } from '../../src/indicator/address-ranges.ts'
import { buildDomainSuffixes } from '../../src/indicator/domain-suffixes.ts'
import { mappedPrefix } from '../../src/indicator/ip.ts'
import { createPackedTexts } from '../../src/indicator/packed-texts.ts'
import { type AddressSpan, addressSpan } from '../support/address-span.ts'

/** Few addresses, so that ranges lie within each other, side by side, and are the same. */
const octet = fc.constantFrom(0, 1, 127, 128, 254, 255)
const ipv4 = fc.tuple(octet, octet, octet, octet).map(octets => octets.join('.'))
const group = fc.constantFrom('0', '1', '7fff', '8000', 'ffff')
const ipv6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map(groups => groups.join(':')),
  ipv4.map(address => `::ffff:${address}`),
)
const prefixed = fc.oneof(
  ipv4,
  ipv6,
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(parts => parts.join('/')),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(parts => parts.join('/')),
)

interface Span {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

function numberOf(address: string): { value: bigint; bits: bigint } {
  if (!address.includes(':')) {
    return { value: address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n), bits: 32n }
  }
  const mapped = /^::ffff:([\d.]+)$/.exec(address)
  if (mapped !== null) return { value: 0xffff_0000_0000n + numberOf(mapped[1]!).value, bits: 128n }
  return { value: address.split(':').reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n), bits: 128n }
}

/** What a text covers, of each family. */
function spansOf(text: string, asked: boolean): Span[] {
  const [address = '', prefix] = text.split('/')
  const { value, bits } = numberOf(address)
  const free = bits - BigInt(prefix ?? bits)
  const first = (value >> free) << free
  const last = first + (1n << free) - 1n
  if (bits === 32n) return [{ family: 4, first, last }]
  const isMapped = first >> 32n === 0xffffn && free < 32n
  const v4 = { family: 4, first: first & 0xffff_ffffn, last: last & 0xffff_ffffn } as const
  if (isMapped && !asked) return [v4]
  return isMapped ? [{ family: 6, first, last }, v4] : [{ family: 6, first, last }]
}

const inOrder = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

test('finds the ranges that hold or touch an address or range as comparing with each of them does', () => {
  fc.assert(
    fc.property(fc.array(prefixed, { maxLength: 40 }), prefixed, (ranges, asked) => {
      const built = buildAddressRanges(ranges)
      const where = (fits: (range: Span, span: Span) => boolean) =>
        ranges.flatMap((range, i) => {
          const fitting = spansOf(asked, true).some(span =>
            spansOf(range, false).some(each => each.family === span.family && fits(each, span)),
          )
          return fitting ? [i] : []
        })
      expect(inOrder(built.covering(asked))).toEqual(where((r, s) => r.first <= s.first && s.last <= r.last))
      expect(inOrder(built.overlapping(asked))).toEqual(where((r, s) => r.first <= s.last && s.first <= r.last))
      expect(built.size).toBe(ranges.length)
    }),
    { numRuns: 500 },
  )
})

test('knows whether several ranges together hold another', () => {
  const narrow = fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 28, max: 32 }))
    .map(([host, length]) => `192.0.2.${host}/${length}`)
  fc.assert(
    fc.property(fc.array(narrow, { maxLength: 16 }), narrow, (ranges, asked) => {
      const held = new Set<bigint>()
      for (const { first, last } of ranges.flatMap(range => spansOf(range, false))) {
        for (let address = first; address <= last; address++) held.add(address)
      }
      const [{ first, last } = { first: 0n, last: 0n }] = spansOf(asked, false)
      let all = true
      for (let address = first; address <= last; address++) all &&= held.has(address)
      expect(buildAddressRanges(ranges).contains(asked)).toBe(all)
    }),
    { numRuns: 500 },
  )
})

test('names the widest range first', () => {
  const ranges = buildAddressRanges(['192.0.2.0/24', '192.0.2.7', '192.0.0.0/16', '2001:db8::/32'])
  expect(ranges.covering('192.0.2.7')).toEqual([2, 0, 1])
  expect(ranges.coveringIpv4(0xc000_0207)).toEqual([2, 0, 1])
  expect(ranges.covering('2001:db8::7')).toEqual([3])
})

test('takes no range of IPv6 for one of IPv4, but the same address in both spellings for one', () => {
  const ranges = buildAddressRanges(['::/0', '::ffff:0:0/96', '::ffff:192.0.2.1'])
  expect(ranges.covering('192.0.2.1')).toEqual([2])
  expect(ranges.covering('::ffff:192.0.2.1')).toEqual([0, 1, 2])
  expect(ranges.contains('0.0.0.0/0')).toBe(false)
})

test('holds and touches IPv4 within IPv6, where it is asked to, as comparing addresses does', () => {
  const wide = fc.constantFrom('::/0', '::/1', '::fffe:0:0/95', '::fffe:0:0/96', '::ffff:0:0/96', '0.0.0.0/0')
  fc.assert(
    fc.property(fc.array(fc.oneof(prefixed, wide), { maxLength: 20 }), fc.oneof(prefixed, wide), (ranges, asked) => {
      const built = buildMappedRanges(ranges)
      const { first, last } = addressSpan(asked)
      const shares = ranges.flatMap((range, i) => {
        const span = addressSpan(range)
        return span.first <= last && first <= span.last ? [i] : []
      })
      expect(inOrder(built.overlapping(mappedPrefix(asked)))).toEqual(shares)
      expect(built.overlaps(mappedPrefix(asked))).toBe(shares.length > 0)
      expect(built.contains(mappedPrefix(asked))).toBe(holdAll(ranges.map(addressSpan), first, last))
    }),
    { numRuns: 500 },
  )
})

/** Each that begins before the end of those before it takes that end further. */
function holdAll(spans: readonly AddressSpan[], first: bigint, last: bigint): boolean {
  let next = first
  for (const span of spans.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    if (span.first <= next && span.last >= next) next = span.last + 1n
  }
  return next > last
}

const label = fc.constantFrom('a', 'b', 'evil', 'xn--p1ai', 'a-b', 'com')
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map(labels => labels.join('.'))

test('finds a name and the names above it as comparing with each of them does', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), name, (names, asked) => {
      const firsts = names.flatMap((each, i) => (names.indexOf(each) === i ? [i] : []))
      const above = firsts.filter(i => asked === names[i] || asked.endsWith(`.${names[i]}`))
      const built = buildDomainSuffixes(names)
      expect(built.matches(asked)).toEqual(above.sort((a, b) => names[b]!.length - names[a]!.length))
      expect(built.has(asked)).toBe(names.includes(asked))
      expect(built.size).toBe(new Set(names).size)
    }),
    { numRuns: 500 },
  )
})

test('keeps every text once, whatever the seed, and gives it back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 300 }), fc.integer(), (texts, seed) => {
      const builder = createPackedTexts(seed)
      const wellFormed = texts.map(text => text.toWellFormed())
      const order = [...new Set(wellFormed)]
      expect(wellFormed.map(text => builder.add(text))).toEqual(wellFormed.map(text => order.indexOf(text)))
      const built = builder.build()
      expect(order.map((_, i) => built.textAt(i))).toEqual(order)
      expect(order.map(text => built.find(text))).toEqual(order.map((_, i) => i))
      expect(built.find('no such text, ever')).toBe(-1)
    }),
  )
})
