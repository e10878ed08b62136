import { describe, expect, it } from 'vitest'
import { canonicalCidr, canonicalIpv4, canonicalIpv6 } from '../../src/indicator/ip.ts'

describe('an IPv4 address', () => {
  it.each(['0.0.0.0', '192.0.2.1', '255.255.255.255'])('keeps %s', text => {
    expect(canonicalIpv4(text)).toBe(text)
  })

  it.each([
    ['999.1.1.1', '999.1.1.1: octet 999 is above 255'],
    ['192.0.2.256', 'octet 256 is above 255'],
    ['192.0.2.010', 'octet 010 has a leading zero'],
    ['192.0.2.00', 'octet 00 has a leading zero'],
    ['192.0.2', 'has four octets, this has 3'],
    ['3221225985', 'has four octets, this has 1'],
    ['192.0.2.1.', 'has four octets, this has 5'],
    ['192.0..1', 'an octet is empty'],
    ['0xc0.0.2.1', 'octet "0xc0" is not a decimal number'],
    ['192.0.2.-1', 'octet "-1" is not a decimal number'],
    ['192.0.2.1 ', 'is not a decimal number'],
    ['192.0.2.1\n', 'is not a decimal number'],
    ['192.0.2.１', 'is not a decimal number'],
    ['', 'has four octets'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonicalIpv4(text)).toThrow(reason)
  })
})

describe('an IPv6 address', () => {
  it.each([
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::1', '::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:C000:0201', '::ffff:192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('writes %s as %s (RFC 5952)', (text, canonical) => {
    expect(canonicalIpv6(text)).toBe(canonical)
  })

  it.each([
    ['fe80::1%eth0', 'a zone id has no meaning on another machine'],
    ['1::2::3', '"::" stands more than once'],
    [':::', 'group "" is not 1 to 4 hexadecimal digits'],
    [':1:2:3:4:5:6:7', 'group ""'],
    ['1:2:3:4:5:6:7', 'has eight groups'],
    ['1:2:3:4:5:6:7:8:9', 'has eight groups'],
    ['1:2:3:4::5:6:7:8', 'has eight groups'],
    ['2001:db8::12345', 'group "12345"'],
    ['::ffff:192.0.2.010', 'leading zero'],
    ['::192.0.2.1:1', 'group "192.0.2.1"'],
    ['192.0.2.1::', 'group "192.0.2.1"'],
    ['2001:db8::g', 'has only 0-9, a-f'],
    ['[2001:db8::1]', 'has only 0-9, a-f'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonicalIpv6(text)).toThrow(reason)
  })
})

describe('an address range', () => {
  it.each([
    ['198.51.100.77/24', '198.51.100.0/24'],
    ['198.51.100.77/31', '198.51.100.76/31'],
    ['198.51.100.77/32', '198.51.100.77/32'],
    ['198.51.100.77/9', '198.0.0.0/9'],
    ['198.51.100.77/0', '0.0.0.0/0'],
    ['2001:DB8:FFFF::1/33', '2001:db8:8000::/33'],
    ['2001:db8::1/128', '2001:db8::1/128'],
    ['2001:db8::1/0', '::/0'],
    ['::ffff:192.0.2.77/120', '::ffff:192.0.2.0/120'],
  ])('clears the host bits of %s: %s', (text, canonical) => {
    expect(canonicalCidr(text)).toBe(canonical)
  })

  it.each([
    ['192.0.2.0/33', 'prefix length 33 is above 32'],
    ['2001:db8::/129', 'prefix length 129 is above 128'],
    ['192.0.2.0/024', 'prefix length "024" is not a decimal number'],
    ['192.0.2.0/', 'prefix length "" is not a decimal number'],
    ['192.0.2.0/-1', 'is not a decimal number'],
    ['192.0.2.0/24/24', 'is not a decimal number'],
    ['192.0.2.0/255.255.255.0', 'is a netmask'],
    ['192.0.2/24', 'has four octets, this has 3'],
    ['192.0.2.1', 'needs a prefix length'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonicalCidr(text)).toThrow(reason)
  })
})
