import { describe, expect, it } from 'vitest'
import { CONTEXT_BYTES_MAX } from '../../src/formats/import-row.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const AMBER = 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421'
const TLP1_GREEN = 'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da'
const IDENTITY = 'identity--00000000-0000-4000-8000-000000000001'
const OWN_MARKING = 'marking-definition--00000000-0000-4000-8000-000000000002'

let next = 0
function id(type: string): string {
  return `${type}--00000000-0000-4000-8000-${(++next).toString(16).padStart(12, 'a')}`
}

function indicator(pattern: string, more: object = {}): object {
  const time = '2026-01-02T03:04:05.678Z'
  const base = { type: 'indicator', spec_version: '2.1', id: id('indicator'), created: time, modified: time }
  return { ...base, pattern, pattern_type: 'stix', valid_from: time, ...more }
}

function bundle(...objects: readonly unknown[]): string {
  return JSON.stringify({ type: 'bundle', id: id('bundle'), objects })
}

const domain = (name: string) => `[domain-name:value = '${name}']`

describe('an indicator of a STIX bundle', () => {
  it('becomes a claim with all that it says', async () => {
    const object = indicator(domain('Evil.Example'), {
      name: 'C2',
      description: 'seen\ntwice',
      confidence: 85,
      labels: ['apt', 'c2'],
      indicator_types: ['malicious-activity', 'c2'],
      valid_until: '2026-02-01T00:00:00Z',
      created_by_ref: IDENTITY,
      object_marking_refs: [AMBER],
      external_references: [
        { source_name: 'CERT', url: 'https://cert.example/1', external_id: 'X-1' },
        { url: 'no name' },
      ],
    })
    const rows = await importText(bundle({ type: 'identity', id: IDENTITY, name: 'CERT Auria' }, object))
    expect(rows.map(row => `${row.place} ${row.kind}`)).toEqual(['objects[0] context', 'objects[1] claim'])
    expect(claims(rows)[0]?.draft).toEqual({
      type: 'domain',
      value: 'evil.example',
      original: 'Evil.Example',
      name: 'C2',
      description: 'seen\ntwice',
      confidence: 85,
      labels: ['apt', 'c2', 'malicious-activity', 'c2'],
      validFromMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      validUntilMs: Date.UTC(2026, 1, 1),
      source: 'CERT Auria',
      sourceId: (object as { id: string }).id,
      marking: { tlp: TLP.AMBER },
      references: [{ sourceName: 'CERT', url: 'https://cert.example/1', externalId: 'X-1' }],
    })
  })

  it('gives a claim for each alternative', async () => {
    const pattern = "[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1'] OR [file:name = 'x']"
    expect(values(await importText(bundle(indicator(pattern))))).toEqual([
      'domain a.example',
      'ipv4 192.0.2.1',
      'filename x',
    ])
  })

  it('is read whatever the types in its pattern are called', async () => {
    const hash = '9e107d9d372bb6826bd81d3542a419d6'
    const patterns = [
      "[ipv6-addr:value = '2001:DB8:0::1']",
      "[ipv4-addr:value = '198.51.100.77/24']",
      "[url:value = 'hxxp://evil[.]example/a']",
      "[url:value = 'bare.example']",
      "[url:value = 'bare.example/path']",
      "[email-addr:value = 'A@Evil.example']",
      `[file:hashes.MD5 = '${hash}']`,
      `[file:hashes.'md5' = '${hash.toUpperCase()}']`,
      "[mutex:name = 'Global\\\\Evil']",
      '[autonomous-system:number = 64496]',
      `[file:extensions.'windows-pebinary-ext'.imphash = '${hash}']`,
      `[x509-certificate:hashes.MD5 = '${hash}']`,
      "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Evil/1.0 [x]']",
      "[mac-addr:value = '00-00-5E-00-53-01']",
    ]
    expect(values(await importText(bundle(...patterns.map(pattern => indicator(pattern)))))).toEqual([
      'ipv6 2001:db8::1',
      'cidr 198.51.100.0/24',
      'url http://evil.example/a',
      'domain bare.example',
      'url http://bare.example/path',
      'email a@evil.example',
      `md5 ${hash}`,
      `md5 ${hash}`,
      'mutex Global\\Evil',
      'asn AS64496',
      `imphash ${hash}`,
      `x509-fingerprint ${hash}`,
      'user-agent Evil/1.0 [x]',
      'mac-address 00:00:5e:00:53:01',
    ])
  })

  it('is refused with a reason where its value or pattern is none, and costs the others nothing', async () => {
    const rows = await importText(
      bundle(
        indicator("[domain-name:value = 'domain evil.example']"),
        indicator('[domain-name:value = '),
        indicator(domain('com')),
        indicator(domain('a.example'), { revoked: true }),
        { ...indicator(''), pattern: undefined },
        indicator(domain('setup.exe')),
        indicator(domain('b.example')),
      ),
    )
    expect(faults(rows)).toEqual([
      'objects[0] indicator-invalid',
      'objects[1] import-pattern-invalid',
      'objects[2] indicator-invalid',
      'objects[3] import-revoked',
      'objects[4] import-stix-invalid',
      'objects[5] import-not-an-indicator',
    ])
    expect(values(rows)).toEqual(['domain b.example'])
  })

  it('that is a rule becomes one of its language, lines and all', async () => {
    const suricata = 'alert dns any any -> any any (msg:"x"; dns.query; content:"evil.example"; sid:1;)'
    const rows = await importText(
      bundle(
        indicator('rule a {\r\n\tcondition: true\r\n}\n', { pattern_type: 'yara', object_marking_refs: [AMBER] }),
        indicator(`# two of them\n${suricata}\n${suricata.replace('sid', '\\\n  sid')}`, { pattern_type: 'suricata' }),
      ),
    )
    expect(values(rows)).toEqual([
      'yara rule a {\u240a\u2409condition: true\u240a}',
      `suricata ${suricata}`,
      `suricata ${suricata}`,
    ])
    expect(claims(rows)[0]!.draft.marking).toEqual({ tlp: TLP.AMBER })
  })

  it('in a language without a type of ours is kept under its name, or whole where it has several lines', async () => {
    const snort = 'alert tcp any any -> 192.0.2.1 443 (msg:"x"; sid:1;)'
    const rows = await importText(
      bundle(
        indicator(snort, { pattern_type: 'snort' }),
        indicator('a\nb', { pattern_type: 'pcre', object_marking_refs: [AMBER] }),
      ),
    )
    expect(values(rows)).toEqual([`snort ${snort}`])
    expect(rows[1]).toMatchObject({ kind: 'context', marking: { tlp: TLP.AMBER } })
  })

  it('stays a pattern where its value is none of the type that its property has', async () => {
    const patterns = [
      "[windows-registry-key:key = 'Software\\\\Evil']",
      "[file:hashes.SSDEEP IN ('3:abc', '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C')]",
    ]
    expect(values(await importText(bundle(...patterns.map(pattern => indicator(pattern)))))).toEqual([
      "stix-pattern [windows-registry-key:key = 'Software\\\\Evil']",
      "stix-pattern [file:hashes.SSDEEP = '3:abc']",
      'ssdeep 3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C',
    ])
  })

  it('keeps its start where its end is not after it', async () => {
    const [row] = claims(
      await importText(bundle(indicator(domain('a.example'), { valid_until: '2020-01-01T00:00:00Z' }))),
    )
    expect(row?.draft.validUntilMs).toBeUndefined()
    expect(row?.draft.validFromMs).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
    expect(row?.warnings.map(warning => warning.code)).toContain('import-date-unclear')
  })

  it('of STIX 2.0, without pattern_type and spec_version, is read', async () => {
    const object = {
      type: 'indicator',
      id: id('indicator'),
      created: '2019-01-01T00:00:00.123456Z',
      modified: '2019-01-01T00:00:00.123456Z',
      labels: ['malicious-activity'],
      pattern: domain('a.example'),
      valid_from: '2019-01-01T00:00:00.123456Z',
    }
    const rows = await importText(
      JSON.stringify({ type: 'bundle', id: id('bundle'), spec_version: '2.0', objects: [object] }),
    )
    expect(claims(rows)[0]?.draft).toMatchObject({
      value: 'a.example',
      validFromMs: Date.UTC(2019, 0, 1, 0, 0, 0, 123),
    })
  })
})

