import { describe, expect, it } from 'vitest'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { builtInWarninglists } from '../../src/policy/warninglist-facts.ts'
import { createWarninglists } from '../../src/policy/warninglists.ts'

const lists = createWarninglists(builtInWarninglists())
const check = (type: string, value: string) =>
  lists.check(canonicalValue(type, value)).map(({ list, action }) => `${action} ${list}`)

describe('the built-in lists', () => {
  it.each([
    ['ipv4', '10.1.2.3', 'private-addresses'],
    ['ipv4', '172.16.0.1', 'private-addresses'],
    ['ipv4', '172.31.255.255', 'private-addresses'],
    ['ipv4', '192.168.1.1', 'private-addresses'],
    ['ipv4', '169.254.0.1', 'private-addresses'],
    ['ipv4', '100.64.0.1', 'private-addresses'],
    ['cidr', '10.0.0.0/8', 'private-addresses'],
    ['cidr', '192.128.0.0/9', 'private-addresses'],
    ['ipv6', 'fe80::1', 'private-addresses'],
    ['ipv6', 'fd12:3456::1', 'private-addresses'],
    ['ipv6', '::ffff:10.0.0.1', 'private-addresses'],
    ['url', 'http://192.168.1.1/a', 'private-addresses'],
    ['ipv4', '127.0.0.1', 'reserved-addresses'],
    ['ipv4', '0.0.0.0', 'reserved-addresses'],
    ['ipv4', '224.0.0.1', 'reserved-addresses'],
    ['ipv4', '240.0.0.1', 'reserved-addresses'],
    ['ipv4', '255.255.255.255', 'reserved-addresses'],
    ['ipv4', '198.18.0.1', 'reserved-addresses'],
    ['ipv6', '::', 'reserved-addresses'],
    ['ipv6', '::1', 'reserved-addresses'],
    ['ipv6', 'ff02::1', 'reserved-addresses'],
    ['ipv6', '100::1', 'reserved-addresses'],
    ['url', 'http://[::1]:8080/a', 'reserved-addresses'],
    ['ipv4', '8.8.8.8', 'public-resolvers'],
    ['ipv6', '2606:4700:4700::1111', 'public-resolvers'],
    ['cidr', '1.1.1.0/24', 'public-resolvers'],
    ['ipv4', '193.0.14.129', 'root-servers'],
    ['url', 'http://localhost/a', 'local-names'],
    ['domain', 'printer.local', 'local-names'],
    ['email', 'root@localhost.localdomain', 'local-names'],
    ['domain', 'co.uk', 'public-suffixes'],
    ['domain', 'gov.uk', 'public-suffixes'],
    ['domain', 'xn--55qx5d.cn', 'public-suffixes'],
    ['md5', 'd41d8cd98f00b204e9800998ecf8427e', 'empty-files'],
    ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'empty-files'],
    ['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'empty-files'],
    ['imphash', 'd41d8cd98f00b204e9800998ecf8427e', 'empty-files'],
  ])('block %s %s', (type, value, list) => {
    expect(check(type, value)).toContain(`block ${list}`)
  })

  it.each([
    ['ipv4', '192.0.2.1', 'documentation-addresses'],
    ['cidr', '198.51.100.0/24', 'documentation-addresses'],
    ['ipv6', '2001:db8::1', 'documentation-addresses'],
    ['url', 'https://203.0.113.9/', 'documentation-addresses'],
    ['domain', 'evil.example', 'documentation-names'],
    ['domain', 'www.example.com', 'documentation-names'],
    ['email', 'a@evil.test', 'documentation-names'],
    ['domain', 'github.io', 'shared-suffixes'],
    ['domain', 'duckdns.org', 'shared-suffixes'],
  ])('warn of %s %s, and no more: exercises are full of them', (type, value, list) => {
    expect(check(type, value)).toEqual([`warn ${list}`])
  })

  it.each([
    ['ipv4', '9.9.9.8'],
    ['ipv4', '172.32.0.1'],
    ['ipv6', '2a00::1'],
    ['cidr', '8.8.9.0/24'],
    ['domain', 'tocsin.org'],
    ['domain', 'evil.duckdns.org'],
    ['domain', 'abcdefghij234567.onion'],
    ['url', 'https://github.io/'],
    ['md5', 'a'.repeat(32)],
    ['filename', 'localhost'],
  ])('have nothing against %s %s', (type, value) => {
    expect(check(type, value)).toEqual([])
  })

  it('are each of one name, and spelt as they are compared', () => {
    const names = builtInWarninglists().map(({ list }) => list.name)
    expect(new Set(names).size).toBe(names.length)
    for (const { list } of builtInWarninglists()) {
      for (let place = 0; place < list.size; place++) expect(list.has(list.entryAt(place))).toBe(true)
      if (list.kind !== 'cidr') continue
      for (let place = 0; place < list.size; place++) {
        expect(canonicalValue('cidr', list.entryAt(place)).value).toBe(list.entryAt(place))
      }
    }
  })
})
