import { describe, expect, it } from 'vitest'
import { parseConfidence, parseMoment } from '../../src/formats/in/cell-value.ts'
import { guessMapping } from '../../src/formats/in/csv-mapping.ts'
import type { ImportOptions } from '../../src/formats/in/import.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const MD5 = '9e107d9d372bb6826bd81d3542a419d6'
const SHA1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'
const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592'

function importCsv(text: string | Uint8Array, options: Partial<ImportOptions> = {}) {
  return importText(text, { name: 'test.csv', ...options })
}

describe('a CSV file', () => {
  it('gives a claim a row with all that its columns say', async () => {
    const text = [
      'first_seen,Indicator,Type,Family,Confidence,TLP,Port,Notes,Source,Reference',
      '2026-01-02 03:04:05,evil[.]example,Domain,TIDEPOOL;c2,high,TLP:AMBER,8443,"a, ""b""",CERT,https://cert.example/1',
    ].join('\r\n')
    const [row, ...others] = claims(await importCsv(text))
    expect(others).toEqual([])
    expect(row?.place).toBe('line 2')
    expect(row?.draft).toEqual({
      type: 'domain',
      value: 'evil.example',
      original: 'evil[.]example',
      firstSeenMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      confidence: 85,
      marking: { tlp: TLP.AMBER },
      labels: ['TIDEPOOL', 'c2', 'port:8443'],
      description: 'a, "b"',
      source: 'CERT',
      references: [{ sourceName: 'CERT', url: 'https://cert.example/1' }],
    })
  })

  it('gives a claim for each hash of one file', async () => {
    const rows = await importCsv(
      `First Seen,SHA256,SHA1,MD5\n2026-01-02,${SHA256},${SHA1},${MD5}\n2026-01-03,${SHA256},,n/a\n`,
    )
    expect(claims(rows).map(row => `${row.place} ${row.draft.type}`)).toEqual([
      'line 2 column SHA256 sha256',
      'line 2 column SHA1 sha1',
      'line 2 column MD5 md5',
      'line 3 column SHA256 sha256',
    ])
    expect(faults(rows)).toEqual([])
  })

  it.each([
    [',', 'value,type\nevil.example,domain\n'],
    [';', 'value;type\nevil.example;domain\n'],
    ['tab', 'value\ttype\nevil.example\tdomain\n'],
    ['|', 'value|type\nevil.example|domain\n'],
  ])('may be cut by %s', async (_, text) => {
    expect(values(await importCsv(text))).toEqual(['domain evil.example'])
  })

  it('needs no header', async () => {
    const text = `2026-01-02 03:04:05,${SHA256},RTF\n2026-01-03 03:04:05,${SHA256},PE\n`
    const rows = claims(await importCsv(text))
    expect(rows.map(row => [row.place, row.draft.value, row.draft.firstSeenMs])).toEqual([
      ['line 1', SHA256, Date.UTC(2026, 0, 2, 3, 4, 5)],
      ['line 2', SHA256, Date.UTC(2026, 0, 3, 3, 4, 5)],
    ])
  })

  it('needs no second column', async () => {
    expect(values(await importCsv('evil.example\r\n192.0.2.1\r\n'))).toEqual(['domain evil.example', 'ipv4 192.0.2.1'])
    expect(values(await importCsv('url_selection\nevil.example\n'))).toEqual(['domain evil.example'])
  })

  it('is known by its content without a name', async () => {
    expect(values(await importText('hxxp://evil.example/,2026-01-02,x\nhxxp://b.example/,2026-01-03,y\n'))).toEqual([
      'url http://evil.example/',
      'url http://b.example/',
    ])
  })

  it('may have line breaks, quotes and delimiters in quoted cells', async () => {
    const text = 'value,notes\r\n"a.example","one,\r\ntwo ""2"""\r\nb.example,"three"\nc.example,\n'
    const rows = claims(await importCsv(text))
    expect(rows.map(row => [row.place, row.draft.value, row.draft.description])).toEqual([
      ['line 2', 'a.example', 'one,\ntwo "2"'],
      ['line 4', 'b.example', 'three'],
      ['line 5', 'c.example', undefined],
    ])
  })

  it('loses no row to broken quotes', async () => {
    const stray = [
      'value,notes',
      'a.example,"never closed',
      'b.example,x',
      'c.example,"closed"',
      'd.example,5" disk',
      'e.example,',
    ]
    expect(values(await importCsv(stray.join('\n')))).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map(name => `domain ${name}.example`),
    )
    const many = ['value,notes', ...Array.from({ length: 300 }, (_, index) => `h${index}.example,"open`)]
    expect(values(await importCsv(many.join('\n'))).length).toBe(300)
    const last = ['value,notes', 'a.example,"open', ...Array.from({ length: 300 }, (_, index) => `h${index}.example,x`)]
    expect(values(await importCsv(last.join('\n'))).length).toBe(301)
  })

  it('may be ragged, with blank rows, comments and its header again', async () => {
    const text =
      '# exported\nvalue,type,notes\na.example\n\n,,\nb.example,domain,x,y,z\n# end\nvalue,type,notes\n,,only a note\n'
    const rows = await importCsv(text)
    expect(values(rows)).toEqual(['domain a.example', 'domain b.example'])
    expect(faults(rows)).toEqual(['line 8 import-not-an-indicator', 'line 9 import-no-value'])
  })

  it('refuses the cells that are no values, each with its place', async () => {
    const rows = await importCsv(
      `sha256,c2\n${SHA256},evil.example\nabc,aaaa\n${SHA256},N/A\n${SHA256},192.0.2.1:None\n`,
    )
    expect(faults(rows)).toEqual([
      'line 3 column sha256 indicator-invalid',
      'line 3 column c2 indicator-invalid',
      'line 5 column c2 indicator-invalid',
    ])
    expect(values(rows).length).toBe(4)
  })

  it('takes hosts with ports, lists in a cell, and what is defanged', async () => {
    const text =
      'c2\n192.0.2.1:8080\n[2001:db8::1]:443\n"a.example\nb.example"\n"c.example, d.example"\nhxxp://e[.]example/ hxxp://f[.]example/\n'
    const rows = await importCsv(text)
    expect(values(rows)).toEqual([
      'ipv4 192.0.2.1',
      'ipv6 2001:db8::1',
      'domain a.example',
      'domain b.example',
      'domain c.example',
      'domain d.example',
      'url http://e.example/',
      'url http://f.example/',
    ])
    expect(claims(rows)[0]?.draft.labels).toEqual(['port:8080'])
  })

  it('keeps to the type that a row names', async () => {
    const text = [
      'Type,Indicator',
      'Filename,setup.example',
      `imphash,${MD5}`,
      'PDB path,C:\\evil.pdb',
      `FileHash-MD5,${MD5}`,
      'hostname,evil.example',
      'IP Address,192.0.2.1',
      'email-sender,a@evil.example',
      ',b.example',
    ].join('\n')
    const rows = await importCsv(text)
    expect(faults(rows)).toEqual(['line 4 import-type-unsupported'])
    expect(values(rows)).toEqual([
      'filename setup.example',
      `imphash ${MD5}`,
      `md5 ${MD5}`,
      'domain evil.example',
      'ipv4 192.0.2.1',
      'email a@evil.example',
      'domain b.example',
    ])
  })

  it('does not take file names, versions, fuzzy hashes or packages for indicators', async () => {
    const text = [
      'Filename,Version,imphash,Package Name,PDB,domain',
      `update.zip,1.0.0.0,${MD5},org.vendor.app,c:\\a.pdb,evil.example`,
    ].join('\n')
    expect(values(await importCsv(text))).toEqual(['domain evil.example'])
  })

  it('without any column of values says so in every row', async () => {
    const rows = await importCsv('com.vendor.chrome\norg.vendor.app\ncom.vendor.mail\n')
    expect(faults(rows)).toEqual([1, 2, 3].map(line => `line ${line} import-no-value`))
    expect(refusals(rows)[0]?.reason).toContain('--map')
  })

  it('warns of dates, markings and orders that it cannot read, and keeps the value', async () => {
    const text = [
      'value,first seen,last seen,tlp',
      'a.example,3/4/2026,,TLP:BLUE',
      'b.example,2026-02-02,2026-01-01,TLP:WHITE',
      'c.example,some day,,',
    ].join('\n')
    const rows = claims(await importCsv(text))
    const codes = rows.map(row => row.warnings.map(warning => warning.code).filter(code => code.startsWith('import-')))
    expect(codes).toEqual([
      ['import-date-unclear', 'import-marking-unresolved'],
      ['import-date-unclear'],
      ['import-date-unclear'],
    ])
    expect(rows.map(row => row.draft.firstSeenMs)).toEqual([undefined, undefined, undefined])
    expect(rows[1]?.draft.marking).toEqual({ tlp: TLP.CLEAR })
  })

  it('that is not UTF-8 loses only values with foreign bytes in them', async () => {
    const bytes = Buffer.from(`value,notes\nevil.example\xca,b\xf6se\nev\xefl.example,x\n${MD5}\xa0,\n`, 'latin1')
    const rows = await importCsv(Uint8Array.from(bytes))
    expect(values(rows)).toEqual(['domain evil.example', `md5 ${MD5}`])
    expect(claims(rows)[0]?.draft.description).toBe('böse')
    expect(faults(rows)).toEqual(['line 3 import-text-encoding'])
  })

  it.each([1, 10, 65_536])('gives the same rows in chunks of %i bytes', async size => {
    const text = 'value,notes\r\n"a.example","one,\r\ntwo"\r\nb.example,"x\r\nc.example,ä\r\n'
    expect(await importText(text, { name: 'test.csv' }, size)).toEqual(await importCsv(text))
  })
})

