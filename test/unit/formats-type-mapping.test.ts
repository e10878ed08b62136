import { describe, expect, it } from 'vitest'
import { splitPattern } from '../../src/formats/in/pattern-value.ts'
import { parseStixPattern } from '../../src/formats/in/stix-pattern.ts'
import { readValue } from '../../src/formats/in/value-text.ts'
import { hintOfMispType, mispTypeOf, stixPatternOf, typeOfPatternLanguage } from '../../src/formats/type-mapping.ts'
import { INDICATOR_TYPES, indicatorText } from '../../src/indicator/type.ts'

const types = [...INDICATOR_TYPES].map(([type, { example }]) => [type, example] as const)

describe('every type', () => {
  it.each(types)('%s comes back from the STIX pattern that says it', (type, value) => {
    const { language, pattern } = stixPatternOf({ type, value })!
    if (language !== 'stix' || type === 'stix-pattern') {
      expect(typeOfPatternLanguage(language)).toBe(type)
      expect(pattern).toBe(indicatorText({ type, value }))
      return
    }
    const [part, ...others] = splitPattern(pattern, parseStixPattern(pattern))
    expect(others).toEqual([])
    expect(part).toMatchObject({ kind: 'value' })
    if (part?.kind === 'value') expect(readValue(part.text, part.hint)).toMatchObject({ type, value })
  })

  it.each(types.filter(([type]) => type !== 'ja4'))('%s comes back from its MISP attribute', (type, value) => {
    const misp = mispTypeOf({ type, value })
    expect(misp.category).not.toBe('')
    const hint = hintOfMispType(misp.type)!
    expect(readValue(indicatorText({ type, value }), hint)).toMatchObject({ type, value })
  })
})

describe('a value is said by the one property that it has', () => {
  it.each([
    ['registry-key', 'HKEY_USERS\\a', "[windows-registry-key:key = 'HKEY_USERS\\\\a']"],
    ['mutex', "o'neil", "[mutex:name = 'o\\'neil']"],
    ['asn', 'AS64496', '[autonomous-system:number = 64496]'],
    ['cidr', '2001:db8::/32', "[ipv6-addr:value ISSUBSET '2001:db8::/32']"],
    ['x509-fingerprint', 'a'.repeat(64), `[x509-certificate:hashes.'SHA-256' = '${'a'.repeat(64)}']`],
    ['x509-fingerprint', 'a'.repeat(32), `[x509-certificate:hashes.MD5 = '${'a'.repeat(32)}']`],
  ])('%s %s', (type, value, pattern) => {
    expect(stixPatternOf({ type, value })).toEqual({ language: 'stix', pattern })
  })

  it('and by none where the type is not known', () => {
    expect(stixPatternOf({ type: 'of-later', value: 'x' })).toBeUndefined()
    expect(mispTypeOf({ type: 'of-later', value: 'x' })).toEqual({ type: 'other', category: 'External analysis' })
  })
})
