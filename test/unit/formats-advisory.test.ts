import { describe, expect, it } from 'vitest'
import { TLP } from '../../src/indicator/marking.ts'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const MD5 = '9e107d9d372bb6826bd81d3542a419d6'
const SHA1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'

const markdown = (text: string) => importText(text, { name: 'report.md' })
const html = (text: string) => importText(`<!DOCTYPE html>\n${text}`, { name: 'report.html' })

describe('an advisory in Markdown', () => {
  it('names its indicators by defanging them, wherever in a sentence', async () => {
    const rows = await markdown(
      `# HERON returns\n\nThe dropper (hxxps://evil[.]example/a.php) talks to 192.0.2[.]7, "b[.]evil[.]example"; see [our blog](https://cert.example/1).\nHash ${MD5}.\n`,
    )
    expect(values(rows)).toEqual([
      'url https://evil.example/a.php',
      'ipv4 192.0.2.7',
      'domain b.evil.example',
      `md5 ${MD5}`,
    ])
    expect(claims(rows)[0]).toMatchObject({ place: 'line 3', draft: { name: 'HERON returns' } })
    expect(faults(rows)).toEqual([])
  })

  it('names them in tables, lists and code too, defanged or not', async () => {
    const rows = await markdown(
      [
        '| Indicator | What |',
        '|---|---|',
        `| \`${SHA1}\` | \`C:\\tmp\\evil.exe\` |`,
        '| a.example | C2 server |',
        '',
        '- b.example',
        '* `http://c.example/x`',
        '1. d.example - the first',
        '> e.example',
      ].join('\n'),
    )
    expect(values(rows)).toEqual([
      `sha1 ${SHA1}`,
      'domain a.example',
      'domain b.example',
      'url http://c.example/x',
      'domain d.example',
      'domain e.example',
    ])
  })

  it('tells files from names', async () => {
    const rows = await markdown('- readme.md\n- evil.zip\n- install.sh\n- dropper.exe\n- evil[.]zip\n')
    expect(values(rows)).toEqual(['domain evil.zip'])
    expect(faults(rows)).toEqual([1, 2, 3, 4].map(line => `line ${line} import-not-an-indicator`))
  })

  it('refuses names and links in prose, and what is to be read, with the reason', async () => {
    const rows = await markdown('We thank vendor.example for help.\n\n## References\n\n- https://cert.example/1\n')
    expect(faults(rows)).toEqual(['line 1 import-in-prose', 'line 5 import-in-prose'])
    expect(refusals(rows).map(({ reason }) => reason)).toEqual([
      'this stands in prose and is not defanged',
      'this stands among what to read',
    ])
  })

  it('believes that who defangs once means the rest to be followed', async () => {
    const rows = await markdown('- evil[.]example\n- https://cert.example/report\n')
    expect(values(rows)).toEqual(['domain evil.example'])
    expect(faults(rows)).toEqual(['line 2 import-in-prose'])
  })

  it('knows a version from an address', async () => {
    const rows = await markdown('Fixed in version 10.0.2.1, attacked from 198.51.100.9.\n')
    expect(values(rows)).toEqual(['ipv4 198.51.100.9'])
    expect(faults(rows)).toEqual(['line 1 import-not-an-indicator'])
  })

  it('is marked as it says, wherever it says so', async () => {
    const rows = await markdown('- evil[.]example\n\nTLP:AMBER+STRICT\n')
    expect(claims(rows)[0]!.draft.marking).toEqual({ tlp: TLP.AMBER_STRICT })
  })
})

describe('an advisory as a web page', () => {
  it('is read as what stands on it', async () => {
    const rows = await html(
      [
        '<html><head><title>x</title><style>a.example { }</style><script>var u = "http://script.example/"</script></head>',
        '<body><h1>HERON &amp; friends</h1><p>It calls hxxp://evil&#91;.&#93;example/<b>pa</b>th and',
        `<a href="https://cert.example/">our page</a>.</p><table><tr><td>${MD5}</td><td>a.example</td></tr></table>`,
        '<ul><li>b&period;example</li></ul><pre>c.example\nd.example</pre><code>e.example</code></body></html>',
      ].join('\n'),
    )
    // Who defangs once means the rest to be followed.
    expect(values(rows)).toEqual(['url http://evil.example/path', `md5 ${MD5}`])
    expect(refusals(rows).map(({ text }) => text)).toEqual([
      'a.example',
      'b.example',
      'c.example',
      'd.example',
      'e.example',
    ])
    expect(claims(rows)[0]).toMatchObject({ place: 'line 3', draft: { name: 'HERON & friends' } })
  })

  it('gives cells, items, code and lines of preformatted text each for itself', async () => {
    const rows = await html(
      '<table><tr><td>a.example</td><td>note</td></tr></table><ul><li>b.example</li></ul><pre>c.example\nd.example</pre><p>see <code>e.example</code> there</p>',
    )
    expect(values(rows)).toEqual(['a', 'b', 'c', 'd', 'e'].map(name => `domain ${name}.example`))
  })

  it.each([
    ['tag', '<p ', '>'],
    ['comment', '<!-- ', ' -->'],
    ['script', '<script>', '</script>'],
  ])('passes over a %s that is longer than any page needs', async (_, before, after) => {
    const rows = await html(`<p>a[.]example${before}${'x'.repeat(300_000)}${after}b[.]example`)
    expect(values(rows)).toEqual(['domain a.example', 'domain b.example'])
    expect(faults(rows)).toEqual([])
  })

  it('may be UTF-16', async () => {
    const page = Buffer.from('\ufeff<!doctype html><p>a[.]example', 'utf16le').swap16()
    expect(values(await importText(new Uint8Array(page), { name: 'x' }))).toEqual(['domain a.example'])
  })

  it('is read however broken it is', async () => {
    const rows = await html('<p>evil[.]example<div <b>>< 3 &bogus; &#xffffffff; <script>x[.]example')
    expect(values(rows)).toEqual(['domain evil.example'])
  })
})
