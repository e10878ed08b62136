import { describe, expect, it } from 'vitest'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592'

describe('a line of a list', () => {
  it.each([
    ['evil.example', 'domain evil.example'],
    ['EVIL.Example.', 'domain evil.example'],
    ['*.evil.example', 'domain evil.example'],
    ['.evil.example', 'domain evil.example'],
    ['dingtaIk.example', 'domain dingtaik.example'],
    ['häfen.example', 'domain xn--hfen-loa.example'],
    ['_dmarc.evil.example', 'domain _dmarc.evil.example'],
    ['evil[.]example', 'domain evil.example'],
    ['\u200bevil.example\u200b', 'domain evil.example'],
    ['"evil.example",', 'domain evil.example'],
    ['- evil.example', 'domain evil.example'],
    ['3. evil.example', 'domain evil.example'],
    ['`++https://evil[.]example/a.php++`', 'url https://evil.example/a.php'],
    ['hxxps://evil.example/a#b', 'url https://evil.example/a#b'],
    ['evil.example/a/b.php', 'url http://evil.example/a/b.php'],
    ['192.0.2.1:8220/logo.jpg', 'url http://192.0.2.1:8220/logo.jpg'],
    ['192.0.2.1', 'ipv4 192.0.2.1'],
    ['198.51.100.0/24', 'cidr 198.51.100.0/24'],
    ['2001:db8::1', 'ipv6 2001:db8::1'],
    ['[2001:db8::1]:443', 'ipv6 2001:db8::1'],
    ['[0:0:0:0:0:ffff:c000:201]:53', 'ipv6 ::ffff:192.0.2.1'],
    ['mallory@evil.example', 'email mallory@evil.example'],
    ['cve-2021-44228', 'cve CVE-2021-44228'],
    [SHA256.toUpperCase(), `sha256 ${SHA256}`],
    [`${SHA256}  setup.exe`, `sha256 ${SHA256}`],
    ["[file:name = 'a b']", "stix-pattern [file:name = 'a b']"],
    ['0.0.0.0 evil.example', 'domain evil.example'],
    ['127.0.0.1\tevil.example # ads', 'domain evil.example'],
    ['address=/evil.example/', 'domain evil.example'],
    ['address=/evil.example/0.0.0.0', 'domain evil.example'],
    ['||evil.example^', 'domain evil.example'],
    ['||evil.example^$third-party', 'domain evil.example'],
    ['local-zone: "evil.example" always_nxdomain', 'domain evil.example'],
  ])('%s', async (line, expected) => {
    expect(values(await importText(`${line}\n`, { format: 'list' }))).toEqual([expected])
  })

  it.each([
    '',
    '   ',
    '# evil.example',
    '; evil.example',
    '! evil.example',
    '// evil.example',
    '[Adblock Plus 2.0]',
    '|====',
    '----',
  ])('that is blank or a comment is no row: %j', async line => {
    expect(await importText(`${line}\n`, { format: 'list' })).toEqual([])
  })

  it.each([
    ['.cc', 'indicator-invalid'],
    ['0.0.0.0/0', 'indicator-broad-range'],
    ['999.1.1.1', 'indicator-invalid'],
    ['192.0.2', 'indicator-invalid'],
    ['182.86.133:8880', 'indicator-invalid'],
    ['127.0.01', 'indicator-invalid'],
    ['192.0.2.1:65626', 'indicator-invalid'],
    ['aaaa', 'indicator-invalid'],
    ['setup.exe', 'import-not-an-indicator'],
    ['readme.md', 'import-not-an-indicator'],
    ['/gate.php?id=', 'import-not-an-indicator'],
    ['/-..--/', 'import-not-an-indicator'],
    ['C:\\ProgramData\\Skype\\Skype.exe', 'import-not-an-indicator'],
    ['%TEMP%\\a.exe', 'import-not-an-indicator'],
    ['[a-z0-9]{10}\\.temp\\.evil\\.example', 'import-not-an-indicator'],
    ['byethost[0-9]+\\.example', 'import-not-an-indicator'],
    ['^ads?\\.evil\\.example$', 'import-not-an-indicator'],
    ['a(b|c).example', 'import-not-an-indicator'],
    ['@@||good.example^', 'import-not-an-indicator'],
    ['127.0.0.1 localhost', 'import-not-an-indicator'],
    ['server:', 'import-not-an-indicator'],
    ['List of addresses:', 'import-not-an-indicator'],
    ['evil.example was seen in March', 'import-not-an-indicator'],
    ['https://evil.example/a b.exe', 'import-not-an-indicator'],
  ])('is refused: %s', async (line, code) => {
    const rows = await importText(`good.example\n${line}\nbetter.example\n`, { format: 'list' })
    expect(faults(rows)).toEqual([`line 2 ${code}`])
    expect(refusals(rows)[0]?.reason).not.toBe('')
    expect(values(rows)).toEqual(['domain good.example', 'domain better.example'])
  })

  it('keeps ports and scores as labels and remarks as description', async () => {
    const text = [
      '192.0.2.1:8080',
      '192.0.2.1:22:443',
      '192.0.2.2\t7',
      '192.0.2.0/24 # of 192.0.2.9',
      'evil.example ; since March',
      'http://evil.example/a//b#c // loader',
      '192.0.2.3 - port 443 - evil[.]example',
    ].join('\n')
    expect(
      claims(await importText(text, { format: 'list' })).map(({ draft }) => [
        draft.value,
        draft.labels,
        draft.description,
      ]),
    ).toEqual([
      ['192.0.2.1', ['port:8080'], undefined],
      ['192.0.2.1', ['port:22', 'port:443'], undefined],
      ['192.0.2.2', ['score:7'], undefined],
      ['192.0.2.0/24', undefined, 'of 192.0.2.9'],
      ['evil.example', undefined, 'since March'],
      ['http://evil.example/a//b#c', undefined, 'loader'],
      ['192.0.2.3', undefined, 'port 443 - evil[.]example'],
      ['evil.example', undefined, 'port 443 - evil[.]example'],
    ])
  })

  it('may name several hosts', async () => {
    expect(values(await importText('0.0.0.0 localhost a.example b.example\naddress=/c.example/d.example/\n'))).toEqual([
      'domain a.example',
      'domain b.example',
      'domain c.example',
      'domain d.example',
    ])
  })

  it('of prose gives what it defangs', async () => {
    const text =
      '2026-03-25 -- Flash.exe -- 192[.]0[.]2[.]83/down.php?x=1\nIt calls evil[.]example and then update.exe\n'
    expect(values(await importText(text, { format: 'list' }))).toEqual([
      'url http://192.0.2.83/down.php?x=1',
      'domain evil.example',
    ])
  })

  it('that a sentence leads up to is a link and no indicator', async () => {
    const rows = await importText(
      'The report about this is available at\nhttps://blog.example/report\n\nURLs:\nhttps://evil.example/\n',
    )
    expect(values(rows)).toEqual(['url https://evil.example/'])
    expect(refusals(rows)[1]?.reason).toBe('this is a link that the text before it gives')
  })
})

