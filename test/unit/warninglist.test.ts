import { describe, expect, it } from 'vitest'
import type { UserError } from '../../src/base/errors.ts'
import { typesOfMispType } from '../../src/formats/type-mapping.ts'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { parseWarninglist } from '../../src/policy/warninglist.ts'
import { compileWarninglist } from '../../src/policy/warninglist-compile.ts'
import { createWarninglists, hitText } from '../../src/policy/warninglists.ts'

const ADDRESSES = ['ip-src', 'ip-dst', 'domain|ip']
const NAMES = ['domain', 'hostname', 'domain|ip']

/** The entry of a list that a value hits, or undefined. */
function hit(list: object, type: string, value: string): string | undefined {
  const parsed = parseWarninglist({ name: 'a list', version: 1, ...list }, typesOfMispType)
  const lists = createWarninglists([{ list: compileWarninglist(parsed), action: 'warn' }])
  return lists.check(canonicalValue(type, value))[0]?.entry
}

const refusal = (json: unknown): UserError => {
  try {
    parseWarninglist(json, typesOfMispType)
  } catch (error) {
    return error as UserError
  }
  throw new Error('it was taken')
}

describe('a list of strings', () => {
  const list = {
    type: 'string',
    matching_attributes: ['domain', 'url'],
    list: ['WWW.Bank.com', '.google.com', 'https://a.com/x'],
  }

  it('hits the value itself, in any case', () => {
    expect(hit(list, 'domain', 'www.bank.com')).toBe('www.bank.com')
    expect(hit(list, 'url', 'https://a.com/x')).toBe('https://a.com/x')
    expect(hit(list, 'domain', 'login.www.bank.com')).toBeUndefined()
    expect(hit(list, 'domain', 'bank.com')).toBeUndefined()
  })

  it('hits the host of a URL', () => {
    expect(hit(list, 'url', 'http://www.bank.com:8080/x')).toBe('www.bank.com')
    expect(hit(list, 'url', 'http://www.bank.com.evil.com/')).toBeUndefined()
  })

  it('takes a dot at the beginning for the name and all below it', () => {
    expect(hit(list, 'domain', 'google.com')).toBe('.google.com')
    expect(hit(list, 'domain', 'mail.google.com')).toBe('.google.com')
    expect(hit(list, 'domain', 'notgoogle.com')).toBeUndefined()
  })
})

