import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { NationId } from '../../src/base/ids.ts'
import { parseItem } from '../../src/indicator/item.ts'
import { buildStixItem } from '../../src/indicator/stix-object.ts'
import { createLimitCounts } from '../../src/policy/limit-counts.ts'
import {
  claimOf,
  EVERYBODY,
  guardOf,
  guardWhen,
  IDENTITY,
  judge,
  leavingClaim,
  leavingItem,
  verdictOf,
} from '../support/guard-policy.ts'

const OWN = '{ own: [192.0.2.0/24, "2001:db8::/32", gov.example] }'
const domain = (value: string, rest = {}) => claimOf({ value, ...rest })
const ipv4 = (value: string, rest = {}) => claimOf({ value, ...rest }, 'ipv4')
const of = (type: string, value: string, rest = {}) => claimOf({ value, ...rest }, type)
const stix = (fields: object, tlp: 1 | 2 | 3 | 4 | 5 = 3) =>
  buildStixItem(
    JSON.stringify({ type: 'malware', id: 'malware--1', ...fields }),
    { tlp, pap: 0, exercise: false },
    IDENTITY,
  ).item

/** `192.0.2.9`, as JSON lets one hide it. */
const escaped = buildStixItem(
  '{"type":"x","id":"x","y":[{"\\u0031\\u0039\\u0032.0.2\\u002e9":1}]}',
  { tlp: 3, pap: 0, exercise: false },
  IDENTITY,
).item

