import { describe, expect, it } from 'vitest'
import { observablesOf, splitPattern } from '../../src/formats/in/pattern-value.ts'
import { PATTERN_LENGTH_MAX, parseStixPattern } from '../../src/formats/in/stix-pattern.ts'
import { PatternSyntaxError } from '../../src/formats/in/stix-pattern-error.ts'

function partsOf(text: string): readonly string[] {
  return splitPattern(text, parseStixPattern(text)).map(part =>
    part.kind === 'value' ? `${part.hint} ${part.text}` : `pattern ${part.text}`,
  )
}

describe('STIX patterns that name values', () => {
  it.each([
    ["[domain-name:value = 'evil.example']", ['host evil.example']],
    ["[domain-name:value='evil.example']", ['host evil.example']],
    ["[ipv4-addr:value == '192.0.2.1']", ['host 192.0.2.1']],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ['host 198.51.100.0/24']],
    ["[url:value = 'http://evil.example/it\\'s']", ["url http://evil.example/it's"]],
    ["[email-message:from_ref.value = 'a@evil.example']", ['email a@evil.example']],
    ["[file:hashes.'SHA-256' = 'aa']", ['hash aa']],
    ["[file:hashes.md5 = 'bb']", ['hash bb']],
    ["[file:hashes.'SHA-1' = 'cc']", ['hash cc']],
    ["[file:hashes.SHA256 = 'dd']", ['hash dd']],
    ["[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", ['host 192.0.2.1', 'host 192.0.2.2']],
    [
      "[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1'] OR [url:value = 'http://b.example/']",
      ['host a.example', 'host 192.0.2.1', 'url http://b.example/'],
    ],
    [
      "([domain-name:value = 'a.example'] OR ([domain-name:value = 'b.example']))",
      ['host a.example', 'host b.example'],
    ],
    ["[(domain-name:value = 'a.example' OR (domain-name:value = 'b.example'))]", ['host a.example', 'host b.example']],
    ["/* two */ [domain-name:value = 'a.example'] // one\n", ['host a.example']],
  ])('%s', (pattern, expected) => {
    expect(partsOf(pattern)).toEqual(expected)
  })
})

describe('STIX patterns that stay patterns', () => {
  it.each([
    "[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']",
    "[domain-name:value != 'a.example']",
    "[domain-name:value NOT = 'a.example']",
    "[domain-name:value LIKE '%.example']",
    "[email-message:from_ref.value MATCHES '.+@evil\\\\.example$']",
    "[file:hashes.'SHA3-256' = 'aa']",
    '[file:size > 1024]',
    '[EXISTS file:name]',
    "[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
    '[network-traffic:dst_port = 443]',
    "[file:created = t'2026-01-01T00:00:00Z']",
    "[artifact:payload_bin = b'AAAA']",
    "[artifact:payload_bin = h'00ff']",
    '[process:is_hidden = true]',
    "[configuration-profile:id='76DAB334']",
    "[a:b = 'x'] FOLLOWEDBY [a:b = 'y']",
    "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
    "[domain-name:value = 'a.example'] REPEATS 5 TIMES WITHIN 300 SECONDS",
    "[domain-name:value = 'a.example'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
    "[domain-name:value = 'a.example'] START '2026-01-01T00:00:00Z' STOP '2026-02-01T00:00:00Z'",
  ])('%s', pattern => {
    expect(partsOf(pattern)).toEqual([`pattern ${pattern}`])
  })

  it('leave their alternatives, each as a pattern of its own', () => {
    expect(
      partsOf("[domain-name:value = 'a.example' OR process:name = 'x' OR (file:name = 'y' AND file:size = 3)]"),
    ).toEqual(['host a.example', "pattern [process:name = 'x']", "pattern [file:name = 'y' AND file:size = 3]"])
  })

  it('keep AND tighter than OR', () => {
    expect(partsOf("[url:value = 'http://a.example/' OR file:name = 'y' AND file:size = 3]")).toEqual([
      'url http://a.example/',
      "pattern [file:name = 'y' AND file:size = 3]",
    ])
  })
})

describe('the observables of a pattern', () => {
  const observablesIn = (text: string) =>
    observablesOf(parseStixPattern(text)).map(({ type, value }) => `${type} ${value}`)

  it('are what it compares for equality, however it asks for them together', () => {
    expect(
      observablesIn(
        "([domain-name:value = 'a.example'] FOLLOWEDBY [file:name = 'x' AND file:size = 3]) WITHIN 5 SECONDS " +
          "AND [ipv4-addr:value IN ('192.0.2.1', '192.0.2.1', '192.0.2.2') AND url:value NOT = 'http://b.example/']",
      ),
    ).toEqual(['domain a.example', 'filename x', 'ipv4 192.0.2.1', 'ipv4 192.0.2.2'])
  })

  it('are at most as many as an index can bear', () => {
    const names = Array.from({ length: 1000 }, (_, number) => `'n${number}.example'`).join(', ')
    expect(observablesIn(`[domain-name:value IN (${names}) AND file:size = 1]`).length).toBe(256)
  })
})

describe('what is no STIX pattern', () => {
  it.each([
    '',
    'evil.example',
    '[]',
    '[CORRUPT]',
    "[domain-name:value = 'a.example'",
    "[domain-name:value = 'a.example]",
    '[domain-name:value = a.example]',
    "[domain-name = 'a.example']",
    "[domain-name:value = 'a.example'] trailing",
    "[domain-name:value 'a.example']",
    '[domain-name:value IN ()]',
    "[domain-name:value = 'a.example'] OR",
    "[domain-name:value ~ 'a.example']",
    "[domain-name:value = 'a.example' XOR domain-name:value = 'b.example']",
    `${'('.repeat(40)}[a:b = 'x']${')'.repeat(40)}`,
    `[a:b = '${'x'.repeat(PATTERN_LENGTH_MAX)}']`,
  ])('refuses %.60s', pattern => {
    expect(() => parseStixPattern(pattern)).toThrow(PatternSyntaxError)
  })

  it('is named by its place', () => {
    expect(() => parseStixPattern("[domain-name:value ? 'x']")).toThrow('"?" has no place here at character 20')
  })
})
