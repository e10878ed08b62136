import { describe, expect, it } from 'vitest'
import { advise } from '../../src/indicator/advice.ts'

const codes = (type: string, value: string) =>
  advise({ type, value }).map(({ code, severity }) => `${severity} ${code}`)

describe('advise', () => {
  it.each([
    ['domain', 'xn--80ak6aa92e.com'],
    ['domain', 'xn--1-7sba6dbr.com'],
    ['url', 'http://xn--pypal-4ve.com/'],
    ['email', 'a@xn--pypal-4ve.com'],
  ])('warns of %s %s, which looks like another name', (type, value) => {
    expect(codes(type, value)).toEqual(['warn indicator-homograph'])
  })

  it.each(['xn--bcher-kva.de', 'xn--e1afmkfd.com', 'xn--wgv71a.jp', 'xn--999999999999.com'])(
    'has nothing against %s, which is a name of its own',
    value => {
      expect(codes('domain', value)).toEqual([])
    },
  )

  it('warns of a URL with a password in it', () => {
    expect(codes('url', 'ftp://user:secret@evil.com/')).toEqual(['warn indicator-credentials'])
    expect(codes('url', 'http://evil.com/a@b')).toEqual([])
  })

  it.each(['co.uk', 'gov.uk', 'xn--55qx5d.cn'])('refuses the public suffix %s', value => {
    expect(codes('domain', value)).toEqual(['refuse indicator-public-suffix'])
  })

  it.each(['duckdns.org', 'github.io'])('warns of %s, under which strangers have their names', value => {
    expect(codes('domain', value)).toEqual(['warn indicator-shared-suffix'])
  })

  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '0.0.0.0',
    '169.254.0.1',
    '100.64.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
  ])('warns of %s, which is nobody on the Internet', value => {
    expect(codes('ipv4', value)).toEqual(['warn indicator-special-address'])
  })

  it.each(['::', '::1', 'fe80::1', 'fc00::1', 'ff02::1', '2001:db8::1', '::ffff:10.0.0.1', '100::1'])(
    'warns of %s, which is nobody on the Internet',
    value => {
      expect(codes('ipv6', value)).toEqual(['warn indicator-special-address'])
    },
  )

  it('has nothing to say of what is public', () => {
    expect(codes('ipv4', '8.8.8.8')).toEqual([])
    expect(codes('ipv6', '2620:fe::fe')).toEqual([])
    expect(codes('ipv6', '::ffff:8.8.8.8')).toEqual([])
    expect(codes('cidr', '8.8.8.0/24')).toEqual([])
    expect(codes('domain', 'tocsin.org')).toEqual([])
    expect(codes('domain', 'evil.duckdns.org')).toEqual([])
    expect(codes('domain', 'abcdefghij234567.onion')).toEqual([])
    expect(codes('url', 'https://github.io/')).toEqual([])
    expect(codes('md5', 'a'.repeat(32))).toEqual([])
  })

  it('refuses all addresses at once and warns of very broad ranges', () => {
    expect(codes('cidr', '0.0.0.0/0')).toEqual(['refuse indicator-broad-range'])
    expect(codes('cidr', '::/0')).toEqual(['refuse indicator-broad-range'])
    expect(codes('cidr', '8.0.0.0/7')).toEqual(['warn indicator-broad-range'])
    expect(codes('cidr', '2a00::/18')).toEqual(['warn indicator-broad-range'])
    expect(codes('cidr', '10.0.0.0/8')).toEqual(['warn indicator-special-address'])
  })

  it('warns of names that nobody can register, wherever they stand', () => {
    expect(codes('domain', 'evil.example')).toEqual(['warn indicator-special-name'])
    expect(codes('domain', 'setup.exe')).toEqual(['warn indicator-unknown-tld'])
    expect(codes('url', 'http://setup.exe/a')).toEqual(['warn indicator-unknown-tld'])
    expect(codes('email', 'a@evil.test')).toEqual(['warn indicator-special-name'])
    expect(codes('url', 'http://192.168.1.1/a')).toEqual(['warn indicator-special-address'])
    expect(codes('url', 'http://[::1]:8080/a')).toEqual(['warn indicator-special-address'])
  })

  it.each([
    ['md5', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])('warns of the %s of the empty file', (type, value) => {
    expect(codes(type, value)).toEqual(['warn indicator-empty-file'])
  })
})