describe('a condition on', () => {
  const cases: readonly [
    title: string,
    when: string,
    matching: ReturnType<typeof domain>,
    other: ReturnType<typeof domain>,
  ][] = [
    ['the kind of item', '{ item: stix-object }', stix({}), domain('a.example')],
    ['the type', '{ type: [url, ipv4] }', ipv4('198.51.100.1'), domain('a.example')],
    ['a TLP level', '{ tlp: GREEN }', domain('a.example', { marking: { tlp: 2 } }), domain('a.example')],
    [
      'a span of TLP levels',
      '{ tlp: { min: AMBER+STRICT } }',
      domain('a.example', { marking: { tlp: 5 } }),
      domain('a.example'),
    ],
    ['the PAP', '{ pap: { max: GREEN } }', domain('a.example'), domain('a.example', { marking: { pap: 3 } })],
    [
      'the exercise flag',
      '{ exercise: true }',
      domain('a.example', { marking: { exercise: true } }),
      domain('a.example'),
    ],
    [
      'a label, in any case',
      '{ labels: [APT1] }',
      domain('a.example', { labels: ['apt1'] }),
      domain('a.example', { labels: ['apt10'] }),
    ],
    [
      'the beginning of a label',
      '{ labels: "apt:*" }',
      domain('a.example', { labels: ['apt:x'] }),
      domain('a.example', { labels: ['x-apt:x'] }),
    ],
    [
      'the source',
      '{ source: "feed *" }',
      domain('a.example', { source: 'Feed 7' }),
      domain('a.example', { source: 'own' }),
    ],
    ['the confidence', '{ confidence: { min: 50 } }', domain('a.example', { confidence: 50 }), domain('a.example')],
    ['a range that holds it', '{ within: 198.51.100.0/24 }', ipv4('198.51.100.255'), ipv4('198.51.101.0')],
    [
      'a range that holds a range',
      '{ within: 198.51.100.0/24 }',
      of('cidr', '198.51.100.128/25'),
      of('cidr', '198.51.100.0/23'),
    ],
    [
      'a range that overlaps',
      '{ overlaps: 198.51.100.0/24 }',
      of('cidr', '198.51.0.0/16'),
      of('cidr', '198.51.101.0/24'),
    ],
    [
      'the address of a URL',
      '{ within: 198.51.100.0/24 }',
      of('url', 'http://198.51.100.7/x'),
      of('url', 'http://a.example/x'),
    ],
    [
      'an address in its IPv6 spelling',
      '{ within: 198.51.100.0/24 }',
      of('ipv6', '::ffff:198.51.100.7'),
      of('ipv6', '2001:db8::1'),
    ],
    [
      'a range of IPv6 in which IPv6 has IPv4',
      '{ within: "::ffff:0:0/96" }',
      ipv4('198.51.100.7'),
      of('ipv6', '2001:db8::1'),
    ],
    [
      'a range of IPv6 that holds all of IPv4',
      '{ overlaps: 198.51.100.0/24 }',
      of('cidr', '::/0'),
      of('cidr', '2000::/3'),
    ],
    ['a name and those below it', '{ domain: evil.example }', domain('c2.evil.example'), domain('notevil.example')],
    [
      'the host of an e-mail address',
      '{ domain: evil.example }',
      of('email', 'a@evil.example'),
      of('email', 'evil.example@a.example'),
    ],
    ['an own network', '{ network: own }', ipv4('192.0.2.9'), ipv4('192.0.3.9')],
    ['an own name', '{ network: own }', of('url', 'https://vpn.gov.example/'), of('url', 'https://gov.example.test/')],
    [
      'a pattern that names an own network',
      '{ network: own }',
      of('stix-pattern', "[ipv4-addr:value = '192.0.2.9']"),
      of('stix-pattern', "[ipv4-addr:value = '192.0.3.9']"),
    ],
    ['an object that names one, escaped', '{ network: own }', escaped, stix({ name: '10.192.0.2' })],
    [
      'text that mentions one',
      '{ mentions: own }',
      domain('a.example', { description: 'met 192[.]0[.]2[.]9 there' }),
      domain('a.example', { description: 'version 1.92.0.2' }),
    ],
    [
      'a reference that mentions one',
      '{ mentions: own }',
      domain('a.example', { references: [{ sourceName: 'x', url: 'https://wiki.gov.example/1' }] }),
      domain('a.example'),
    ],
  ]
  test.each(cases)('%s', (_, when, matching, other) => {
    const guard = guardWhen(when, OWN)
    expect(verdictOf(guard, matching)).toBe('allow')
    expect(verdictOf(guard, other)).toBe('deny')
  })

  test('a value, in any spelling of the policy', () => {
    const guard = guardWhen('{ value: ["2001:DB8:0::1", evil.example] }')
    expect(verdictOf(guard, of('ipv6', '2001:db8::1'))).toBe('allow')
    expect(verdictOf(guard, domain('EVIL.example'))).toBe('allow')
    expect(verdictOf(guard, domain('c2.evil.example'))).toBe('deny')
  })

  test.each([
    ['a defanged URL', 'hxxps://intranet.gov.example/x'],
    ['a word and a colon before it', 'host:intranet.gov.example, ip6:2001:db8::1'],
    ['an IPv6 address alone, after a word', 'ip6:2001:db8::1'],
    ['credentials before it', 'root:secret@intranet.gov.example'],
    ['the path of another URL', 'https://archive.example/web/https://intranet.gov.example/'],
    ['the query of another URL, encoded', 'https://a.example/?to=https%253A%252F%252Fintranet%2Egov%2Eexample'],
    ['a share', String.raw`\\intranet.gov.example\c$`],
    ['a regular expression', String.raw`^intranet\\.gov\.example$`],
    ['full-width characters', 'ｉｎｔｒａｎｅｔ．ｇｏｖ．ｅｘａｍｐｌｅ and gov。example'],
    ['characters that nobody sees', 'intranet.g\u00adov\u200b.example'],
  ])('text that mentions one in %s', (_, description) => {
    expect(verdictOf(guardWhen('{ mentions: own }', OWN), domain('a.example', { description }))).toBe('allow')
  })

  test.each([
    ['url', 'https://evil.example/?to=https://intranet.gov.example/'],
    ['url', 'https://evil.example/intranet.gov.example'],
  ])('a value of the type %s that mentions one beside its host', (type, value) => {
    expect(verdictOf(guardWhen('{ mentions: own }', OWN), of(type, value))).toBe('allow')
  })

  test('what text names does not count for the value alone', () => {
    const item = domain('a.example', { description: '192.0.2.9' })
    expect(verdictOf(guardWhen('{ network: own }', OWN), item)).toBe('deny')
  })

  test('the audience, by how it was named and by who will read', () => {
    const nations = { kind: 'nations', readers: ['BBB'] as NationId[] } as const
    const group = { kind: 'group', group: { id: 'ab', name: 'baltic' }, readers: ['CCC'] as NationId[] } as const
    const item = domain('a.example')
    const verdicts = (when: string) =>
      [EVERYBODY, nations, group].map(audience => verdictOf(guardWhen(when), item, audience))
    expect(verdicts('{ audience: alliance }')).toEqual(['allow', 'deny', 'deny'])
    expect(verdicts('{ audience: [nations, group] }')).toEqual(['deny', 'allow', 'allow'])
    expect(verdicts('{ audience: "group:baltic" }')).toEqual(['deny', 'deny', 'allow'])
    expect(verdicts('{ audience: "group:nordic" }')).toEqual(['deny', 'deny', 'deny'])
    expect(verdicts('{ reader: CCC }')).toEqual(['allow', 'deny', 'allow'])
    expect(verdicts('{ readersWithin: [BBB, DDD] }')).toEqual(['deny', 'allow', 'deny'])
  })

  test('several things asks for all of them', () => {
    const guard = guardWhen('{ type: domain, labels: x }')
    expect(verdictOf(guard, domain('a.example', { labels: ['x'] }))).toBe('allow')
    expect(verdictOf(guard, domain('a.example'))).toBe('deny')
    expect(verdictOf(guard, of('email', 'a@a.example', { labels: ['x'] }))).toBe('deny')
  })
})

