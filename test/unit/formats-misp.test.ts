import { describe, expect, it } from 'vitest'
import { TLP } from '../../src/indicator/marking.ts'
import { claims, faults, importText, refusals, values } from '../support/import-bytes.ts'

const UUID = '5b646415-7b48-40d5-86b4-c0070acd0835'
const MD5 = '9e107d9d372bb6826bd81d3542a419d6'

function attribute(type: string, value: unknown, others: object = {}) {
  return {
    type,
    category: 'Network activity',
    to_ids: true,
    uuid: '5b646415-0000-40d5-86b4-c0070acd0001',
    value,
    ...others,
  }
}

function event(attributes: readonly object[], others: object = {}) {
  return { Event: { uuid: UUID, info: 'OSINT', Orgc: { name: 'CERT Auria' }, Attribute: attributes, ...others } }
}

const misp = (value: unknown, options = {}) => importText(JSON.stringify(value), { name: 'event.json', ...options })

describe('a MISP event', () => {
  it('says of each attribute what it says of itself, though it comes after them', async () => {
    const rows = await misp(
      event([attribute('domain', 'evil.example', { comment: 'C2', timestamp: '1533306089', Tag: [{ name: 'apt' }] })], {
        Tag: [{ name: 'tlp:amber+strict' }, { name: 'osint' }],
        Galaxy: [{ GalaxyCluster: [{ tag_name: 'misp-galaxy:threat-actor="Heron"' }] }],
      }),
    )
    expect(claims(rows)).toHaveLength(1)
    expect(claims(rows)[0]!.draft).toEqual({
      type: 'domain',
      value: 'evil.example',
      name: 'OSINT',
      description: 'C2',
      source: 'CERT Auria',
      sourceId: '5b646415-0000-40d5-86b4-c0070acd0001',
      validFromMs: 1_533_306_089_000,
      marking: { tlp: TLP.AMBER_STRICT },
      labels: ['apt', 'osint', 'misp-galaxy:threat-actor="Heron"'],
      references: [{ sourceName: 'MISP', externalId: UUID, description: 'OSINT' }],
    })
  })

  it.each([
    ['alone', event([attribute('domain', 'evil.example')])],
    ['without a wrapper', event([attribute('domain', 'evil.example')]).Event],
    ['in an answer', { response: [event([attribute('domain', 'evil.example')])] }],
    ['in a list', [event([attribute('domain', 'evil.example')])]],
    ['as the attributes of an answer', { response: { Attribute: [attribute('domain', 'evil.example')] } }],
    ['as a list of attributes', [attribute('domain', 'evil.example')]],
    ['as one attribute', attribute('domain', 'evil.example')],
  ])('is read %s', async (_, value) => {
    expect(values(await misp(value))).toEqual(['domain evil.example'])
  })

  it('names its attributes by their place', async () => {
    const rows = await misp({
      response: [event([attribute('comment', 'x')]), event([attribute('domain', 'a.example'), attribute('text', 'y')])],
    })
    expect(faults(rows)).toEqual([
      'event 1 Attribute[0] import-type-unsupported',
      'event 2 Attribute[1] import-type-unsupported',
    ])
  })

  it('takes the strictest of several colours, and never passes one from one event to the next', async () => {
    const rows = await misp([
      event([attribute('domain', 'a.example')], { Tag: [{ name: 'tlp:green' }, { name: ' TLP:RED' }] }),
      event([attribute('domain', 'b.example')]),
    ])
    expect(claims(rows).map(({ draft }) => draft.marking)).toEqual([{ tlp: TLP.RED }, undefined])
  })

  it('without a uuid goes in with a warning', async () => {
    const rows = await misp(event([attribute('domain', 'a.example')], { uuid: undefined }))
    expect(claims(rows)[0]!.warnings.map(({ code }) => code)).toContain('import-event-without-id')
  })

  it('that says nothing of itself leaves every other event as it is', async () => {
    const rows = await misp([{ SharingGroup: { name: 'x' } }, event([attribute('domain', 'a.example')])], {
      format: 'misp',
    })
    expect(faults(rows)).toEqual(['event 1 import-misp-invalid'])
    expect(values(rows)).toEqual(['domain a.example'])
  })
})

