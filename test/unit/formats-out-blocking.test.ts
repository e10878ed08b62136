import { describe, expect, test } from 'vitest'
import type { ExportContext, ExportFormat } from '../../src/formats/exported.ts'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { rpz } from '../../src/formats/out/rpz.ts'
import { exportContext, exported, exportedIndicator } from '../support/exported.ts'

const HEADING = 'live, export 7 of Tocsin by NLD in Example alliance, 2026-11-22T12:00:00.000Z'

const LISTED = [
  exportedIndicator('cidr', '192.0.2.0/24'),
  exportedIndicator('cidr', '2001:db8::/32'),
  exportedIndicator('domain', 'evil.example'),
  exportedIndicator('ipv4', '192.0.2.7'),
  exportedIndicator('ipv6', '2001:db8:0:0:1::1'),
]

const ALLOWED: ExportContext['allowed'] = [
  { type: 'domain', value: 'ok.evil.example' },
  { type: 'ipv4', value: '192.0.2.9' },
  { type: 'ipv6', value: '2001:db8::5' },
]

function textOf(name: string, parameters: Record<string, string> = {}): string {
  const format = EXPORT_FORMATS.get(name)!
  const said = LISTED.filter(({ type }) => format.types!.has(type))
  return exported(format, said, { allowed: ALLOWED, parameters }).files.get('')!
}

test('a response policy zone says first what is never blocked', () => {
  expect(textOf('rpz', { zone: 'block.rpz', ttl: '60', ns: 'ns.example' })).toBe(`; ${HEADING}
$ORIGIN block.rpz.
$TTL 60
@ IN SOA ns.example. hostmaster.ns.example. 7 3600 600 604800 60
@ IN NS ns.example.
ok.evil.example CNAME rpz-passthru.
*.ok.evil.example CNAME rpz-passthru.
32.9.2.0.192.rpz-ip CNAME rpz-passthru.
128.5.zz.db8.2001.rpz-ip CNAME rpz-passthru.
24.0.2.0.192.rpz-ip CNAME .
32.zz.db8.2001.rpz-ip CNAME .
evil.example CNAME .
*.evil.example CNAME .
32.7.2.0.192.rpz-ip CNAME .
128.1.0.0.1.zz.db8.2001.rpz-ip CNAME .
`)
})

test('zones of Unbound say first what is never blocked', () => {
  expect(textOf('unbound')).toBe(`# ${HEADING}
server:
  local-zone: "ok.evil.example." always_transparent
  local-zone: "evil.example." always_nxdomain
`)
})

test('a hosts file has a line a name', () => {
  expect(textOf('hosts', { address: '::' })).toBe(`# ${HEADING}\n:: evil.example\n`)
})

test('sets of nftables have ranges merged, and holes for what is never blocked', () => {
  expect(textOf('nftables')).toBe(`# ${HEADING}
add table inet tocsin
add set inet tocsin blocked4 { type ipv4_addr; flags interval; auto-merge; }
flush set inet tocsin blocked4
add set inet tocsin blocked6 { type ipv6_addr; flags interval; auto-merge; }
flush set inet tocsin blocked6
add element inet tocsin blocked4 {
\t192.0.2.0-192.0.2.8,
\t192.0.2.10-192.0.2.255,
}
add element inet tocsin blocked6 {
\t2001:db8::-2001:db8::4,
\t2001:db8::6-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,
}
`)
})

describe('what is never blocked is left out, and so is everything at once:', () => {
  const allowed: ExportContext['allowed'] = [
    { type: 'domain', value: 'own.example' },
    { type: 'cidr', value: '10.0.0.0/8' },
  ]
  test.each([
    ['rpz', 'domain', 'www.own.example'],
    ['unbound', 'domain', 'own.example'],
    ['hosts', 'domain', 'own.example'],
    ['suricata', 'domain', 'own.example'],
    ['rpz', 'ipv4', '10.1.2.3'],
    ['nftables', 'cidr', '10.1.0.0/16'],
    ['suricata', 'ipv4', '10.1.2.3'],
    ['rpz', 'cidr', '0.0.0.0/0'],
    ['nftables', 'cidr', '::/0'],
    ['suricata', 'cidr', '::/0'],
  ])('%s, %s %s', (name, type, value) => {
    const { left } = exported(EXPORT_FORMATS.get(name)!, [exportedIndicator(type, value)], { allowed })
    expect([...left.keys()]).toEqual([value])
  })
})

describe('the name of an alliance cannot leave the comment that it stands in:', () => {
  const allianceName = 'x\n0.0.0.0 bank.example\r\u0085\u2028$INCLUDE /etc/passwd\u202e'
  test.each(['rpz', 'unbound', 'hosts', 'nftables'])('%s', name => {
    const [first = '', second = ''] = exported(EXPORT_FORMATS.get(name)!, [], { allianceName })
      .files.get('')!
      .split(/[\n\r\u0085\u2028]/)
    expect(first).toContain('\\u000a0.0.0.0 bank.example\\u000d\\u0085\\u2028$INCLUDE')
    expect(second).not.toContain('bank')
  })
})

describe('a parameter that cannot be meant is refused:', () => {
  test.each<[string, Record<string, string>]>([
    ['rpz', { zone: 'a zone' }],
    ['rpz', { zone: 'tocsin.rpz.\n@ IN NS evil.' }],
    ['rpz', { action: 'garden.example\n' }],
    ['rpz', { ttl: '-1' }],
    ['rpz', { ns: '' }],
    ['unbound', { action: 'allow' }],
    ['hosts', { address: '192.0.2.1' }],
    ['nftables', { table: 'x; flush ruleset' }],
    ['nftables', { rules: 'accept' }],
    ['zeek', { source: 'a\tb' }],
    ['zeek', { notice: 'maybe' }],
  ])('%s %o', (name, parameters) => {
    const format: ExportFormat = EXPORT_FORMATS.get(name)!
    expect(() => format.start(exportContext({ parameters }))).toThrow(
      expect.objectContaining({ code: 'export-parameter' }),
    )
  })
})

test.each(['24.0.100.51.198.rpz-ip', 'example.rpz-nsdname', '32.1.2.0.192.rpz-client-ip', 'x.rpz-passthru'])(
  'the name %s stands for nothing else in a policy zone: it is left out',
  value => {
    const { files, left } = exported(rpz, [exportedIndicator('domain', value)])
    expect(left.get(value)).toBe('in a policy zone the name would stand for addresses or name servers')
    expect(files.get('')).not.toContain(value)
  },
)
