import { describe, expect, it } from 'vitest'
import type { ExportedIndicator } from '../../src/formats/exported.ts'
import { stixObjectsOf } from '../../src/formats/out/stix-claims.ts'
import { contextObjectOf } from '../../src/formats/out/stix-context.ts'
import { stixMarkings } from '../../src/formats/stix-companion.ts'
import { stixIdentityId, stixIndicatorId, uuid5, uuidBytes } from '../../src/formats/stix-id.ts'
import { hexId, WELL_KNOWN } from '../support/export-samples.ts'
import { exportedClaim, exportedIndicator } from '../support/exported.ts'

type Fields = Readonly<Record<string, unknown>>

function objectsOf(indicator: ExportedIndicator): readonly Fields[] {
  const objects = stixObjectsOf(indicator)
  if ('left' in objects) throw new Error(objects.left)
  return objects
}

describe('ids', () => {
  it('are UUIDs of version 5 as RFC 9562 has them', () => {
    const dns = uuidBytes('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
    expect(uuid5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2')
  })

  it('are the same at every node and in every version of the software', () => {
    expect(stixIndicatorId('AUT', hexId(1))).toMatchInlineSnapshot(`"indicator--b6ae07fc-0bd9-5774-9ccc-ce2147e83b17"`)
    expect(stixIdentityId('AUT')).toMatchInlineSnapshot(`"identity--d3e37b42-e195-5aae-8cde-0d43ee36e806"`)
  })

  it('differ for the claims of two nations, though both name one source', () => {
    const sourceId = 'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f'
    const claims = ['AUT', 'NLD'].map(nation => exportedClaim({ nation, sourceId }))
    const [a, b] = objectsOf(exportedIndicator('domain', 'evil.example', { claims }))
    expect(a!['id']).not.toBe(b!['id'])
    expect([a!['id'], b!['id']]).not.toContain(sourceId)
  })
})

it.each([
  ['TLP:CLEAR', '94868c89-83c2-464b-929b-a1a8aa3c8487', 'clear'],
  ['TLP:GREEN', 'bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'green'],
  ['TLP:AMBER', '55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'amber'],
  ['TLP:AMBER+STRICT', '939a9414-2ddd-4d32-a0cd-375ea402b003', 'amber+strict'],
  ['TLP:RED', 'e828b379-4e03-4974-9ac4-e53a884c97c1', 'red'],
])('%s is the marking definition of the OASIS', (name, uuid, level) => {
  expect(stixMarkings(name, '')).toEqual([
    {
      type: 'marking-definition',
      spec_version: '2.1',
      id: `marking-definition--${uuid}`,
      created: '2022-10-01T00:00:00.000Z',
      name,
      extensions: {
        'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': {
          extension_type: 'property-extension',
          tlp_2_0: level,
        },
      },
    },
  ])
})

describe('what a nation takes back', () => {
  const claim = exportedClaim({ publishedMs: Date.UTC(2026, 5, 1, 12) })
  const withdrawn = (withdrawnMs: number) =>
    objectsOf(
      exportedIndicator('domain', 'evil.example', { claims: [], withdrawn: [{ claim, withdrawnMs, reason: '' }] }),
    )[0]!

  it('is revoked, under the id that it had, at the time of its withdrawal', () => {
    const [before] = objectsOf(exportedIndicator('domain', 'evil.example', { claims: [claim] }))
    const after = withdrawn(Date.UTC(2026, 5, 2))
    expect(after).toMatchObject({ id: before!['id'], created: before!['created'], revoked: true })
    expect(before).not.toHaveProperty('revoked')
    expect(after['modified']).toBe('2026-06-02T00:00:00.000Z')
  })

  it.each([0, Date.UTC(2026, 4, 1)])('is later than what was said, though the withdrawal is of %d', withdrawnMs => {
    expect(withdrawn(withdrawnMs)['modified']).toBe('2026-06-01T12:00:00.001Z')
  })
})

describe('validity', () => {
  const validity = (claim: Parameters<typeof exportedClaim>[0]) => {
    const [object] = objectsOf(exportedIndicator('domain', 'evil.example', { claims: [exportedClaim(claim)] }))
    return [object!['valid_from'], object!['valid_until']]
  }

  it('begins when it was said, and has no end where none was said', () => {
    expect(validity({ publishedMs: 1_000 })).toEqual(['1970-01-01T00:00:01.000Z', undefined])
  })

  it('has an end after its beginning, be it that it had ended when it was said', () => {
    expect(validity({ publishedMs: 9_000, validUntilMs: 5_000 })).toEqual([
      '1970-01-01T00:00:04.999Z',
      '1970-01-01T00:00:05.000Z',
    ])
  })

  it('ends with the year 9999 where others say so', () => {
    expect(validity({ publishedMs: 0, validUntilMs: Number.MAX_SAFE_INTEGER })[1]).toBe('9999-12-31T23:59:59.999Z')
  })
})

describe('a sighting and an opinion', () => {
  it('are of the first claim that there was, so that later ones change nothing', () => {
    const [known] = WELL_KNOWN
    const objects = objectsOf(known!)
    const sighting = objects.find(({ type }) => type === 'sighting')!
    expect(sighting['sighting_of_ref']).toBe(stixIndicatorId('BEL', hexId(0xa3)))
    const opinions = objects.filter(({ type }) => type === 'opinion')
    expect(opinions.map(({ opinion }) => opinion)).toEqual(['strongly-disagree', 'disagree'])
    expect(opinions[0]!['object_refs']).toEqual([stixIndicatorId('AUT', hexId(0xa1))])
  })

  it('on the value as such is of all claims, and newer with each that comes', () => {
    const opinion = { id: hexId(1), nation: 'BEL', tlp: 'TLP:GREEN', opinion: 'agree', about: '', comment: '' } as const
    const claims = [exportedClaim({ publishedMs: 1_000 }), exportedClaim({ id: hexId(2), publishedMs: 9_000 })]
    const opinionOn = (on: typeof claims) =>
      objectsOf(
        exportedIndicator('domain', 'evil.example', { claims: on, opinions: [{ ...opinion, publishedMs: 2_000 }] }),
      ).at(-1)!
    expect(opinionOn(claims.slice(0, 1))['modified']).toBe('1970-01-01T00:00:02.000Z')
    expect(opinionOn(claims)).toMatchObject({
      modified: '1970-01-01T00:00:09.000Z',
      created: '1970-01-01T00:00:02.000Z',
    })
  })
})

describe('a context object', () => {
  const context = (object: Fields, tlp = 'TLP:AMBER', pap = '') =>
    contextObjectOf({ nation: 'AUT', tlp, pap, json: JSON.stringify(object) }, ['AUT', 'NLD'])
  const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f'
  const amber = 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421'
  const red = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'

  it('is given on as it was where it is marked as it was published', () => {
    const object = { type: 'malware', id: `malware--${UUID}`, x_any: [1, { a: null }], object_marking_refs: [amber] }
    expect(context(object)).toEqual(object)
  })

  it.each([
    ['has no marking', undefined, 'TLP:AMBER', [amber]],
    ['is marked laxer', ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9'], 'TLP:AMBER', [amber]],
    ['is marked stricter', [red], 'TLP:AMBER', [red]],
  ])('that %s is marked as strictly as it may be meant', (_, refs, tlp, marked) => {
    const object = { type: 'malware', id: `malware--${UUID}`, ...(refs && { object_marking_refs: refs }) }
    expect(context(object, tlp)).toMatchObject({ object_marking_refs: marked })
  })

  it.each([
    ['another nation', { type: 'indicator', id: `indicator--${UUID}`, created_by_ref: stixIdentityId('NLD') }],
    ['what a nation is', { type: 'identity', id: stixIdentityId('NLD'), name: 'evil' }],
    ['what a colour is', { type: 'marking-definition', id: red, name: 'TLP:CLEAR' }],
    ['a bundle', { type: 'bundle', id: `bundle--${UUID}`, objects: [] }],
  ])('is left out where it speaks for others: %s', (_, object) => {
    expect(context(object)).toHaveProperty('left')
  })
})