describe('what is not for everybody', () => {
  it.each([
    ['the event', event([attribute('domain', 'a.example', { distribution: '5' })], { distribution: '0' })],
    ['the attribute', event([attribute('domain', 'a.example', { distribution: 0 })], { distribution: '3' })],
    [
      'the object',
      event([], { Object: [{ name: 'x', distribution: '0', Attribute: [attribute('domain', 'a.example')] }] }),
    ],
    ['a sharing group', event([attribute('domain', 'a.example')], { distribution: '4' })],
  ])('by %s stays here unless the operator says otherwise', async (_, value) => {
    const [row, ...others] = refusals(await misp(value))
    expect(others).toEqual([])
    expect(row).toMatchObject({ code: 'import-distribution-limited', text: 'a.example' })
    expect(values(await misp(value, { restricted: true }))).toEqual(['domain a.example'])
  })

  it('may still be for everybody by an attribute of its own', async () => {
    const value = event([attribute('domain', 'a.example', { distribution: '3' })], { distribution: '0' })
    expect(values(await misp(value))).toEqual(['domain a.example'])
  })

  it('is refused with all of its event where the event ends before it says so', async () => {
    const text = JSON.stringify(
      event([attribute('domain', 'a.example'), attribute('domain', 'b.example')], { Tag: [{ name: 'tlp:red' }] }),
    )
    const rows = await importText(text.slice(0, text.indexOf('"Tag"')), { format: 'misp' })
    expect(values(rows)).toEqual([])
    expect([...faults(rows)].sort()).toEqual([
      'Attribute[0] import-json-invalid',
      'Attribute[1] import-json-invalid',
      'end of file import-json-invalid',
    ])
  })
})