describe('rules', () => {
  test('are read in their order, and the first with an action decides', () => {
    const guard = guardOf(`
  - { name: first, when: { labels: x }, action: deny }
  - { name: second, action: second-person }
  - { name: third, action: allow }
`)
    expect(judge(guard, domain('a.example', { labels: ['x'] })).decision).toMatchObject({
      verdict: 'deny',
      rule: { name: 'first', number: 1, line: 5 },
      reason: 'rule 1 "first" (line 5) denies it',
    })
    expect(judge(guard, domain('a.example')).decision).toMatchObject({ verdict: 'hold', rule: { name: 'second' } })
  })

  test('that all pass an item on deny it', () => {
    const { decision } = judge(guardOf('  - { name: x, redact: source }\n'), domain('a.example'))
    expect(decision).toMatchObject({ verdict: 'deny', rule: undefined, changedBy: [{ name: 'x' }] })
    expect(verdictOf(guardOf('  []\n'), domain('a.example'))).toBe('deny')
  })

  test('match what was submitted, whatever an earlier one has changed', () => {
    const guard = guardOf(`
  - { name: less, redact: labels }
  - { name: it, when: { labels: x }, action: allow }
`)
    expect(leavingClaim(judge(guard, domain('a.example', { labels: ['x'] }))).labels).toEqual([])
  })

  test('are told one by one, with the condition that failed', () => {
    const guard = guardOf(`
  - { name: a, when: { type: url, labels: x }, action: deny }
  - { name: b, redact: source }
  - { name: c, action: allow }
  - { name: d, action: deny }
`)
    expect(guard.explain(domain('a.example'), EVERYBODY, () => 0)).toMatchObject([
      { name: 'a', outcome: 'unmatched', condition: 'type' },
      { name: 'b', outcome: 'matched', decided: false, does: 'removes source' },
      { name: 'c', outcome: 'matched', decided: true },
      { name: 'd', outcome: 'unread' },
    ])
  })
})

describe('a limit', () => {
  const guard = guardOf('  - { name: few, limitPerHour: 2 }\n  - { name: all, action: allow }\n')

  test('denies what is beyond it', () => {
    expect(judge(guard, domain('a.example'), EVERYBODY, () => 1)).toMatchObject({
      kind: 'allow',
      limits: [{ name: 'few' }],
    })
    expect(judge(guard, domain('a.example'), EVERYBODY, () => 2)).toMatchObject({ kind: 'deny', code: 'guard-limit' })
  })

  test('counts what left within the hour, all rules or none', () => {
    const counts = createLimitCounts()
    const rule = (name: string, limitPerHour: number) => ({ name, limitPerHour, number: 1, line: 1 })
    const nowMs = Date.UTC(2026, 10, 22, 12)
    expect(counts.take([rule('a', 2)], nowMs)).toBeUndefined()
    expect(counts.take([rule('a', 2), rule('b', 1)], nowMs)).toBeUndefined()
    expect(counts.take([rule('c', 9), rule('b', 1)], nowMs + 1000)).toMatchObject({ name: 'b' })
    expect(counts.used(rule('c', 9), nowMs + 1000)).toBe(0)
    expect(counts.used(rule('a', 2), nowMs + 59 * 60_000)).toBe(2)
    expect(counts.used(rule('a', 2), nowMs + 61 * 60_000)).toBe(0)
  })
})

