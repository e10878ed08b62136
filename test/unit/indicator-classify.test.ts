import { describe, expect, it } from 'vitest'
import { classify } from '../../src/indicator/canonical.ts'

describe('classify', () => {
  it.each([
    ['192.0.2.1', 'ipv4', '192.0.2.1'],
    ['2001:DB8::1', 'ipv6', '2001:db8::1'],
    ['[2001:db8::1]', 'ipv6', '2001:db8::1'],
    ['::', 'ipv6', '::'],
    ['198.51.100.7/24', 'cidr', '198.51.100.0/24'],
    ['2001:db8::1/32', 'cidr', '2001:db8::/32'],
    ['198.51.100.7/32', 'ipv4', '198.51.100.7'],
    ['2001:db8::1/128', 'ipv6', '2001:db8::1'],
    ['EVIL.example', 'domain', 'evil.example'],
    ['cve-2021-36260.example', 'domain', 'cve-2021-36260.example'],
    ['CVE-2021-36260', 'cve', 'CVE-2021-36260'],
    ['https://evil.example', 'url', 'https://evil.example/'],
    ['evil.example/', 'url', 'http://evil.example/'],
    ['evil.example:8080/a', 'url', 'http://evil.example:8080/a'],
    ['192.0.2.1/gate.php', 'url', 'http://192.0.2.1/gate.php'],
    ['evil.example/mail@x', 'url', 'http://evil.example/mail@x'],
    ['a@evil.example', 'email', 'a@evil.example'],
    ['mailto:a@evil.example', 'email', 'a@evil.example'],
    ['D41D8CD98F00B204E9800998ECF8427E', 'md5', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a'.repeat(40), 'sha1', 'a'.repeat(40)],
    ['a'.repeat(64), 'sha256', 'a'.repeat(64)],
    ['a'.repeat(128), 'sha512', 'a'.repeat(128)],
    ["[url:value = 'x']", 'stix-pattern', "[url:value = 'x']"],
    ["( [url:value = 'x'] )", 'stix-pattern', "( [url:value = 'x'] )"],
  ])('takes %s for %s %s', (text, type, value) => {
    expect(classify(text)).toEqual({ kind: 'value', type, value })
    expect(classify(` ${text}\n`)).toEqual({ kind: 'value', type, value })
  })

  it.each([
    ['192.0.2.1:8080', 'ipv4', '192.0.2.1', 8080],
    ['[2001:DB8::1]:443', 'ipv6', '2001:db8::1', 443],
    ['EVIL.example:53', 'domain', 'evil.example', 53],
  ])('reports %s as host and port', (text, type, value, port) => {
    expect(classify(text)).toEqual({ kind: 'host-port', host: { type, value }, port })
  })

  it.each([
    ['', 'the value is empty'],
    ['com', 'a single label is no domain'],
    ['999.1.1.1', '999.1.1.1: octet 999 is above 255'],
    ['192.0.2.1/33', 'prefix length 33 is above 32'],
    ['192.0.2.0/255.255.255.0', 'is a netmask'],
    ['192.0.2.1:0', 'port 0 is not between'],
    ['192.0.2.1:65536', 'port 65536 is not between'],
    ['fe80::1%eth0', 'a zone id has no meaning'],
    ['and/or', 'a single label'],
    ['10/12/2024', 'a single label'],
    ['/gate.php', 'is a path without a host'],
    ['some words', '" " cannot stand in a name'],
    ['C:\\Windows\\a.exe', 'cannot stand in a name'],
    ['javascript://x', 'scheme "javascript" is not taken'],
    ['x'.repeat(8193), 'a value of 8193 characters'],
    ['a'.repeat(63), 'a single label'],
  ])('makes nothing of %j and says why', (text, reason) => {
    expect(classify(text)).toEqual({ kind: 'none', reason: expect.stringContaining(reason) })
  })
})