describe('a MISP attribute', () => {
  it.each([
    ['ip-src', '192.0.2.1', ['ipv4 192.0.2.1'], ['misp:type="ip-src"']],
    ['ip-dst|port', '192.0.2.1|8080', ['ipv4 192.0.2.1'], ['port:8080', 'misp:type="ip-dst|port"']],
    ['hostname', 'a.evil.example', ['domain a.evil.example'], ['misp:type="hostname"']],
    ['domain|ip', 'evil.example|2001:db8::1', ['domain evil.example', 'ipv6 2001:db8::1'], ['misp:type="domain|ip"']],
    ['url', 'evil.example', ['domain evil.example'], ['misp:type="url"']],
    ['email-dst', 'A@evil.example', ['email a@evil.example'], ['misp:type="email-dst"']],
    ['malware-sample', `evil.bin|${MD5}`, [`md5 ${MD5}`], ['misp:type="malware-sample"']],
    ['filename|imphash', `evil.exe|${MD5}`, [`imphash ${MD5}`], ['misp:type="filename|imphash"']],
    ['filename', '%TEMP%\\evil.exe', ['filename evil.exe'], []],
    [
      'regkey|value',
      'HKCU\\Software\\Evil|1',
      ['registry-key HKEY_CURRENT_USER\\software\\evil'],
      ['misp:type="regkey|value"'],
    ],
    ['AS', 64_496, ['asn AS64496'], []],
    ['x509-fingerprint-md5', MD5, [`x509-fingerprint ${MD5}`], []],
    ['vulnerability', 'CVE-2021-44228', ['cve CVE-2021-44228'], []],
    ['yara', 'rule a {\r\n condition: true }', ['yara rule a {␊ condition: true }'], []],
    [
      'snort',
      'alert a any any -> any any (sid:1;)\nalert b any any -> any any (sid:2;)',
      ['suricata alert a any any -> any any (sid:1;)', 'suricata alert b any any -> any any (sid:2;)'],
      ['misp:type="snort"'],
    ],
  ])('%s %j', async (type, value, found, labels) => {
    const rows = await misp(event([attribute(type, value)]))
    expect(values(rows)).toEqual(found)
    const said = claims(rows)[0]!.draft.labels?.filter(label => label !== 'misp:type="snort"') ?? []
    expect(said).toEqual(labels.filter(label => label !== 'misp:type="snort"'))
  })

  it('keeps the name that came with a hash, and the data that came with a key', async () => {
    const rows = await misp(
      event([attribute('filename|md5', `evil.exe|${MD5}`), attribute('regkey|value', 'HKLM\\Evil|data')]),
    )
    expect(claims(rows).map(({ draft }) => [draft.name, draft.description])).toEqual([
      ['evil.exe', undefined],
      ['OSINT', 'data'],
    ])
  })

  it('that is not for detection goes in and says so, also where none of its event is', async () => {
    const rows = await misp(
      event([attribute('domain', 'a.example', { to_ids: false }), attribute('domain', 'b.example', { to_ids: '0' })]),
    )
    expect(claims(rows).map(({ draft }) => draft.labels)).toEqual([['misp:to_ids="0"'], ['misp:to_ids="0"']])
  })

  it('that is deleted, proposed, empty or no indicator is refused with the reason', async () => {
    const rows = await misp(
      event(
        [
          attribute('domain', 'a.example', { deleted: true }),
          attribute('domain', 'b.example', { deleted: '1' }),
          attribute('domain', ''),
          attribute('link', 'https://vendor.example/report'),
          attribute('domain', 'c.example', { ShadowAttribute: [attribute('domain', 'd.example')] }),
        ],
        {
          ShadowAttribute: [attribute('domain', 'e.example')],
          EventReport: [{ name: 'x', content: '# x' }],
          RelatedEvent: [event([])],
        },
      ),
    )
    expect(faults(rows)).toEqual([
      'Attribute[0] import-revoked',
      'Attribute[1] import-revoked',
      'Attribute[2] import-misp-invalid',
      'Attribute[3] import-type-unsupported',
      'Attribute[4].ShadowAttribute[0] import-not-an-indicator',
      'ShadowAttribute[0] import-not-an-indicator',
      'EventReport[0] import-not-an-indicator',
    ])
    expect(values(rows)).toEqual(['domain c.example'])
  })

  it('in an object is labelled with it, and goes with it', async () => {
    const objects = [
      { name: 'file', Attribute: [attribute('md5', MD5), attribute('text', 'x')] },
      { name: 'url', deleted: true, Attribute: [attribute('url', 'http://a.example/')] },
      { name: 'empty' },
    ]
    const rows = await misp(event([], { Object: objects }))
    expect(claims(rows).map(({ draft }) => draft.labels)).toEqual([['misp:object="file"']])
    expect(faults(rows)).toEqual([
      'Object[0].Attribute[1] import-type-unsupported',
      'Object[1].Attribute[0] import-revoked',
      'Object[2] import-not-an-indicator',
    ])
  })

  it('was seen when its sightings saw it, ends when one ends it, and is doubted when one doubts it', async () => {
    const sightings = [
      { type: '0', date_sighting: '1700000000' },
      { type: '0', date_sighting: '1600000000' },
      { type: '1', date_sighting: '1650000000' },
      { type: '2', date_sighting: '1800000000' },
    ]
    const [row] = claims(
      await misp(
        event([
          attribute('domain', 'a.example', { Sighting: sightings, first_seen: '2019-01-01T00:00:00.000000+00:00' }),
        ]),
      ),
    )
    expect(row!.draft).toMatchObject({
      firstSeenMs: Date.UTC(2019, 0, 1),
      lastSeenMs: 1_700_000_000_000,
      validUntilMs: 1_800_000_000_000,
    })
    expect(row!.warnings.filter(({ code }) => code.startsWith('import-'))).toEqual([
      {
        code: 'import-sighting-merged',
        severity: 'warn',
        message: '3 of its sightings were taken for no more than when this domain was seen, or ceased to count',
      },
      {
        code: 'import-false-positive',
        severity: 'warn',
        message: '1 of its sightings call this domain a false positive',
      },
    ])
  })

  it('that is nested too deep or too large to hold is refused, and the next is read', async () => {
    const deep = `{"type":"domain","value":"x","x":${'['.repeat(64)}${']'.repeat(64)}}`
    const huge = `{"type":"comment","value":"${'y'.repeat(3 * 1024 * 1024)}"}`
    const rows = await importText(`{"Event":{"Attribute":[${deep},${huge},{"type":"domain","value":"a.example"}]}}`)
    expect(refusals(rows).map(row => row.reason)).toEqual([
      'the object is nested deeper than 64 levels',
      'the object is larger than 1048576 bytes',
    ])
    expect(values(rows)).toEqual(['domain a.example'])
  })

  it('that is broken JSON costs only itself', async () => {
    const text =
      '{"Event":{"uuid":"x","Attribute":[{"type":"domain","value":"a.example"},{"type":},{"type":"domain","value":"b.example"}]}}'
    const rows = await importText(text, { format: 'misp' })
    expect(values(rows)).toEqual(['domain a.example', 'domain b.example'])
    expect(faults(rows)).toEqual(['Attribute[1] import-json-invalid'])
  })
})
