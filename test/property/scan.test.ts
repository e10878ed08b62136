import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findsIn, matcherOf } from '../support/scan-matcher.ts'

const HASH = '9e107d9d372bb6826bd81d3542a419d6'

const INDICATORS = [
  ['domain', 'evil.example'],
  ['domain', 'a.b.evil.example'],
  ['ipv4', '192.0.2.7'],
  ['cidr', '192.0.2.0/28'],
  ['ipv6', '2001:db8::7'],
  ['cidr', '2001:db8::/64'],
  ['md5', HASH],
  ['email', 'bob@evil.example'],
  ['url', 'http://evil.example/a'],
  ['cve', 'CVE-2021-44228'],
  ['filename', 'evil.exe'],
] as const

/** What a token is by itself, worked out without any of the structures: pairs of relation and value. */
const EXPECTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['evil.example', ['exact evil.example']],
  ['EVIL.Example.', ['exact evil.example']],
  ['x.evil.example', ['parent-domain evil.example']],
  ['z.a.b.evil.example', ['parent-domain evil.example', 'parent-domain a.b.evil.example']],
  ['notevil.example', []],
  ['evil.example.test', []],
  ['evil', []],
  ['192.0.2.7', ['exact 192.0.2.7', 'range 192.0.2.0/28']],
  ['192.0.2.15', ['range 192.0.2.0/28']],
  ['192.0.2.16', []],
  ['1192.0.2.7', []],
  ['192.0.2.7.1.2', []],
  ['192.00.2.7', []],
  ['2001:DB8:0::7', ['exact 2001:db8::7', 'range 2001:db8::/64']],
  ['2001:db8:0:1::7', []],
  ['12:34:56', []],
  [HASH.toUpperCase(), [`exact ${HASH}`]],
  [`${HASH}0`, []],
  ['bob@evil.example', ['exact bob@evil.example', 'exact evil.example']],
  ['rob@evil.example', ['exact evil.example']],
  ['http://evil.example/a', ['exact http://evil.example/a', 'exact evil.example']],
  ['http://evil.example/a/b', ['exact evil.example']],
  ['hxxp://evil[.]example/a', ['exact http://evil.example/a', 'exact evil.example']],
  ['cve-2021-44228', ['exact CVE-2021-44228']],
  ['evil.exe', ['exact evil.exe']],
  ['EVIL.EXE', []],
  ['word', []],
])

const separator = fc.constantFrom(
  ' ',
  '  ',
  '\t',
  ' "',
  '" ',
  '\0',
  ' (',
  ') ',
  ', ',
  '; ',
  ' | ',
  ' <',
  '> ',
  '\r ',
  ' \xe9 ',
)
const line = fc.array(fc.tuple(separator, fc.constantFrom(...EXPECTED.keys())), { maxLength: 8 })

test('finds in any text what each of its tokens is, however the text comes', async () => {
  const matcher = matcherOf(INDICATORS)
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), async (lines, chunkBytes) => {
      const text = lines.map(tokens => `${tokens.map(([before, token]) => before + token).join('')} \n`).join('')
      const expected = lines.map(tokens => new Set(tokens.flatMap(([, token]) => EXPECTED.get(token)!)))
      const found = lines.map(() => new Set<string>())
      for (const find of await findsIn(matcher, text, chunkBytes)) {
        const [place = '', relation, , value] = find.split(' ')
        // A host and a path of the same line may belong together.
        if (relation !== 'parts') found[Number(place.split(':')[0]) - 1]!.add(`${relation} ${value}`)
      }
      expect(found).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

test('takes any bytes, and says the same of them however they are cut', async () => {
  const matcher = matcherOf(INDICATORS)
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes)),
    fc
      .constantFrom(...EXPECTED.keys(), '[', '[.', '(dot)', '%2f', '@', '::', '://', '\n')
      .map(text => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (pieces, chunkBytes) => {
        const bytes = Buffer.concat(pieces)
        expect(await findsIn(matcher, bytes, chunkBytes)).toEqual(await findsIn(matcher, bytes))
      },
    ),
    { numRuns: 300 },
  )
})
