import { describe, expect, test } from 'vitest'
import { suricata } from '../../src/formats/out/suricata.ts'
import { checkSuricataRule } from '../../src/formats/out/suricata-rule.ts'
import { exported, exportedIndicator } from '../support/exported.ts'

const rule = (options: string, header = 'alert http any any -> any any') => `${header} (${options} sid:7;)`
const leftOf = (text: string) => {
  const checked = checkSuricataRule(text)
  return 'left' in checked ? checked.left : undefined
}

describe('a rule of another nation is not taken', () => {
  test.each([
    ['that runs Lua', rule('content:"x"; lua:evil.lua;')],
    ['that runs Lua under its other name', rule('content:"x"; luajit:evil.lua;')],
    ['that stores files', rule('content:"x"; filestore;')],
    ['that stores certificates', rule('tls.sni; content:"x"; tls.store;')],
    ['that changes packets', rule('content:"x"; replace:"y";')],
    ['that reads a file as a dataset', rule('content:"x"; dns.query; dataset:isset,a,type string,load /etc/passwd;')],
    ['that writes a dataset', rule('content:"x"; dns.query; dataset:set,a,type string,state /tmp/x;')],
    ['that reads a file of hashes', rule('content:"x"; filesha256:/etc/shadow;')],
    ['that sets bits of other rules', rule('content:"x"; flowbits:unset,ET.botnet;')],
    ['that bypasses inspection', rule('content:"x"; bypass;')],
    ['that lets traffic pass', rule('content:"x";', 'pass ip any any -> any any')],
    ['that configures', rule('content:"x";', 'config dns any any -> any any')],
    ['that fires at everything', rule('msg:"x";')],
    ['that fires where something is absent', rule('content:!"x";')],
    ['whose quotes hide a keyword', rule('content:"x; lua:evil.lua; msg:"";')],
    ['whose escapes read in two ways', rule('content:"x\\\\; lua:a";')],
    ['whose pattern names a variable', rule('pcre:"/(.*)/,flow:x";')],
    ['whose pattern captures into one', rule('pcre:"/(?P<flow_x>.*)/";')],
    ['of two lines', `${rule('content:"x";')}\n${rule('lua:a;')}`],
    ['with variables of its author', rule('content:"x";', 'alert tcp $SECRET_NET any -> any any')],
    ['with a protocol that is off', rule('content:"x";', 'alert modbus any any -> any any')],
  ])('%s', (_, text) => {
    expect(leftOf(text)).toBeTypeOf('string')
  })
})

test('a shared rule alerts whatever its author wanted, under a number of ours and with its revision', () => {
  const text =
    'drop tcp [10.0.0.0/8, !$HOME_NET] any -> any [80, 443] (msg:"a\\; b"; content:"|3b 22|x"; nocase; pcre:"/a;b/Ui"; gid:9; priority:1; sid:1; rev:4;)'
  expect(leftOf(text)).toBe('the options of the rule cannot be told apart')
  const { files } = exported(suricata, [exportedIndicator('suricata', text.replace('a;b', 'a\\;b'))])
  expect(files.get('live-shared.rules')).toMatch(
    /^alert tcp \[10\.0\.0\.0\/8,!\$HOME_NET\] any -> any \[80,443\] \(msg:"a\\; b"; content:"\|3b 22\|x"; nocase; pcre:"\/a\\;b\/Ui"; metadata:tocsin_id [0-9a-f]{32}, tocsin_nations NLD; sid:1\d{9}; rev:4;\)\n$/,
  )
})

test('numbers lie in their range, differ, and stay with their rule', () => {
  const urls = Array.from({ length: 900 }, (_, i) => exportedIndicator('url', `http://evil.example/${i}`))
  const parameters = { sid: '5000', sids: '2000' }
  const sidsOf = (some: typeof urls) =>
    [
      ...(exported(suricata, some, { parameters }).files.get('live-urls.rules') ?? '').matchAll(
        /tocsin_id (\w+); sid:(\d+);/g,
      ),
    ].map(([, id, sid]) => [id!, Number(sid)] as const)
  const all = sidsOf(urls)
  expect(new Set(all.map(([, sid]) => sid)).size).toBe(900)
  expect(all.every(([, sid]) => sid >= 6000 && sid < 7000)).toBe(true)
  expect(sidsOf(urls)).toEqual(all)
  const [first] = sidsOf(urls.slice(0, 1))
  expect(first).toEqual(all[0])
})

test('rules beyond the limit are left out, and it is said', () => {
  const urls = Array.from({ length: 4 }, (_, i) => exportedIndicator('url', `http://evil.example/${i}`))
  const { left, files } = exported(suricata, urls, { parameters: { rules: '3' } })
  expect([...left.keys()]).toEqual(['http://evil.example/3'])
  expect(files.get('live-urls.rules')!.match(/\n/g)).toHaveLength(3)
})

test('values are base64 in lists and hex in rules, so that none ends a line, a quote or a rule', () => {
  const { files } = exported(suricata, [
    exportedIndicator('url', 'http://evil.example/a"b;c|d'),
    exportedIndicator('user-agent', '"; sid:1; |\u2028'),
  ])
  expect(files.get('live-user-agents.lst')).toBe(`${Buffer.from('"; sid:1; |\u2028').toString('base64')}\n`)
  expect(files.get('live-urls.rules')).toContain('content:"/a|22|b|3b|c|7c|d"; startswith; bsize:8;')
})

test.each([
  [{ action: 'pass' }],
  [{ sid: '0' }],
  [{ sid: '4294967295' }],
  [{ sids: '10' }],
  [{ directory: 'relative' }],
  [{ directory: '/a\nb: c' }],
  [{ category: '60' }],
])('a parameter that cannot be meant is refused: %o', parameters => {
  expect(() => exported(suricata, [], { parameters })).toThrow(expect.objectContaining({ code: 'export-parameter' }))
})

/** With work that is square in the length of the text it would take minutes. */
const OFTEN = 20

test.each([
  ['before it', `${' '.repeat(49_000)}x`],
  ['in its header', `alert ${' '.repeat(49_000)}(content:"a"; sid:1;)`],
  ['in an option', `alert ip any any -> any any (msg:a${' '.repeat(49_000)}b; sid:1;)`],
])('a rule with much white space %s is read so often within the time of a test', (_, text) => {
  for (let i = 0; i < OFTEN; i++) expect(checkSuricataRule(text)).toHaveProperty('left')
})
