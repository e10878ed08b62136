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
    ['yara', 'rule x { strings: $a = "cert.example" condition: $a }'],
    ['later-type', 'cert.example'],
  ])('%s %s', (type, value) => expect(own.check({ type, value })).toBeUndefined())
})

test('a text that names hosts without end is not looked at to its end', () => {
  const value = Array.from({ length: 10_000 }, (_, i) => `h${i}.evil.example`).join(' ')
  expect(own.check({ type: 'suricata', value })).toMatch(/more than 4096/)
})