describe('a mapping that the operator gives', () => {
  const text = 'ioc,kind,what,more\nevil.example,domain,note,192.0.2.1\n'

  it('names columns by their header or number', async () => {
    const rows = claims(await importCsv(text, { map: 'value=IOC,type=kind,description=3,ipv4=4' }))
    expect(rows.map(row => [row.draft.value, row.draft.description])).toEqual([
      ['evil.example', 'note'],
      ['192.0.2.1', 'note'],
    ])
  })

  it('makes a table of a file without the name of one', async () => {
    expect(values(await importText('x evil.example\ny b.example\n', { map: 'value=1' }))).toEqual([])
    expect(values(await importText('x,evil.example\n', { map: 'domain=2' }))).toEqual(['domain evil.example'])
  })

  it.each(['value=nothing', 'colour=ioc', 'value', '=ioc', 'type=kind', ''])(
    'is refused where it makes no sense: %j',
    async map => {
      await expect(importCsv(text, { map })).rejects.toMatchObject({ code: 'import-mapping-invalid' })
    },
  )
})

describe('the guess of a mapping', () => {
  it('explains itself', () => {
    const { header, columns } = guessMapping([
      ['Compile Time', 'SHA256 Hash', 'C2 Server', 'Colour'],
      ['2026-01-01', SHA256, 'evil.example', 'red'],
    ])
    expect(header).toBe(true)
    expect(columns.map(column => `${column.name}: ${column.role} ${column.hint}`)).toEqual([
      'Compile Time: ignore any',
      'SHA256 Hash: value hash',
      'C2 Server: value host',
      'Colour: ignore any',
    ])
    expect(columns.every(column => column.why !== '')).toBe(true)
  })

  it('does not believe a name that the rows belie', () => {
    const { columns } = guessMapping([
      ['Host', 'indicator'],
      ['Web server in the basement', 'evil.example'],
    ])
    expect(columns.map(column => column.role)).toEqual(['ignore', 'value'])
  })

  it('does not take a first row with a value in it for a header', () => {
    expect(
      guessMapping([
        ['domain', 'evil.example'],
        ['domain', 'b.example'],
      ]).header,
    ).toBe(false)
    expect(guessMapping([['Feb-19'], ['evil.example']]).header).toBe(false)
  })
})

