import { describe, expect, it } from 'vitest'
import { canonicalValue, receivedValue } from '../../src/indicator/canonical.ts'
import { INDICATOR_TYPES } from '../../src/indicator/type.ts'

const canonical = (type: string, text: string) => canonicalValue(type, text).value

describe('the registry of types', () => {
  it.each([...INDICATOR_TYPES])('gives %s an example in canonical form', (name, type) => {
    expect(canonical(name, type.example)).toBe(type.example)
    expect(type.label).not.toBe('')
  })

  it('keeps a type that it does not know, trimmed and in NFC', () => {
    expect(canonicalValue('btc-address', ' 1BoatSLRHtKNngkdXEeobR76b53LETtpyT ')).toEqual({
      type: 'btc-address',
      value: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    })
    expect(canonical('note', 'u\u0308')).toBe('ü')
  })

  it('leaves a value of an unknown type from the wire as it came', () => {
    expect(receivedValue('note', ' u\u0308 ').value).toBe(' u\u0308 ')
  })

  it.each(['', 'IPv4', '1st', 'a_b', 'a b', `a${'b'.repeat(32)}`])('refuses %j as a type', type => {
    expect(() => canonicalValue(type, 'x')).toThrow(expect.objectContaining({ code: 'indicator-type' }))
  })

  it('refuses an empty value, one beyond the cap, and control characters', () => {
    expect(() => canonical('note', ' ')).toThrow('the value is empty')
    expect(() => canonical('note', 'x'.repeat(8193))).toThrow('a value of 8193 characters')
    expect(() => canonical('note', 'a\0b')).toThrow('control characters')
  })

  it('names every fault in a value with the code indicator-invalid', () => {
    expect(() => canonical('ipv4', '999.1.1.1')).toThrow(
      expect.objectContaining({ code: 'indicator-invalid', message: '999.1.1.1: octet 999 is above 255' }),
    )
  })
})

describe('an e-mail address', () => {
  it.each([
    ['Some.Body+Tag@EVIL.Example', 'some.body+tag@evil.example'],
    ['a@evil.example.', 'a@evil.example'],
    ['a@bücher.example', 'a@xn--bcher-kva.example'],
    ['Ünal@evil.example', 'ünal@evil.example'],
    ["o'neil!#$%&*/=?^_`{|}~-@evil.example", "o'neil!#$%&*/=?^_`{|}~-@evil.example"],
    ['.a..b.@evil.example', '.a..b.@evil.example'],
  ])('writes %s as %s', (text, value) => {
    expect(canonical('email', text)).toBe(value)
  })

  it.each([
    ['evil.example', 'has an @'],
    ['@evil.example', 'nothing stands before the @'],
    ['a@', 'a label is empty'],
    ['a@localhost', 'a single label'],
    ['a@192.0.2.1', 'is an address, not a domain name'],
    ['a@[192.0.2.1]', 'cannot stand in a name'],
    ['a@b@evil.example', '"@" cannot stand in an e-mail address'],
    ['a b@evil.example', '" " cannot stand in an e-mail address'],
    ['a\u00a0b@evil.example', 'white space cannot stand'],
    ['"a"@evil.example', 'cannot stand in an e-mail address'],
    ['Body <a@evil.example>', 'cannot stand in an e-mail address'],
    [`${'a'.repeat(65)}@evil.example`, 'more than 64 characters'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonical('email', text)).toThrow(reason)
  })

  it('folds only A to Z of what came over the wire', () => {
    expect(receivedValue('email', 'ÜNAL@evil.example').value).toBe('Ünal@evil.example')
  })
})

describe('a file hash', () => {
  it.each([
    ['md5', 32],
    ['sha1', 40],
    ['sha256', 64],
    ['sha512', 128],
  ])('is lower case and of the length of %s', (type, length) => {
    expect(canonical(type, 'AbCdEf01'.repeat(length / 8))).toBe('abcdef01'.repeat(length / 8))
    expect(() => canonical(type, 'a'.repeat(length - 1))).toThrow(`this hash has ${length}`)
    expect(() => canonical(type, 'a'.repeat(length + 1))).toThrow(`this hash has ${length}`)
    expect(() => canonical(type, 'g'.repeat(length))).toThrow('hexadecimal digits')
  })
})

describe('a CVE id', () => {
  it.each([
    ['cve-2021-44228', 'CVE-2021-44228'],
    ['CVE‑2021–44228', 'CVE-2021-44228'],
    ['CVE-1999-0001', 'CVE-1999-0001'],
    ['CVE-2014-1234567', 'CVE-2014-1234567'],
  ])('writes %s as %s', (text, value) => {
    expect(canonical('cve', text)).toBe(value)
  })

  it.each(['CVE-2021-123', 'CVE-2021-04422', 'CVE-1998-0001', 'CVE-21-44228', '2021-44228', 'CVE-2021-44228x'])(
    'refuses %s',
    text => {
      expect(() => canonical('cve', text)).toThrow('is not a CVE id')
    },
  )
})

describe('a STIX pattern', () => {
  it.each([
    ["[ipv4-addr:value = '192.0.2.1']", "[ipv4-addr:value = '192.0.2.1']"],
    [" [a:b\n\t=  'x']\r\n AND  [c:d = 1] ", "[a:b = 'x'] AND [c:d = 1]"],
    ["[a:b = 'two  spaces ] and \\' quote']", "[a:b = 'two  spaces ] and \\' quote']"],
    ["([a:b = 'x'] OR [a:b IN ('y', 'z')]) WITHIN 5 SECONDS", "([a:b = 'x'] OR [a:b IN ('y', 'z')]) WITHIN 5 SECONDS"],
    ["[a:b[0].c = 'http://evil.example/']", "[a:b[0].c = 'http://evil.example/']"],
  ])('writes %j as %j', (text, value) => {
    expect(canonical('stix-pattern', text)).toBe(value)
  })

  it.each([
    ["[a:b = 'x'", 'lacks a closing "]"'],
    ["([a:b = 'x']", 'lacks a closing ")"'],
    ["[a:b = 'x)", 'a quote that is not closed'],
    ["[a:b = 'x\\']", 'a quote that is not closed'],
    ["[a:b = 'x')]", '")" that closes nothing'],
    ["a:b = 'x'", 'has an observation in [ ]'],
    ["[a:b = 'x'] // comment", 'comment'],
    ["[a:b = 'x\0']", 'control characters'],
    ['['.repeat(65), 'more than 64 brackets'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonical('stix-pattern', text)).toThrow(reason)
  })
})
