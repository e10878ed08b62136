import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyRow,
  CONTEXT_BYTES_MAX,
  EMPTY_TALLY,
  type ImportRow,
  REFUSED_TEXT_LENGTH_MAX,
} from '../../src/formats/import-row.ts'
import { defang, refang } from '../../src/formats/in/defang.ts'
import { FORMATS, type Format } from '../../src/formats/in/detect.ts'
import { readImport } from '../../src/formats/in/import.ts'
import { parseStixPattern } from '../../src/formats/in/stix-pattern.ts'
import { PatternSyntaxError } from '../../src/formats/in/stix-pattern-error.ts'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { chunksOf, utf8 } from '../support/import-bytes.ts'

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
const domain = fc.tuple(label, label, fc.constantFrom('example', 'test', 'com')).map(parts => parts.join('.'))
const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map(octets => octets.join('.'))
const path = fc.stringMatching(/^(\/[a-z0-9._~-]{0,8}){0,4}(\?[a-z0-9=&.]{0,12})?$/)
const url = fc
  .tuple(fc.constantFrom('http', 'https', 'ftp', 'sftp', 'ws'), fc.oneof(domain, ipv4), path)
  .map(([scheme, host, rest]) => `${scheme}://${host}${rest}`)
const email = fc.tuple(label, domain).map(parts => parts.join('@'))
const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
const ipv6 = fc
  .array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  .map(groups => groups.map(group => group.toString(16)).join(':'))

describe('defanging', () => {
  it('is undone to the letter', () => {
    fc.assert(
      fc.property(fc.oneof(domain, ipv4, ipv6, url, email, hash), value => {
        expect(refang(defang(value))).toBe(value)
      }),
    )
  })

  it('is undone for canonical values of every type', () => {
    const typed = fc.oneof(
      domain.map(text => canonicalValue('domain', text)),
      ipv4.map(text => canonicalValue('ipv4', text)),
      url.map(text => canonicalValue('url', text)),
      email.map(text => canonicalValue('email', text)),
    )
    fc.assert(
      fc.property(typed, ({ value }) => {
        expect(refang(defang(value))).toBe(value)
      }),
    )
  })

  it('undone twice is undone once, whatever the text', () => {
    const marks = fc.string({
      unit: fc.constantFrom(
        '[',
        ']',
        '(',
        ')',
        '{',
        '}',
        '.',
        'dot',
        ':',
        '/',
        '@',
        'at',
        'hxxp',
        's',
        ' ',
        'a',
        '\\',
        '*',
      ),
    })
    fc.assert(
      fc.property(marks, text => {
        expect(refang(refang(text))).toBe(refang(text))
      }),
      { numRuns: 500 },
    )
  })
})

describe('importers', () => {
  const pieces = [
    'evil.example',
    'hxxp://a[.]b',
    '192.0.2.1:80',
    ',',
    ';',
    '\t',
    '|',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    '#',
    ' ',
    '{',
    '}',
    '[',
    ']',
    '"type":"bundle"',
    '"objects":[',
    '"id":"indicator--00000000-0000-4000-8000-000000000001"',
    ':',
    '\\',
    "'",
    'value',
    'type',
    "[domain-name:value = 'a.example']",
    '\0',
    '\ufeff',
    'ä',
    'com',
    '0.0.0.0 ',
    '||',
    '^',
    '2026-01-02',
    '"Event":{',
    '"Attribute":[',
    '{"type":"domain","value":"a.example","to_ids":true}',
    '"Tag":[{"name":"tlp:amber"}]',
    '"distribution":"0"',
    '<ioc id="x">',
    '</ioc>',
    '<Indicator operator="AND">',
    '<IndicatorItem condition="is"><Context search="Network/DNS"/><Content>a.example</Content></IndicatorItem>',
    '<html>',
    '<td>',
    '<code>',
    '<!--',
    '-->',
    '&amp;',
    '&#91;',
    '`',
    '## References',
    'null',
    '1e999',
  ]
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map(parts => utf8(parts.join('')))
  const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 300 }))
  const format = fc.constantFrom('auto' as const, ...FORMATS)

  async function rowsOf(input: Uint8Array, how: 'auto' | Format, chunkSize: number) {
    const rows: ImportRow[] = []
    for await (const row of readImport(chunksOf(input, chunkSize), { name: 'x.csv', format: how })) rows.push(row)
    return rows
  }

  it('take any bytes, say why they refuse, and account for every row', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, format, async (input, how) => {
        const rows = await rowsOf(input, how, 65_536)
        for (const row of rows) {
          expect(row.place).not.toBe('')
          if (row.kind === 'refused') {
            expect(row.reason).not.toBe('')
            expect(row.text.length).toBeLessThanOrEqual(REFUSED_TEXT_LENGTH_MAX)
          }
          if (row.kind === 'context') expect(utf8(row.json).length).toBeLessThanOrEqual(CONTEXT_BYTES_MAX)
          // A draft is in canonical form, so that a claim can be built of it.
          if (row.kind === 'claim') expect(canonicalValue(row.draft.type, row.draft.value).value).toBe(row.draft.value)
        }
        const tally = rows.reduce(applyRow, EMPTY_TALLY)
        expect(tally.values).toBe(tally.claims + tally.context + tally.refused)
      }),
      { numRuns: 800 },
    )
  })

  it('give the same rows however the input is cut', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, format, fc.integer({ min: 1, max: 20 }), async (input, how, size) => {
        expect(await rowsOf(input, how, size)).toEqual(await rowsOf(input, how, 65_536))
      }),
      { numRuns: 600 },
    )
  })
})

describe('the parser of STIX patterns', () => {
  it('parses or refuses, and nothing else', () => {
    const parts = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      "'x'",
      ' AND ',
      ' OR ',
      ' FOLLOWEDBY ',
      'file',
      ':',
      'name',
      '.',
      '=',
      ' IN ',
      ' NOT ',
      ',',
      '1',
      '*',
      "t'",
      ' REPEATS ',
      ' TIMES',
    )
    fc.assert(
      fc.property(fc.string({ unit: parts, maxLength: 40 }), text => {
        try {
          parseStixPattern(text)
        } catch (cause) {
          expect(cause).toBeInstanceOf(PatternSyntaxError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
