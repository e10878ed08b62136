import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { suricata } from '../../src/formats/out/suricata.ts'
import { debianTool } from '../support/debian-tool.ts'
import { exported, exportedIndicator } from '../support/exported.ts'
import { dnsQuery, pcapOf, tcpPackets, tlsClientHello, udpPackets } from '../support/packet-capture.ts'

const program = debianTool('suricata', 'suricata of the backports suite')
const SERVER = [198, 51, 100, 7]
const FILE = utf8('this is no malware, and shall be found all the same')

const INDICATORS = [
  exportedIndicator('cidr', '203.0.113.0/24', { score: 100 }),
  exportedIndicator('domain', 'evil.example'),
  exportedIndicator('domain', 'xn--bse-sna.example'),
  exportedIndicator('ipv4', '198.51.100.99', { score: 0 }),
  exportedIndicator('ipv6', '::ffff:198.51.100.98'),
  exportedIndicator('ipv6', '2001:db8::1'),
  exportedIndicator('ja3', 'e7d705a3286e19ea42f587b344ee6865'),
  exportedIndicator('ja4', 't13d1516h2_8daaf6152771_e5627efa2ab1'),
  exportedIndicator('md5', '9e107d9d372bb6826bd81d3542a419d6'),
  exportedIndicator('sha1', createHash('sha1').update(FILE).digest('hex')),
  exportedIndicator('sha256', toHex(sha256(FILE))),
  exportedIndicator('suricata', 'drop tcp $HOME_NET any -> any 80 (msg:"shared; of another"; content:"x"; sid:1;)'),
  exportedIndicator('suricata', 'drop tcp any any -> any any (msg:"shared"; content:"/drop"; sid:1; rev:3;)'),
  exportedIndicator('url', `http://bad.example:8080/${'a'.repeat(300)}?q=%22;"|`),
  exportedIndicator('url', 'http://bad.example/drop?x=1;y#part'),
  exportedIndicator('url', 'https://[2001:db8::7]/'),
  exportedIndicator('user-agent', 'Evil"; sid:2; |/1.0\\'),
  exportedIndicator('x509-fingerprint', 'a9993e364706816aba3e25717850c26c9cd0d89d'),
]

