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

  it('has nothing to say of what is well formed', () => {
    expect(codes('ipv4', '8.8.8.8')).toEqual([])
    expect(codes('cidr', '8.8.8.0/24')).toEqual([])
    expect(codes('domain', 'tocsin.org')).toEqual([])
    expect(codes('domain', 'evil.duckdns.org')).toEqual([])
    expect(codes('domain', 'evil.example')).toEqual([])
    expect(codes('domain', 'abcdefghij234567.onion')).toEqual([])
    expect(codes('url', 'https://github.io/')).toEqual([])
    expect(codes('url', 'http://[::1]:8080/a')).toEqual([])
    expect(codes('md5', 'a'.repeat(32))).toEqual([])
  })

  it('refuses all addresses at once and warns of very broad ranges', () => {
    expect(codes('cidr', '0.0.0.0/0')).toEqual(['refuse indicator-broad-range'])
    expect(codes('cidr', '::/0')).toEqual(['refuse indicator-broad-range'])
    expect(codes('cidr', '8.0.0.0/7')).toEqual(['warn indicator-broad-range'])
    expect(codes('cidr', '2a00::/18')).toEqual(['warn indicator-broad-range'])
  })

  it('warns of a name that leaves no room for the name of a zone', () => {
    const name = `${'abcdefghi.'.repeat(24)}com`
    expect(codes('domain', name)).toEqual(['warn indicator-long-name'])
    expect(codes('domain', name.slice(30))).toEqual([])
  })

  it('warns of names under no top-level domain that there is', () => {
    expect(codes('domain', 'setup.exe')).toEqual(['warn indicator-unknown-tld'])
    expect(codes('url', 'http://setup.exe/a')).toEqual(['warn indicator-unknown-tld'])
  })
})