describe('the same list in every format', () => {
  const names = ['ads.evil.example', 'evil.example', 'track.example']
  it.each([
    ['plain', (name: string) => name],
    ['hosts', (name: string) => `0.0.0.0 ${name}`],
    ['dnsmasq', (name: string) => `address=/${name}/`],
    ['adblock', (name: string) => `||${name}^`],
    ['wildcard', (name: string) => `*.${name}`],
    ['unbound', (name: string) => `local-zone: "${name}" always_nxdomain`],
  ])('gives the same names: %s', async (_, line) => {
    const rows = await importText(names.map(line).join('\n'))
    expect(values(rows)).toEqual(names.map(name => `domain ${name}`))
    expect(claims(rows).map(row => row.place)).toEqual(['line 1', 'line 2', 'line 3'])
  })
})

describe('bytes that are not UTF-8 in a list', () => {
  it('cost nothing beside a value, and the row within one', async () => {
    const bytes = Uint8Array.from(
      Buffer.from(`${SHA256}\xa0\nevil.example\xca\nev\xefl.example\nbad.example # b\xf6se\n`, 'latin1'),
    )
    const rows = await importText(bytes)
    expect(values(rows)).toEqual([`sha256 ${SHA256}`, 'domain evil.example', 'domain bad.example'])
    expect(faults(rows)).toEqual(['line 3 import-text-encoding'])
    expect(claims(rows)[1]?.warnings.map(warning => warning.code)).toContain('import-text-encoding')
    expect(claims(rows)[2]?.draft.description).toBe('böse')
  })
})

describe('a list of software packages', () => {
  it('is not taken for hosts', async () => {
    const rows = await importText('com.vendor.chrome\norg.vendor.app\nnet.vendor.browser\nevil.example\n')
    expect(values(rows)).toEqual(['domain evil.example'])
    expect(refusals(rows).length).toBe(3)
  })
})
