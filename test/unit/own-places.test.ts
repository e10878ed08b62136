import { describe, expect, test } from 'vitest'
import { createOwnPlaces } from '../../src/policy/own-places.ts'

const own = createOwnPlaces({
  networks: ['198.51.100.0/24', '2001:db8:1::/48'],
  domains: ['cert.example', 'portal.gov.example'],
})

describe('our own is', () => {
  test.each([
    ['ipv4', '198.51.100.7'],
    ['ipv6', '2001:db8:1::5'],
    ['ipv6', '::ffff:198.51.100.7'],
    ['cidr', '198.51.100.128/25'],
    ['cidr', '198.0.0.0/8'],
    ['cidr', '0.0.0.0/0'],
    ['cidr', '::/0'],
    ['domain', 'cert.example'],
    ['domain', 'a.b.cert.example'],
    ['domain', 'gov.example'],
    ['url', 'https://cert.example/login'],
    ['url', 'http://u:p@www.cert.example:8080/'],
    ['url', 'http://198.51.100.7/'],
    ['url', 'http://3325256711/'],
    ['url', 'http://0xc6336407/'],
    ['url', 'http://[2001:db8:1::5]/'],
    ['email', 'boss@cert.example'],
    ['email', 'boss@mail.cert.example'],
    ['suricata', 'drop ip 198.51.0.0/16 any -> any any (msg:"x"; sid:1;)'],
    ['suricata', 'drop dns any any -> any any (dns.query; content:"www.cert.example"; sid:1;)'],
    ['stix-pattern', "[ipv6-addr:value = '2001:db8:1::9']"],
    ['sigma', 'title: x\u240adetection:\u240a  a:\u240a    DestinationIp: 198.51.100.9'],
    ['sigma', 'title: x\u240adetection:\u240a  a:\u240a    q|endswith: "Portal.Gov.Example."'],
    ['sigma', 'title: x\u240adetection:\u240a  a:\u240a    q: "http://3325256711/"'],
    ['sigma', 'title: x\u240adetection:\u240a  a:\u240a    q: "http://cert.example/24"'],
    ['sigma', 'title: x\u240adetection:\u240a  a:\u240a    q: "ｃｅｒｔ。example"'],
    ['suricata', 'alert dns any any -> any any (dns.query; content:"cert|2e|example"; sid:1;)'],
    ['suricata', 'alert dns any any -> any any (dns.query; content:"cert|2E 65 78|ample"; sid:1;)'],
    ['suricata', 'alert http any any -> any any (http.host; pcre:"/^cert\\.example$/"; sid:1;)'],
    ['stix-pattern', "[domain-name:value MATCHES '^www\\.cert\\.example$']"],
    ['stix-pattern', "[network-traffic:dst_ref.value = '198.51.100.7:443']"],
    ['yara', 'rule x { strings: $a = "@cert.example" condition: $a }'],
    ['yara', 'rule x { strings: $a = "cert\\x2eexample" condition: $a }'],
  ])('%s %s', (type, value) => expect(own.check({ type, value })).toMatch(/our|ours/))
})

describe('not our own is', () => {
  test.each([
    ['ipv4', '203.0.113.7'],
    ['cidr', '203.0.113.0/24'],
    ['domain', 'notcert.example'],
    ['domain', 'cert.example.net'],
    ['url', 'https://evil.example/cert.example'],
    ['url', 'http://gov.example/'],
    ['email', 'cert.example@evil.example'],
    ['stix-pattern', "[file:name = 'a.exe' AND file:hashes.'SHA-256' = 'aa']"],
    ['suricata', 'alert tcp any any -> any any (msg:"12:30:45 :: x"; content:"|3a 3a|"; sid:1; rev:2;)'],
    ['yara', 'rule x { strings: $a = "mutex.example" condition: $a }'],
    ['later-type', 'cert.example'],
  ])('%s %s', (type, value) => expect(own.check({ type, value })).toBeUndefined())
})

test('is in ranges of IPv6 that hold all of IPv4, where nothing of it is of IPv6', () => {
  const { check } = createOwnPlaces({ networks: ['198.51.100.0/24'], domains: [] })
  const ours = ['::/0', '::ffff:0:0/96', '::ffff:198.51.100.0/120', '2001:db8::/32', '::ffff:203.0.113.0/120']
  expect(ours.filter(value => check({ type: 'cidr', value }) !== undefined)).toEqual(ours.slice(0, 3))
})

/** With work that is square in the length of the text it would take minutes. */
const OFTEN = 20

test.each([
  ['digits', `${'a'.repeat(49_151)}g`],
  ['hyphens', '-'.repeat(49_152)],
  ['backslashes', '\\'.repeat(49_152)],
  ['bytes', '|61 '.repeat(12_288)],
])('a text of %s alone is read so often within the time of a test', (_, value) => {
  for (let i = 0; i < OFTEN; i++) expect(own.check({ type: 'suricata', value })).toBeUndefined()
})

test('a text that names hosts without end is not looked at to its end', () => {
  const value = Array.from({ length: 10_000 }, (_, i) => `h${i}.evil.example`).join(' ')
  expect(own.check({ type: 'suricata', value })).toMatch(/more than 4096/)
})
