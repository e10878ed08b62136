import { describe, expect, it } from 'vitest'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const MD5 = '9e107d9d372bb6826bd81d3542a419d6'

const item = (search: string, content: string, condition = 'is', others = '') =>
  `<IndicatorItem id="i-1" condition="${condition}"${others}><Context document="X" search="${search}" type="mir"/><Content type="string">${content}</Content></IndicatorItem>`
const all = (...items: readonly string[]) => `<Indicator operator="AND" id="g">${items.join('\n')}</Indicator>`
const any = (...items: readonly string[]) => `<Indicator operator="OR" id="g">${items.join('\n')}</Indicator>`
const ioc10 = (definition: string) => `<?xml version="1.0" encoding="us-ascii"?>
<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="ioc-1" last-modified="2026-01-02T00:00:00">
  <short_description>HERON</short_description>
  <description>A &amp; B</description>
  <authored_by>CERT Auria</authored_by>
  <links/>
  <definition>${definition}</definition>
</ioc>`
const ioc11 = (criteria: string) =>
  `<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="ioc-1" last-modified="2026-01-02T00:00:00Z"><metadata><short_description>HERON</short_description></metadata><criteria>${criteria}</criteria></OpenIOC>`

const openioc = (text: string) => importText(text, { name: 'x.ioc' })

describe('OpenIOC', () => {
  it('gives a claim for each item that holds by itself, with what the file says of all', async () => {
    const rows = await openioc(
      ioc10(
        any(
          item('FileItem/Md5sum', MD5.toUpperCase()),
          any(item('Network/DNS', 'evil[.]example')),
          item('PortItem/remoteIP', '192.0.2.1'),
        ),
      ),
    )
    expect(values(rows)).toEqual([`md5 ${MD5}`, 'domain evil.example', 'ipv4 192.0.2.1'])
    expect(claims(rows)[0]!.draft).toMatchObject({
      name: 'HERON',
      description: 'A & B',
      source: 'CERT Auria',
      sourceId: 'ioc-1/i-1',
      validFromMs: Date.UTC(2026, 0, 2),
    })
    expect(claims(rows)[0]!.place).toBe('item 1, line 7')
  })

  it('of version 1.1 is read as well', async () => {
    const rows = await openioc(
      ioc11(any(item('Network/URI', 'http://evil.example/a'), item('ProcessItem/HandleList/Handle/Name', 'Evil'))),
    )
    expect(values(rows)).toEqual(['url http://evil.example/a', 'mutex Evil'])
  })

  it('makes one pattern of what holds only together', async () => {
    const rows = await openioc(
      ioc10(
        any(
          all(
            item('FileItem/FileName', 'a.exe'),
            any(item('Network/DNS', 'a.example'), item('Network/DNS', 'b.example')),
          ),
          item('FileItem/Md5sum', MD5),
        ),
      ),
    )
    expect(values(rows)).toEqual([
      "stix-pattern ([file:name = 'a.exe'] AND ([domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']))",
      `md5 ${MD5}`,
    ])
  })

  it('refuses each item of a group of which one cannot be said', async () => {
    const rows = await openioc(ioc10(all(item('FileItem/FileName', 'a.exe'), item('FileItem/SizeInBytes', '7'))))
    expect(values(rows)).toEqual([])
    expect(faults(rows)).toEqual(['item 1, line 7 import-type-unsupported', 'item 2, line 8 import-type-unsupported'])
  })

  it('takes a group of one for what it is', async () => {
    expect(values(await openioc(ioc10(all(item('Network/DNS', 'a.example')))))).toEqual(['domain a.example'])
  })

  it('refuses what is absent, partial, unknown or no value, with the reason', async () => {
    const rows = await openioc(
      ioc11(
        any(
          item('Network/DNS', 'a.example', 'contains'),
          item('Network/DNS', 'b.example', 'is', ' negate="true"'),
          item('FileItem/SizeInBytes', '7'),
          item('Network/DNS', 'not a name'),
        ),
      ),
    )
    expect(refusals(rows).map(({ reason }) => reason)).toEqual([
      '"contains" compares with a part of a value',
      'what must be absent is no indicator',
      '"FileItem/SizeInBytes" is no type of indicator here',
      expect.stringContaining('cannot stand in a name'),
    ])
  })
})

describe('XML that is a trap or broken', () => {
  it.each([
    ['a document type', '<!DOCTYPE ioc [<!ENTITY a "aaaa">]><ioc>&a;</ioc>', 'a document type declaration is not read'],
    ['an entity of its own', '<ioc>&a;</ioc>', 'an entity is none of the five'],
    ['a tag that closes nothing', '<ioc></ico>', '</ico> closes <ioc>'],
    ['an end in the middle', '<ioc><definition>', 'ends in the middle'],
    ['two documents', '<ioc></ioc><ioc></ioc>', 'a second document follows'],
    ['depth', '<ioc>'.repeat(100), 'deeper than 64'],
    ['a tag that is none', '<ioc><1></1></ioc>', 'is no tag'],
    ['text outside', '<ioc></ioc>x<a/>', 'text stands outside'],
    ['another vocabulary', '<feed></feed>', 'this XML is no OpenIOC'],
  ])('%s is one refused row', async (_, text, reason) => {
    const rows = await importText(text, { format: 'openioc' })
    expect(rows).toHaveLength(1)
    expect(refusals(rows)[0]).toMatchObject({ code: 'import-xml-invalid' })
    expect(refusals(rows)[0]!.reason).toContain(reason)
  })

  it('costs nothing of what came before it', async () => {
    const text = ioc10(
      any(item('Network/DNS', 'a.example'), all(item('Network/DNS', 'b.example'), item('Network/DNS', 'c.example'))),
    )
    const rows = await openioc(text.slice(0, text.indexOf('c.example')))
    expect(values(rows)).toEqual(['domain a.example'])
    expect(faults(rows)).toEqual(['item 2, line 8 import-xml-invalid', 'line 9 import-xml-invalid'])
  })

  it('with a text that never ends takes no more than a token of memory', async () => {
    const rows = await importText(`<ioc><description>${'x'.repeat(3 * 1024 * 1024)}`, { format: 'openioc' })
    expect(refusals(rows)[0]!.reason).toContain('is longer than 1048576')
  })
})