describe.skipIf(program === undefined)('Suricata, with the folder that is exported for it', { timeout: 60_000 }, () => {
  let folder: string
  const at = (name: string) => join(folder, name)

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-suricata-'))
    const { files } = exported(suricata, INDICATORS, { parameters: { directory: folder } })
    for (const [name, text] of files) writeFileSync(at(name), text)
    writeFileSync(at('classification.config'), 'config classification: trojan-activity,A Network Trojan,1\n')
    writeFileSync(at('reference.config'), '')
    writeFileSync(at('suricata.yaml'), configuration(folder, files.get('live-iprep.yaml') ?? ''))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('finds files by every other hash where the rules for SHA-1 are not loaded', () => {
    const { files } = exported(suricata, INDICATORS)
    expect(files.get('live.rules')).not.toContain('filesha1')
    expect(files.get('live-sha1.rules')).toContain('filesha1:live-sha1.lst')
  })

  test('takes every rule', () => {
    const { status, stdout, stderr } = spawnSync(program!, ['-T', '-c', at('suricata.yaml'), '-l', folder], {
      encoding: 'utf8',
    })
    expect(`${stdout}${stderr}`).not.toMatch(/^(?:E|W|Error|Warning):/m)
    expect(status).toBe(0)
  })

  test('alerts to a domain in DNS, TLS and HTTP, to a URL, a user agent, an address, a range, a file and a shared rule', () => {
    const get = (host: string, target: string, agent: string) =>
      utf8(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`)
    const ok = (body: Uint8Array) =>
      Buffer.concat([utf8(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body])
    const none = new Uint8Array(0)
    const packets = [
      ...udpPackets({ server: [198, 51, 100, 53], port: 53, request: dnsQuery('EVIL.example') }),
      ...udpPackets({ server: [198, 51, 100, 53], port: 53, request: dnsQuery('fine.example') }),
      ...tcpPackets({ server: SERVER, port: 443, request: tlsClientHello('Evil.example') }),
      ...tcpPackets({ server: SERVER, port: 80, request: get('evil.example', '/', 'Fine/1.0'), response: ok(FILE) }),
      ...tcpPackets({
        server: [198, 51, 100, 8],
        port: 81,
        request: get('bad.example', '/drop?x=1;y', 'Fine/1.0'),
        response: ok(none),
      }),
      ...tcpPackets({
        server: [198, 51, 100, 8],
        port: 82,
        request: get('bad.example', '/drop?x=1', 'Fine/1.0'),
        response: ok(none),
      }),
      ...tcpPackets({
        server: [198, 51, 100, 8],
        port: 8080,
        request: get('bad.example:8080', `/${'a'.repeat(300)}?q=%22;"|`, 'Evil"; sid:2; |/1.0\\'),
        response: ok(none),
      }),
      ...udpPackets({ server: [198, 51, 100, 99], port: 9, request: none }),
      ...udpPackets({ server: [198, 51, 100, 98], port: 9, request: none }),
      ...udpPackets({ server: [203, 0, 113, 77], port: 9, request: none }),
    ]
    writeFileSync(at('replay.pcap'), pcapOf(packets))
    execFileSync(program!, ['-c', at('suricata.yaml'), '-r', at('replay.pcap'), '-l', folder, '-k', 'none'], {
      stdio: 'ignore',
    })
    const alerts = readFileSync(at('eve.json'), 'utf8')
      .split('\n')
      .filter(line => line.includes('"event_type":"alert"'))
      .map(line => JSON.parse(line))
      .map(event => `${event.alert.signature} -> ${event.dest_ip}`)
    expect(alerts.toSorted()).toEqual([
      'TOCSIN listed URL -> 198.51.100.8',
      'TOCSIN listed URL -> 198.51.100.8',
      'TOCSIN listed domain in HTTP -> 198.51.100.7',
      'TOCSIN listed domain in TLS -> 198.51.100.7',
      'TOCSIN listed domain in a DNS query -> 198.51.100.53',
      'TOCSIN listed sha1 of a file by http -> 192.0.2.10',
      'TOCSIN listed sha256 of a file by http -> 192.0.2.10',
      'TOCSIN listed user agent -> 198.51.100.8',
      'TOCSIN traffic to a listed address -> 198.51.100.98',
      'TOCSIN traffic to a listed address -> 198.51.100.99',
      'TOCSIN traffic with a listed address or range -> 198.51.100.99',
      'TOCSIN traffic with a listed address or range -> 203.0.113.77',
      'shared -> 198.51.100.8',
      'shared -> 198.51.100.8',
    ])
  })
})

function configuration(folder: string, reputation: string): string {
  return `%YAML 1.1
---
default-rule-path: ${folder}
rule-files: [live.rules, live-urls.rules, live-shared.rules, live-iprep.rules, live-sha1.rules]
classification-file: ${folder}/classification.config
reference-config-file: ${folder}/reference.config
stats: { enabled: no }
outputs:
  - eve-log: { enabled: yes, filetype: regular, filename: eve.json, types: [alert, files: { force-hash: [md5, sha1, sha256] }] }
app-layer:
  protocols:
    dns: { udp: { enabled: yes, detection-ports: { dp: 53 } } }
    tls: { enabled: yes, ja3-fingerprints: auto, ja4-fingerprints: auto }
    http: { enabled: yes, libhtp: { default-config: { personality: IDS, request-body-limit: 100kb, response-body-limit: 100kb } } }
    http2: { enabled: yes }
    quic: { enabled: yes }
    smtp: { enabled: yes }
    ftp: { enabled: yes }
    smb: { enabled: yes }
    nfs: { enabled: yes }
vars:
  address-groups: { HOME_NET: any, EXTERNAL_NET: any }
${reputation}`
}
