import { describe, expect, it } from 'vitest'
import { canonicalValue, receivedValue } from '../../src/indicator/canonical.ts'

const canonical = (text: string) => canonicalValue('domain', text).value
const label63 = 'a'.repeat(63)

describe('a domain name', () => {
  it.each([
    ['EVIL.Example', 'evil.example'],
    ['evil.example.', 'evil.example'],
    [' evil.example\t', 'evil.example'],
    ['_dmarc.evil.example', '_dmarc.evil.example'],
    ['a_b.evil.example', 'a_b.evil.example'],
    ['r3---sn-.evil.example', 'r3---sn-.evil.example'],
    ['1.2.3.4.example', '1.2.3.4.example'],
    ['xn--BCHER-kva.example', 'xn--bcher-kva.example'],
    ['xn--a.example', 'xn--a.example'],
    [`${label63}.example`, `${label63}.example`],
  ])('writes %j as %s', (text, value) => {
    expect(canonical(text)).toBe(value)
  })

  it.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['пример.example', 'xn--e1afmkfd.example'],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
    ['ｅｖｉｌ.example', 'evil.example'],
    ['ev\u00adil.example', 'evil.example'],
    ['ev\u200bil.example', 'evil.example'],
  ])('encodes %s as %s before it is shared', (text, value) => {
    expect(canonical(text)).toBe(value)
  })

  it.each([
    ['com', 'a single label is no domain'],
    ['localhost', 'a single label is no domain'],
    ['.', 'a label is empty'],
    ['evil..example', 'a label is empty'],
    ['.evil.example', 'a label is empty'],
    ['evil.example..', 'a label is empty'],
    ['192.0.2.1', 'is an address, not a domain name'],
    ['１９２.0.2.1', 'is an address, not a domain name'],
    ['evil.123', '"123" cannot be a top-level domain'],
    ['evil.-example', '"-example" cannot be a top-level domain'],
    ['evil.exam_ple', '"exam_ple" cannot be a top-level domain'],
    ['*.evil.example', 'a wildcard is no domain name'],
    ['evil .example', '" " cannot stand in a name'],
    ['evil.example/path', '"/" cannot stand in a name'],
    ['evil.example:80', '":" cannot stand in a name'],
    ['user@evil.example', '"@" cannot stand in a name'],
    ['evil\\.example', 'cannot stand in a name'],
    ['bücher.example/x', '"/" cannot stand in a name'],
    ['bücher.exa%6dple', '"%" cannot stand in a name'],
    ['\ufffdvil.example', 'IDNA allows no such name'],
    [`${label63}a.example`, 'a label has 64 characters'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonical(text)).toThrow(reason)
  })

  it('takes a name of 253 characters and refuses one of 254', () => {
    const name = `${'a.'.repeat(123)}example`
    expect(canonical(name)).toHaveLength(253)
    expect(() => canonical(`a${name}`)).toThrow('a name of 254 characters')
  })

  it('never asks a Unicode table about what came over the wire', () => {
    expect(() => receivedValue('domain', 'bücher.example')).toThrow('a name in canonical form is ASCII')
    expect(receivedValue('domain', 'EVIL.example').value).toBe('evil.example')
  })
})