describe('an item leaves', () => {
  const full = {
    name: 'N',
    description: 'D at 198.51.100.7',
    labels: ['l'],
    references: [{ sourceName: 'r', url: 'https://r.example/' }],
    source: 'S',
    sourceId: 'I',
    original: 'hxxp://x',
    confidence: 70,
    firstSeenMs: Date.UTC(2026, 0, 2, 3, 4),
    lastSeenMs: Date.UTC(2026, 0, 3, 23, 59),
    validUntilMs: Date.UTC(2027, 0, 1, 0, 0, 1),
  }
  const through = (rule: string, item: ReturnType<typeof domain>) =>
    leavingClaim(judge(guardOf(`  - { name: it, ${rule}, action: allow }\n`), item))

  test('as it is where nothing changes it', () => {
    const item = domain('a.example', full)
    expect(leavingItem(judge(guardOf('  - { name: it, action: allow }\n'), item))).toBe(item)
  })

  test('without each field that a rule removes', () => {
    const item = domain('a.example', full)
    expect(through('redact: [description, references, source]', item)).toMatchObject({
      description: '',
      references: [],
      source: '',
      sourceId: '',
      name: 'N',
      labels: ['l'],
    })
    expect(through('redact: [name, labels, original, confidence, times]', item)).toMatchObject({
      name: '',
      labels: [],
      original: '',
      confidencePlus1: 0,
      firstSeenMs: 0,
      lastSeenMs: 0,
      description: full.description,
    })
  })

  test('under the id of what it still says, so that two that leave alike are one', () => {
    const a = through('redact: source', domain('a.example', { source: 'one' }))
    const b = through('redact: source', domain('a.example', { source: 'two' }))
    const plain = parseItem(domain('a.example'))
    expect(toHex(a.id)).toBe(toHex(b.id))
    expect(plain).toMatchObject({ claim: { id: a.id } })
  })

  test('with a wider value, and without the text that might tell the exact one', () => {
    expect(through('precision: { ipv4: 24 }', ipv4('198.51.100.7', full))).toMatchObject({
      type: 'cidr',
      value: '198.51.100.0/24',
      original: '',
      name: '',
      description: '',
      references: [],
      sourceId: '',
      source: 'S',
      labels: ['l'],
    })
    const values = (rule: string, ...items: ReturnType<typeof domain>[]) =>
      items.map(item => through(`precision: ${rule}`, item)).map(({ type, value }) => `${type} ${value}`)
    expect(values('{ ipv6: 48 }', of('ipv6', '2001:db8:1:2::3'), of('cidr', '2001:db8::/32'))).toEqual([
      'cidr 2001:db8:1::/48',
      'cidr 2001:db8::/32',
    ])
    expect(
      values(
        '{ host: true, ipv4: 16 }',
        of('url', 'https://a.example/x'),
        of('url', 'http://198.51.100.7/'),
        of('email', 'a@b.example'),
      ),
    ).toEqual(['domain a.example', 'cidr 198.51.0.0/16', 'domain b.example'])
    expect(values('{ ipv4: 24 }', domain('a.example'))).toEqual(['domain a.example'])
    expect(values('{ ipv4: 24, ipv6: 48 }', of('url', 'http://a.example/'))).toEqual(['url http://a.example/'])
  })

  test('with whole days, that span what was said', () => {
    expect(through('precision: { times: day }', domain('a.example', full))).toMatchObject({
      firstSeenMs: Date.UTC(2026, 0, 2),
      lastSeenMs: Date.UTC(2026, 0, 3),
      validUntilMs: Date.UTC(2027, 0, 2),
    })
  })

  test('under a stricter marking, never a laxer one', () => {
    const raise = 'raise: { tlp: AMBER, pap: GREEN }'
    expect(through(raise, domain('a.example', { marking: { tlp: 1 } })).marking).toMatchObject({ tlp: 3, pap: 2 })
    expect(through(raise, domain('a.example', { marking: { tlp: 5, pap: 4 } })).marking).toMatchObject({
      tlp: 5,
      pap: 4,
    })
  })

  test('as a STIX object with one colour and without what a rule removes', () => {
    const green = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'
    const guard = guardOf('  - { name: it, redact: [description, references], raise: { tlp: RED }, action: allow }\n')
    const item = stix({ description: 'd', external_references: [], name: 'n', object_marking_refs: [green, 'x'] }, 2)
    const parsed = parseItem(leavingItem(judge(guard, item)))
    expect(parsed).toMatchObject({ kind: 'stix-object', marking: { tlp: 5 } })
    expect(JSON.parse(parsed.kind === 'stix-object' ? parsed.object.json : '')).toEqual({
      type: 'malware',
      id: 'malware--1',
      name: 'n',
      object_marking_refs: ['x', 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'],
    })
  })

  test.each([
    [
      'a pattern cannot be made less exact',
      'precision: { ipv4: 24 }',
      of('stix-pattern', "[ipv4-addr:value = '198.51.100.7']"),
    ],
    ['nor the address in a URL that stays one', 'precision: { ipv4: 24 }', of('url', 'http://198.51.100.7/x')],
    ['nor that of the other family', 'precision: { ipv6: 48 }', of('url', 'http://[2001:db8::7]:8080/x')],
    ['nor a STIX object', 'precision: { times: day }', stix({})],
  ])('not at all where %s', (_, rule, item) => {
    const judgement = judge(guardOf(`  - { name: it, ${rule}, action: allow }\n`), item)
    expect(judgement.kind).toBe('deny')
    expect(judgement.decision.reason).toContain('rule 1 "it"')
  })
})
