import { describe, expect, test } from 'vitest'
import { LINE_BYTES_MAX, scanText } from '../../src/formats/in/scan-text.ts'
import { findsIn, matcherOf, matcherOfEntries } from '../support/scan-matcher.ts'

const matcher = matcherOf([
  ['domain', 'evil.example'],
  ['domain', 'b\u00fccher.example'],
  ['ipv4', '192.0.2.7'],
  ['cidr', '198.51.100.0/24'],
  ['ipv6', '2001:db8::1'],
  ['url', 'http://bad.example/a/b?c=1'],
  ['url', 'http://203.0.113.9:8080/x'],
  ['url', 'https://user:secret@bad.example/login#top'],
  ['email', 'bob@mail.example'],
  ['sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['filename', 'my invoice.pdf.exe'],
  ['user-agent', 'Evil/1.0 (bad; "x")'],
  ['mutex', 'Global\\evil'],
  ['registry-key', 'HKLM\\Software\\Evil'],
  ['ja3', 'e7d705a3286e19ea42f587b344ee6865'],
  ['ja4', 't13d1516h2_8daaf6152771_e5627efa2ab1'],
  ['asn', 'AS64496'],
  ['mac-address', '00:00:5e:00:53:01'],
  ['x509-fingerprint', 'b9993e364706816aba3e25717850c26c9cd0d89d'],
])

const valuesIn = async (text: string) => (await findsIn(matcher, text)).map(find => find.split(' ').slice(1).join(' '))

describe('finds indicators in', () => {
  test.each<[what: string, text: string, finds: readonly string[]]>([
    [
      'a conn.log of Zeek',
      '1732262400.1\tCabc\t10.0.0.1\t50000\t192.0.2.7\t443\ttcp\tssl\t-\tSF',
      ['exact ipv4 192.0.2.7'],
    ],
    [
      'an http.log of Zeek, where host and path stand apart',
      '1732262400.1\tCabc\t10.0.0.1\t5\t10.0.0.2\t80\t1\tGET\tbad.example\t/a/b?c=1\t-\t1.1\tEvil/1.0 (bad; "x")\t0',
      ['parts url http://bad.example/a/b?c=1', 'exact user-agent Evil/1.0 (bad; "x")'],
    ],
    [
      'an http.log of Zeek in JSON',
      '{"ts":1,"host":"bad.example","uri":"/a/b?c=1","user_agent":"Evil/1.0 (bad; \\"x\\")"}',
      ['exact user-agent Evil/1.0 (bad; "x")', 'parts url http://bad.example/a/b?c=1'],
    ],
    [
      'an ssl.log of Zeek',
      'TLSv12\tX\t-\twww.evil.example\tF\t-\te7d705a3286e19ea42f587b344ee6865',
      ['parent-domain domain evil.example', 'exact ja3 e7d705a3286e19ea42f587b344ee6865'],
    ],
    [
      'eve.json of Suricata',
      '{"event_type":"http","src_ip":"2001:0db8:0000::0001","http":{"hostname":"bad.example","url":"\\/a\\/b?c=1"},' +
        '"tls":{"fingerprint":"b9:99:3e:36:47:06:81:6a:ba:3e:25:71:78:50:c2:6c:9c:d0:d8:9d","ja4":"t13d1516h2_8daaf6152771_e5627efa2ab1"},' +
        '"ether":{"src_mac":"00:00:5e:00:53:01"}}',
      [
        'exact ipv6 2001:db8::1',
        'exact x509-fingerprint b9993e364706816aba3e25717850c26c9cd0d89d',
        'exact ja4 t13d1516h2_8daaf6152771_e5627efa2ab1',
        'exact mac-address 00:00:5e:00:53:01',
        'parts url http://bad.example/a/b?c=1',
      ],
    ],
    [
      'the access log of a proxy',
      '10.0.0.1 - - [22/Nov/2026:07:00:00 +0000] "GET http://bad.example:80/a/b?c=1 HTTP/1.1" 200 12 "-" "Evil/1.0 (bad; \\"x\\")"',
      ['exact url http://bad.example/a/b?c=1', 'exact user-agent Evil/1.0 (bad; "x")'],
    ],
    [
      'syslog',
      'Nov 22 07:00:00 gw named[1]: client 198.51.100.4#53: query: Evil.EXAMPLE. IN A',
      ['range cidr 198.51.100.0/24', 'exact domain evil.example'],
    ],
    [
      'tcpdump',
      '07:00:00.000001 IP 10.0.0.1.50000 > 192.0.2.7.443: Flags [S]; IP6 2001:db8::1.53 > ::1.5',
      ['exact ipv4 192.0.2.7', 'exact ipv6 2001:db8::1'],
    ],
    [
      'the head of a mail',
      'From: "Bob" <BOB@mail.example>, to=bob@mail.example, xbob@mail.example',
      ['exact email bob@mail.example'],
    ],
    [
      'an advisory',
      'see hxxp://bad[.]example/a/b?c=1, www(dot)evil[.]example and 192[.]0[.]2[.]7.',
      ['exact url http://bad.example/a/b?c=1', 'parent-domain domain evil.example', 'exact ipv4 192.0.2.7'],
    ],
    [
      'a query that carries a URL',
      '/go?to=http%3A%2F%2Fbad.example%2Fa%2Fb%3Fc%3D1&x=%2F%2Fevil.example%2F',
      ['exact url http://bad.example/a/b?c=1', 'exact domain evil.example'],
    ],
    [
      'URLs without a scheme, on a port, and with a user',
      'bad.example/a/b?c=1 x 203.0.113.9:8080/x. https://user:secret@bad.example/login',
      [
        'exact url http://bad.example/a/b?c=1',
        'exact url http://203.0.113.9:8080/x',
        'exact url https://user:secret@bad.example/login#top',
      ],
    ],
    [
      'Sysmon in JSON',
      '{"Image":"C:\\\\Users\\\\x\\\\my invoice.pdf.exe","TargetObject":"HKLM\\\\SOFTWARE\\\\Evil","Mutex":"Global\\\\evil","SHA1":"A9993E364706816ABA3E25717850C26C9CD0D89D","mac":"00-00-5E-00-53-01"}',
      [
        'exact sha1 a9993e364706816aba3e25717850c26c9cd0d89d',
        'exact mac-address 00:00:5e:00:53:01',
        'exact filename my invoice.pdf.exe',
        'exact registry-key HKEY_LOCAL_MACHINE\\software\\evil',
        'exact mutex Global\\evil',
      ],
    ],
    [
      'names in Unicode',
      'www.B\u00fcCHER.example \u201cevil.example\u201d as64496',
      ['parent-domain domain xn--bcher-kva.example', 'exact domain evil.example', 'exact asn AS64496'],
    ],
  ])('%s', async (_, text, finds) => {
    expect([...(await valuesIn(`${text}\n`))].sort()).toEqual([...finds].sort())
  })
})

test('does not take for an indicator what only looks like one', async () => {
  const text =
    'evil.example.org notevil.example 192.0.2.70 1.192.0.2.7 bad.example /a http://bad.example/a/b 12:34:56 std::string'
  expect(await valuesIn(text)).toEqual([])
})

test('finds a pattern by any of its observables', async () => {
  const pattern = "[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.9']"
  const observables = [
    { type: 'domain', value: 'a.example' },
    { type: 'ipv4', value: '192.0.2.9' },
  ]
  const found = await findsIn(matcherOfEntries([{ type: 'stix-pattern', value: pattern, observables }]), 'x 192.0.2.9')
  expect(found).toEqual([`1:3 pattern stix-pattern ${pattern}`])
})

test('counts lines and columns, also in a line that is read in parts', async () => {
  const long = `${'xyz '.repeat(LINE_BYTES_MAX / 2)}evil.example y`
  const text = `first\r\n  evil.example\n${long}\n192.0.2.7`
  expect(await findsIn(matcher, text, 100_000)).toEqual([
    '2:3 exact domain evil.example',
    `3:${2 * LINE_BYTES_MAX + 1} exact domain evil.example`,
    '4:1 exact ipv4 192.0.2.7',
  ])
})

describe('a hostile line costs no more than its length:', () => {
  const SIZE = 512 * 1024
  test.each([
    ['dots', '.'],
    ['labels', 'a.'],
    ['digits', '1.'],
    ['colons', ':'],
    ['hex and colons', 'a:'],
    ['brackets', '[.'],
    ['at signs', 'a@a.'],
    ['equal signs', 'a=@a.b '],
    ['percent', '%2f'],
    ['slashes', ' /'],
    ['the host of a URL', 'bad.example/'],
    ['the host of a URL and paths', 'bad.example /a '],
    ['letters beyond ASCII', '\u00e9.'],
    ['quotation marks', '"'],
    ['indicators', 'x.evil.example '],
    ['one word', 'a'],
  ])('%s', async (_, unit) => {
    const started = performance.now()
    const chunk = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)))
    async function* chunks() {
      for (let bytes = 0; bytes < SIZE; bytes += chunk.length) yield chunk
    }
    let hits = 0
    for await (const found of scanText(matcher, chunks())) hits += found.length
    expect(hits).toBeLessThan(10)
    // A quadratic one would take minutes.
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