describe('the marking of a STIX object', () => {
  async function tlpOf(more: object, ...before: readonly object[]) {
    const rows = await importText(bundle(...before, indicator(domain('a.example'), more)))
    return claims(rows)[0]?.draft.marking
  }

  it('is read from TLP 1 and TLP 2, the strictest of several', async () => {
    expect(await tlpOf({ object_marking_refs: [TLP1_GREEN] })).toEqual({ tlp: TLP.GREEN })
    expect(await tlpOf({ object_marking_refs: [AMBER, TLP1_GREEN] })).toEqual({ tlp: TLP.AMBER })
    expect(await tlpOf({})).toBeUndefined()
  })

  it('is read from parts of the object and from labels as well', async () => {
    const granular = [{ marking_ref: AMBER, selectors: ['description'] }]
    expect(await tlpOf({ object_marking_refs: [TLP1_GREEN], granular_markings: granular })).toEqual({ tlp: TLP.AMBER })
    expect(await tlpOf({ labels: ['tlp:red', 'PAP:AMBER'] })).toEqual({ tlp: TLP.RED, pap: 3 })
  })

  it.each([
    ['TLP 1', { definition_type: 'tlp', definition: { tlp: 'amber' } }],
    ['its name', { name: 'TLP:AMBER' }],
    ['a statement', { definition_type: 'statement', definition: { statement: 'TLP:AMBER' } }],
    ['TLP 2', { extensions: { 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': { tlp_2_0: 'amber' } } }],
  ])('is read from a definition of the bundle by %s, before and after its use', async (_, definition) => {
    const marking = { type: 'marking-definition', id: OWN_MARKING, ...definition }
    const object = indicator(domain('a.example'), { object_marking_refs: [OWN_MARKING] })
    for (const text of [bundle(marking, object), bundle(object, marking)]) {
      expect(claims(await importText(text))[0]?.draft.marking).toEqual({ tlp: TLP.AMBER })
    }
  })

  it('that is defined nowhere is warned of', async () => {
    const [row] = claims(
      await importText(bundle(indicator(domain('a.example'), { object_marking_refs: [OWN_MARKING] }))),
    )
    expect(row?.draft.marking).toBeUndefined()
    expect(row?.warnings.map(warning => warning.code)).toContain('import-marking-unresolved')
  })

  it('goes with context as well', async () => {
    const [row] = await importText(bundle({ type: 'malware', id: id('malware'), object_marking_refs: [AMBER] }))
    expect(row).toMatchObject({ kind: 'context', marking: { tlp: TLP.AMBER } })
  })
})

describe('what refers to something that is not in the file', () => {
  const from = { type: 'malware', id: id('malware') }
  const to = { type: 'campaign', id: id('campaign') }
  const edge = { type: 'relationship', id: id('relationship'), source_ref: from.id, target_ref: to.id }
  const warningsOf = async (...objects: readonly unknown[]) =>
    (await importText(bundle(...objects))).flatMap(row =>
      row.kind === 'refused' ? [] : row.warnings.map(one => one.code),
    )

  it('goes in with a warning', async () => {
    expect(await warningsOf(edge, from)).toEqual(['import-reference-unresolved'])
    const report = { type: 'report', id: id('report'), object_refs: [from.id, to.id], created_by_ref: id('identity') }
    expect(await warningsOf(report, from)).toEqual(['import-reference-unresolved'])
  })

  it('and without one where what it means stands anywhere in the file', async () => {
    expect(await warningsOf(edge, from, to)).toEqual([])
    expect(await warningsOf(to, from, edge)).toEqual([])
  })
})

describe('what is no indicator in a bundle', () => {
  it('is kept as it is, in canonical JSON', async () => {
    const object = { type: 'x-own', id: id('x-own'), z: [1, { b: 'ä"\\', a: null }], 'a b': 1e21, __proto: true }
    const [row] = await importText(bundle(object))
    expect(row).toMatchObject({ kind: 'context', stixId: object.id })
    const json = (row as { json: string }).json
    expect(JSON.parse(json)).toEqual(object)
    expect(json.startsWith('{"__proto":true,"a b":1e+21,"id":')).toBe(true)
  })

  it('is refused when it is no STIX object or too large', async () => {
    const big = { type: 'note', id: id('note'), content: 'x'.repeat(CONTEXT_BYTES_MAX) }
    const rows = await importText(
      bundle(1, 'text', null, [], {}, { type: 'note' }, { type: 'note', id: id('malware') }, big),
    )
    expect(faults(rows)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6].map(index => `objects[${index}] import-stix-invalid`),
      'objects[7] import-object-too-large',
    ])
  })

  it('is nothing at all in an empty bundle', async () => {
    expect(await importText(bundle())).toEqual([])
    expect(await importText(JSON.stringify({ type: 'bundle', id: id('bundle') }))).toEqual([])
    expect(await importText('[]')).toEqual([])
  })
})

describe('a STIX file', () => {
  const one = indicator(domain('a.example'))
  const two = indicator(domain('b.example'))

  it('may be one object, a bare array, objects one to a line, or an envelope of TAXII', async () => {
    const both = ['domain a.example', 'domain b.example']
    expect(values(await importText(JSON.stringify(one)))).toEqual(['domain a.example'])
    expect(values(await importText(JSON.stringify([one, two], null, 2)))).toEqual(both)
    expect(values(await importText(`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`))).toEqual(both)
    expect(values(await importText(JSON.stringify({ more: false, objects: [one, two] })))).toEqual(both)
  })

  it.each([1, 5, 64, 65_536])('gives the same rows in chunks of %i bytes', async size => {
    const text = bundle(one, { type: 'note', id: 'note--00000000-0000-4000-8000-00000000000f', 'a"]}': '{[\\"' }, two)
    expect(await importText(text, {}, size)).toEqual(await importText(text))
  })

  it('may be UTF-8 with a mark or UTF-16', async () => {
    const text = JSON.stringify([one])
    expect(values(await importText(`\ufeff${text}`))).toEqual(['domain a.example'])
    const wide = new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))
    expect(values(await importText(wide, { format: 'stix' }))).toEqual(['domain a.example'])
  })

  it('loses only the object that is broken', async () => {
    const rows = await importText(
      `{"type":"bundle","objects":[${JSON.stringify(one)},{"type":"note",},${JSON.stringify(two)}]}`,
    )
    expect(values(rows)).toEqual(['domain a.example', 'domain b.example'])
    expect(faults(rows)).toEqual(['objects[1] import-json-invalid'])
  })

  it('that ends too early keeps what came before', async () => {
    const whole = bundle(one, two)
    const rows = await importText(whole.slice(0, -20))
    expect(values(rows)).toEqual(['domain a.example'])
    expect(faults(rows)).toEqual(['objects[1] import-json-invalid'])
    expect(faults(await importText(whole.slice(0, -2)))).toEqual(['objects[2] import-json-invalid'])
  })

  it('with brackets that close nothing says so', async () => {
    const rows = await importText(`[}, ${JSON.stringify(one)}}, 1} ]`, { format: 'stix' })
    expect(values(rows)).toEqual(['domain a.example'])
    expect(faults(rows).length).toBe(4)
  })

  it('with something after it says so', async () => {
    const rows = await importText(`${bundle(one)} and more`)
    expect(values(rows)).toEqual(['domain a.example'])
    expect(faults(rows)).toEqual(['after document 1 import-json-invalid'])
  })

  it('refuses an object that is nested too deep or too large to hold, and reads on', async () => {
    const deep = `{"type":"note","x":${'['.repeat(5000)}${']'.repeat(5000)}}`
    const huge = `{"type":"note","x":"${'y'.repeat(3 * 1024 * 1024)}"}`
    const rows = await importText(`{"objects":[${deep},${huge},${JSON.stringify(one)}]}`)
    expect(refusals(rows).map(row => row.reason)).toEqual([
      'the object is nested deeper than 64 levels',
      'the object is larger than 1048576 bytes',
    ])
    expect(values(rows)).toEqual(['domain a.example'])
  })

  it('does not take an object with a bad byte for a good one', async () => {
    const [before = '', after = ''] = JSON.stringify([indicator(domain('a.example'), { name: '#' })]).split('#')
    const bytes = Uint8Array.from([...new TextEncoder().encode(before), 0xff, ...new TextEncoder().encode(after)])
    expect(faults(await importText(bytes))).toEqual(['[0] import-json-invalid'])
  })

  it('lets only so many objects wait for what they refer to', async () => {
    const waiting = Array.from({ length: 5000 }, (_, index) =>
      indicator(domain(`h${index}.example`), { created_by_ref: IDENTITY }),
    )
    const rows = claims(await importText(bundle(...waiting, { type: 'identity', id: IDENTITY, name: 'CERT' })))
    expect(rows.length).toBe(5000)
    expect(rows.filter(row => row.draft.source === 'CERT').length).toBe(4096)
    expect(rows[0]?.draft.source).toBeUndefined()
  })
})