describe('a date in a cell', () => {
  it.each([
    ['2026-01-02', Date.UTC(2026, 0, 2)],
    ['2026-01-02 03:04:05', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.5Z', Date.UTC(2026, 0, 2, 3, 4, 5, 500)],
    ['2026-01-02T03:04:05+02:00', Date.UTC(2026, 0, 2, 1, 4, 5)],
    ['2026-01-02 03:04:05 UTC', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026/1/2', Date.UTC(2026, 0, 2)],
    ['26/11/2026 16:17', Date.UTC(2026, 10, 26, 16, 17)],
    ['10/18/26 07:38', Date.UTC(2026, 9, 18, 7, 38)],
    ['1767323045', 1_767_323_045_000],
    ['1767323045123', 1_767_323_045_123],
  ])('%s', (text, ms) => {
    expect(parseMoment(text)).toBe(ms)
  })

  it.each([
    '',
    'soon',
    '2026-13-01',
    '2026-02-30',
    '3/4/2026',
    '2026-01-02 25:00',
    '2026-01-02 and then',
    '1960-01-01',
    '12',
  ])('is none: %j', text => {
    expect(parseMoment(text)).toBeUndefined()
  })

  it('is clear once the column shows its order', async () => {
    const rows = claims(await importCsv('value,date\na.example,3/4/2026\nb.example,13/4/2026\n'))
    expect(rows[0]?.draft.firstSeenMs).toBe(Date.UTC(2026, 3, 3))
  })
})

describe('a confidence in a cell', () => {
  it.each([
    ['85', 85],
    ['85 %', 85],
    ['High', 85],
    ['medium', 50],
    ['101', undefined],
    ['sure', undefined],
  ])('%s', (text, confidence) => {
    expect(parseConfidence(text)).toBe(confidence)
  })
})
