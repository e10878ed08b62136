import { describe, expect, it } from 'vitest'
import { canonicalValue, classify, receivedValue } from '../../src/indicator/canonical.ts'
import { buildClaim } from '../../src/indicator/claim.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { indicatorText } from '../../src/indicator/type.ts'
import { RULE_LENGTH_MAX } from '../../src/wire/limits.ts'

const canonical = (type: string, text: string) => canonicalValue(type, text).value
const HASH = '9e107d9d372bb6826bd81d3542a419d6'
const TLSH = 'E8719D0B82A1D4A2F6E16C2C0A1D3B4C5D6E7F8091A2B3C4D5E6F708192A3B4C5D6E7F'

describe('one spelling stands for all', () => {
  it.each([
    ['ssdeep', '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C,"evil.bin"', '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C'],
    ['tlsh', TLSH.toLowerCase(), `T1${TLSH}`],
    ['tlsh', `t1${TLSH}`, `T1${TLSH}`],
    ['imphash', HASH.toUpperCase(), HASH],
    ['filename', 'C:\\Users\\a\\Evil.exe', 'Evil.exe'],
    ['filename', '/tmp/ .evil ', '.evil'],
    ['filename', 'u\u0308.exe', 'ü.exe'],
    ['ja3', HASH.toUpperCase(), HASH],
    ['ja4', 'T13D1516H2_8DAAF6152771_E5627EFA2AB1', 't13d1516H2_8daaf6152771_e5627efa2ab1'],
    ['mutex', ' Global\\Evil ', 'Global\\Evil'],
    ['registry-key', 'HKLM\\Software\\Évil\\', 'HKEY_LOCAL_MACHINE\\software\\Évil'],
    ['registry-key', 'hkcu:\\Software\\Evil', 'HKEY_CURRENT_USER\\software\\evil'],
    ['asn', '64496', 'AS64496'],
    ['asn', 'as 64496', 'AS64496'],
    ['asn', 'AS1.10', 'AS65546'],
    [
      'x509-fingerprint',
      'A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D',
      'a9993e364706816aba3e25717850c26c9cd0d89d',
    ],
    ['user-agent', ' Mozilla/5.0 (Evil; [x]) ', 'Mozilla/5.0 (Evil; [x])'],
    ['crypto-address', '0xDE0B295669A9FD93D5F28D9EC85E40F4CB697BAE', '0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae'],
    ['crypto-address', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['crypto-address', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'],
    ['mac-address', '00-00-5E-00-53-01', '00:00:5e:00:53:01'],
    ['mac-address', '0000.5e00.5301', '00:00:5e:00:53:01'],
    ['mac-address', '00005E005301', '00:00:5e:00:53:01'],
    ['mac-address', '02:00:5e:ff:fe:00:53:01', '02:00:5e:ff:fe:00:53:01'],
  ])('%s %j is %j', (type, text, value) => {
    expect(canonical(type, text)).toBe(value)
    expect(receivedValue(type, value).value).toBe(value)
  })
})

describe('what is no such value is refused with the reason', () => {
  it.each([
    ['ssdeep', '5:abc:def', 'blocks of 3, 6, 12'],
    ['ssdeep', '3::', 'is no ssdeep hash'],
    ['tlsh', `T1${TLSH}0`, 'is no TLSH'],
    ['imphash', 'abc', 'this hash has 32'],
    ['filename', 'C:\\evil\\', 'the value is empty'],
    ['filename', '..', 'is no name of a file'],
    ['filename', 'x'.repeat(256), 'at most 255'],
    ['ja4', 'x13d1516h2_8daaf6152771_e5627efa2ab1', 'is no JA4'],
    ['mutex', 'a\nb', 'no control characters'],
    ['registry-key', 'Software\\Evil', 'starts with its hive'],
    ['registry-key', 'HKLM', 'names no key'],
    ['registry-key', 'HKLM\\a\\\\b', 'names no key'],
    ['asn', 'AS0', 'is no AS number'],
    ['asn', '4294967296', 'is no AS number'],
    ['asn', '1.65536', 'is no AS number'],
    ['x509-fingerprint', 'abcd', 'of a certificate'],
    ['user-agent', 'x'.repeat(1025), 'at most 1024'],
    ['crypto-address', 'hello', 'no address of a cryptocurrency'],
    ['mac-address', '00:00-5e:00:53:01', 'is no MAC address'],
    ['yara', 'import "pe"', 'is no YARA rule'],
    ['sigma', 'title: x', 'is no Sigma rule'],
    ['suricata', 'alert dns any any -> any any', 'is no Suricata rule'],
    ['suricata', 'alert dns any any -> any any (msg:"no id";)', 'is no Suricata rule'],
  ])('%s %.40j', (type, text, reason) => {
    expect(() => canonical(type, text)).toThrow(reason)
  })

  it('on the wire too, as far as ASCII tells', () => {
    expect(() => receivedValue('filename', 'a/b')).toThrow('no folder')
    expect(() => receivedValue('yara', 'rule a {\n}')).toThrow('control characters')
    expect(() => receivedValue('yara', ' rule a')).toThrow('white space at its ends')
  })
})

describe('a rule', () => {
  const yara = 'rule evil {\r\n\tstrings:\r\n\t\t$a = "a\\nb\\\\"\r\n\tcondition: $a\r\n}\r\n'

  it('has no control characters as a value, as values of types that a node does not know', () => {
    const value = canonical('yara', yara)
    expect(value).toBe('rule evil {␊␉strings:␊␉␉$a = "a\\nb\\\\"␊␉condition: $a␊}')
    expect(receivedValue('a-type-of-later', value).value).toBe(value)
    expect(canonical('yara', value)).toBe(value)
  })

  it('comes out as it went in, but for the ends of its lines', () => {
    expect(indicatorText(canonicalValue('yara', yara))).toBe(yara.replaceAll('\r', '').trim())
  })

  it('makes the same claim from either spelling, and the claim holds it once', () => {
    const context = {
      allianceId: new Uint8Array(32) as never,
      nation: 'AAA' as never,
      defaultTlp: TLP.GREEN,
      assertion: 0,
    }
    const value = canonical('yara', yara.trim().replaceAll('\r', ''))
    const claim = buildClaim({ type: 'yara', value: yara.trim().replaceAll('\r', '') }, context)
    expect(claim).toMatchObject({ value, original: '' })
    expect(buildClaim({ type: 'yara', value }, context)).toEqual(claim)
  })

  it('may be far longer than other values, and not longer than a message holds', () => {
    const long = (length: number) => `rule a { condition: true } // ${'x'.repeat(length)}`
    expect(canonical('yara', long(40_000)).length).toBeGreaterThan(40_000)
    expect(() => canonical('yara', long(RULE_LENGTH_MAX))).toThrow(
      expect.objectContaining({ code: 'indicator-rule-too-long' }),
    )
    expect(() => receivedValue('yara', 'x'.repeat(RULE_LENGTH_MAX + 1))).toThrow('at most 49152')
  })

  it('of Suricata is one line, whatever it was written on', () => {
    const rule = 'alert dns any any -> any any (msg:"x"; dns.query; content:"evil.example"; sid:1;)'
    expect(canonical('suricata', rule.replace('dns.query', '\\\n    dns.query'))).toBe(rule)
  })

  it('that holds the pictures of its own tabs is refused rather than changed', () => {
    expect(() => canonical('yara', 'rule a {\n // ␊\n condition: true }')).toThrow('U+2409')
  })
})

describe('a bare value is known by its form where there is but one that it can have', () => {
  it.each([
    ['00:00:5e:00:53:01', 'mac-address'],
    ['AS64496', 'asn'],
    [`T1${TLSH}`, 'tlsh'],
    ['3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C', 'ssdeep'],
    ['t13d1516h2_8daaf6152771_e5627efa2ab1', 'ja4'],
    ['HKLM\\Software\\Evil', 'registry-key'],
    ['1BoatSLRHtKNngkdXEeobR76b53LETtpyT', 'crypto-address'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'crypto-address'],
    ['0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae', 'crypto-address'],
    ['2001:db8::1', 'ipv6'],
    ['192.0.2.1:80', undefined],
    ['1BoatSLRHtKNngkdXEeobR76b53LETtpyX', undefined],
  ])('%s is %s', (text, type) => {
    const found = classify(text)
    expect(found.kind === 'value' ? found.type : undefined).toBe(type)
  })
})
