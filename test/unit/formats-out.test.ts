import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ExportFormat } from '../../src/formats/exported.ts'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { HOSTILE, ONE_OF_EACH, WELL_KNOWN } from '../support/export-samples.ts'
import { exportContext, exported } from '../support/exported.ts'

const GOLDEN = join(import.meta.dirname, '../vectors/export')

/** The formats for analysts and event managers; those for detection tools are read by these tools. */
const FORMATS = ['stix', 'misp', 'misp-feed', 'csv', 'plain', 'plain-lists', 'splunk', 'ecs', 'cef'].map(
  name => [name, EXPORT_FORMATS.get(name)!] as const,
)
const SAMPLES = [
  ['types', ONE_OF_EACH],
  ['known', WELL_KNOWN],
  ['hostile', HOSTILE],
] as const

function standing(format: ExportFormat, indicators: (typeof SAMPLES)[number][1]) {
  return format.withdrawn ? indicators : indicators.filter(({ claims }) => claims.length > 0)
}

describe.each(FORMATS)('%s', (name, format) => {
  it.each(SAMPLES)('writes %s as it always has', async (sample, indicators) => {
    const { files } = exported(format, standing(format, indicators))
    for (const [file, text] of files) {
      await expect(text).toMatchFileSnapshot(
        join(GOLDEN, name, `${sample}${file === '' ? format.extension : `-${file}`}`),
      )
    }
  })

  it('writes the same however often', () => {
    expect(exported(format, WELL_KNOWN)).toEqual(exported(format, WELL_KNOWN))
  })

  it('is nothing but its frame where there is nothing to say', () => {
    const { files, left } = exported(format, [])
    expect(left.size).toBe(0)
    for (const [file, text] of files) if (/json$/.test(file + format.extension) && text !== '') JSON.parse(text)
  })
})

/** Types that a format has no word for: it says so of each, and of no other. */
const LEFT: Readonly<Record<string, readonly string[]>> = {
  stix: [],
  misp: [],
  'misp-feed': [],
  csv: [],
  plain: ['sigma', 'yara'],
  'plain-lists': ['sigma', 'yara'],
  splunk: [
    'asn',
    'crypto-address',
    'cve',
    'imphash',
    'ja3',
    'ja4',
    'mac-address',
    'mutex',
    'sigma',
    'ssdeep',
    'stix-pattern',
    'suricata',
    'tlsh',
    'x509-fingerprint',
    'yara',
  ],
  ecs: ['cidr', 'crypto-address', 'cve', 'ja4', 'sigma', 'stix-pattern', 'suricata', 'yara'],
  cef: [],
}

it.each(FORMATS)('%s leaves those types out that it cannot say, with a sentence', (name, format) => {
  const { left } = exported(format, ONE_OF_EACH)
  const types = ONE_OF_EACH.filter(({ value }) => left.has(value)).map(({ type }) => type)
  expect(types).toEqual(LEFT[name])
  for (const sentence of left.values()) expect(sentence).toMatch(/^\S.{10,}[^.]$/)
})

describe('a parameter', () => {
  it.each([
    ['csv', { formulas: 'perhaps' }],
    ['misp-feed', { parts: '0' }],
    ['misp-feed', { parts: '257' }],
    ['misp-feed', { parts: '1e2' }],
  ])('of %s that cannot be meant is refused: %j', (name, parameters) => {
    expect(() => exported(EXPORT_FORMATS.get(name)!, [], { parameters })).toThrow(
      expect.objectContaining({ code: 'export-parameter', fix: expect.any(String) }),
    )
  })

  it('leaves the cells of a table as they are, for programs', () => {
    const { files } = exported(EXPORT_FORMATS.get('csv')!, HOSTILE, { parameters: { formulas: 'verbatim' } })
    expect(files.get('')).toContain(`"=cmd'""|$(x),;.exe"`)
  })
})

it('tells event managers of what is not any more in an export', () => {
  const writer = EXPORT_FORMATS.get('cef')!.start(exportContext())
  expect(writer.remove!({ type: 'domain', value: 'evil.example' })).toEqual({
    pieces: [
      {
        file: '',
        text:
          'CEF:0|Tocsin|Tocsin|1|indicator-removed|Indicator of type domain removed|0|act=remove dhost=evil.example ' +
          'cs1Label=Indicator cs1=evil.example cs2Label=Indicator type cs2=domain\n',
      },
    ],
  })
})