describe('a list of host names', () => {
  const list = {
    type: 'hostname',
    matching_attributes: [...NAMES, 'url', 'email-src'],
    list: ['Bücher.de', '*.cdn.net', 'io.'],
  }

  it.each([
    ['domain', 'xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['domain', 'shop.xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['domain', 'a.b.cdn.net', 'cdn.net'],
    ['domain', 'cdn.net', 'cdn.net'],
    ['domain', 'evil.io', 'io'],
    ['url', 'https://x.cdn.net/a', 'cdn.net'],
    ['email', 'a@cdn.net', 'cdn.net'],
  ])('hits %s %s by %s', (type, value, entry) => {
    expect(hit(list, type, value)).toBe(entry)
  })

  it.each([
    ['domain', 'xcdn.net'],
    ['domain', `${'net'.repeat(3)}.com`],
    ['url', 'https://192.0.2.1/cdn.net'],
    ['md5', 'd41d8cd98f00b204e9800998ecf8427e'],
  ])('leaves %s %s alone', (type, value) => {
    expect(hit(list, type, value)).toBeUndefined()
  })

  it('says nothing of URLs where it does not name them', () => {
    expect(hit({ ...list, matching_attributes: ['hostname'] }, 'url', 'https://x.cdn.net/a')).toBeUndefined()
    expect(hit({ ...list, matching_attributes: ['hostname'] }, 'domain', 'x.cdn.net')).toBe('cdn.net')
  })
})

describe('a list of ranges', () => {
  const list = {
    type: 'cidr',
    matching_attributes: [...ADDRESSES, 'url'],
    list: ['8.8.8.8', '2001:DB8::/32', '10.1.2.3/8'],
  }

  it.each([
    ['ipv4', '8.8.8.8', '8.8.8.8/32'],
    ['cidr', '8.8.8.0/24', '8.8.8.8/32'],
    ['cidr', '8.0.0.0/8', '8.8.8.8/32'],
    ['ipv6', '::ffff:8.8.8.8', '8.8.8.8/32'],
    ['ipv6', '2001:db8:1::1', '2001:db8::/32'],
    ['cidr', '2001::/16', '2001:db8::/32'],
    ['ipv4', '10.200.0.1', '10.0.0.0/8'],
    ['url', 'http://8.8.8.8:53/', '8.8.8.8/32'],
    ['url', 'http://[2001:db8::1]/', '2001:db8::/32'],
  ])('hits %s %s by overlap with %s', (type, value, entry) => {
    expect(hit(list, type, value)).toBe(entry)
  })

  it.each([
    ['ipv4', '8.8.8.9'],
    ['cidr', '8.8.9.0/24'],
    ['url', 'http://8.8.8.8.com/'],
    ['domain', 'a.com'],
  ])('leaves %s %s alone', (type, value) => {
    expect(hit(list, type, value)).toBeUndefined()
  })
})

describe('a list of substrings', () => {
  const list = {
    type: 'substring',
    matching_attributes: [...NAMES, ...ADDRESSES, 'url'],
    list: ['any.run', '52.168.52.134', 'Abc'],
  }

  it('hits what holds one anywhere', () => {
    expect(hit(list, 'url', 'https://app.ANY.run/tasks/1')).toBe('any.run')
    expect(hit(list, 'domain', 'company.running.com')).toBe('any.run')
    expect(hit(list, 'domain', 'xabcx.com')).toBe('abc')
    expect(hit(list, 'url', 'http://52.168.52.134/x')).toBe('52.168.52.134')
  })

  it('takes no address for another that ends like it', () => {
    expect(hit(list, 'ipv4', '52.168.52.134')).toBe('52.168.52.134')
    expect(hit(list, 'ipv4', '152.168.52.134')).toBeUndefined()
  })
})

describe('a list of patterns', () => {
  const list = { type: 'regex', matching_attributes: ['email-src'], list: ['/^(security|abuse)\\@.*\\..*$/i', 'noc@'] }

  it('hits by PCRE with its delimiters and flags, and without', () => {
    expect(hit(list, 'email', 'Abuse@isp.com')).toBe('/^(security|abuse)\\@.*\\..*$/i')
    expect(hit(list, 'email', 'noc@isp.com')).toBe('noc@')
    expect(hit(list, 'email', 'mallory@isp.com')).toBeUndefined()
  })

  it('leaves out what cannot be matched in linear time, and says so', () => {
    const parsed = parseWarninglist(
      { name: 'p', type: 'regex', list: ['/(a)\\1/', '/(?<!x)y/', '/a/Q', '/(((a{1000}){1000}){1000})/', 7, '/fine/'] },
      typesOfMispType,
    )
    expect(parsed.entries).toEqual(['/fine/'])
    expect(parsed.left.count).toBe(5)
    expect(parsed.left.first.map(({ entry }) => entry)).toEqual([
      '/(a)\\1/',
      '/(?<!x)y/',
      '/a/Q',
      '/(((a{1000}){1000}){1000})/',
      '7',
    ])
    expect(parsed.left.first.every(({ reason }) => reason.length > 0)).toBe(true)
  })

  it('answers in linear time what makes others backtrack for ever', () => {
    const evil = { type: 'regex', matching_attributes: ['url'], list: ['/^(a+)+$/', '/(.*a){20}$/'] }
    const started = performance.now()
    hit(evil, 'url', `http://a.com/${'a'.repeat(4000)}b`)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('a warninglist', () => {
  it('keeps out entries that nothing could be compared with, and says which', () => {
    const { entries, left } = parseWarninglist(
      { name: 'c', type: 'cidr', list: ['10.0.0.0/8', '10.0.0.0/255.0.0.0', '', null, '10.0.0.0/8', 'evil'] },
      typesOfMispType,
    )
    expect(entries).toEqual(['10.0.0.0/8'])
    expect(left.count).toBe(4)
  })

  it('takes entries of an object, a version in words, a type left out', () => {
    const list = parseWarninglist(
      { name: ' L ', version: '20260811', list: { 0: 'a.com', 7: 'B.com' } },
      typesOfMispType,
    )
    expect(list).toMatchObject({ name: 'L', version: 20260811, kind: 'string', entries: ['a.com', 'b.com'] })
  })

  it('is about all types but rules where it names none', () => {
    const list = { type: 'substring', list: ['evil'] }
    expect(hit(list, 'filename', 'evil.exe')).toBe('evil')
    expect(
      hit(list, 'sigma', 'title: evil\nlogsource:\n  category: dns\ndetection:\n  condition: all of them'),
    ).toBeUndefined()
    expect(hit({ ...list, matching_attributes: [] }, 'filename', 'evil.exe')).toBe('evil')
    expect(hit({ ...list, matching_attributes: ['phone-number'] }, 'filename', 'evil.exe')).toBeUndefined()
  })

  it.each([
    [null],
    [[]],
    ['text'],
    [{}],
    [{ name: 'x', type: 'string' }],
    [{ name: 'x', type: 'glob', list: [] }],
    [{ name: 'x'.repeat(300), list: [] }],
    [{ name: 'x', list: 'a.com' }],
    [{ name: 'x', list: [], matching_attributes: 'url' }],
    [{ name: 'x', type: 'regex', list: new Array(1001).fill('/a/') }],
  ])('refuses %j', json => {
    expect(refusal(json).code).toBe('warninglist-invalid')
  })

  it('says in a sentence what is on it', () => {
    expect(hitText('10.1.2.3', { list: 'private', entry: '10.0.0.0/8' })).toBe(
      '10.1.2.3 is on the warninglist "private" (10.0.0.0/8)',
    )
    expect(hitText('a.com', { list: 'top', entry: 'a.com' })).toBe('a.com is on the warninglist "top"')
  })
})
