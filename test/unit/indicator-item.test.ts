import { describe, expect, it } from 'vitest'
import { concat, EMPTY, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { buildClaim, encodeClaimItem } from '../../src/indicator/claim.ts'
import { itemHash, parseBatch, parseItem } from '../../src/indicator/item.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { type Codec, encode } from '../../src/wire/codec.ts'
import {
  Acknowledgement,
  Batch,
  GroupDoc,
  IncidentReport,
  IndicatorClaim,
  Item,
  Opinion,
  RequestForInformation,
  Sighting,
  StixObject,
  Withdrawal,
} from '../../src/wire/gen/tocsin.ts'
import { context } from '../support/indicator-claims.ts'

const id = new Uint8Array(16).fill(7)
const marking = { tlp: 2, pap: 0, exercise: 0 }
const claim = buildClaim({ type: 'domain', value: 'evil.example', confidence: 50 }, context())

function item<T>(type: number, codec: Codec<T>, fields: Partial<T>): Item {
  return { type, body: encode(codec, { ...codec.empty(), ...fields }) }
}

const indicator = (over: Partial<IndicatorClaim>) => item(ITEM.INDICATOR, IndicatorClaim, { ...claim, ...over })
const malformed = (reason: string) =>
  expect.objectContaining({ code: 'item-malformed', message: expect.stringContaining(reason) })

describe('an indicator item', () => {
  it('comes back as it was built', () => {
    expect(parseItem(encodeClaimItem(claim))).toEqual({
      kind: 'indicator',
      type: 'domain',
      value: 'evil.example',
      marking: { tlp: 2, pap: 0, exercise: false },
      claim,
    })
  })

  it('is merged under the canonical value, whatever spelling its author sent', () => {
    expect(parseItem(indicator({ value: 'EVIL.Example.' }))).toMatchObject({ value: 'evil.example' })
  })

  it('is kept where its type is of a later version', () => {
    expect(parseItem(indicator({ type: 'later', value: 'As Is' }))).toMatchObject({ type: 'later', value: 'As Is' })
  })

  it.each<[string, Partial<IndicatorClaim>, string]>([
    ['without an id', { id: EMPTY }, 'id is 0 bytes instead of 16'],
    ['with a long id', { id: new Uint8Array(17) }, 'id is 17 bytes instead of 16'],
    ['without a marking', { marking: undefined }, 'the marking is missing'],
    ['without a TLP', { marking: { tlp: 0, pap: 0, exercise: 0 } }, 'TLP 0'],
    ['with a TLP beyond RED', { marking: { tlp: 6, pap: 0, exercise: 0 } }, 'TLP 6'],
    ['with a confidence above 100', { confidencePlus1: 102 }, 'confidence_plus_1 is 102'],
    ['with an undefined lineage', { lineage: 3 }, 'lineage is 3'],
    ['without a type', { type: '' }, 'is no indicator type'],
    ['without a value', { value: '' }, 'the value is empty'],
    ['with a value that is none', { type: 'ipv4', value: '999.1.1.1' }, 'octet 999 is above 255'],
    ['with a Unicode domain', { value: 'bücher.example' }, 'is ASCII'],
    ['with a value beyond the cap', { type: 'later', value: 'x'.repeat(8193) }, 'a value of 8193 characters'],
    ['with a name beyond the cap', { name: 'x'.repeat(513) }, 'name has 513 characters'],
    ['with a description beyond the cap', { description: 'x'.repeat(16_385) }, 'description has 16385'],
    ['with too many labels', { labels: Array<string>(65).fill('x') }, 'number of labels is 65'],
    ['with a label beyond the cap', { labels: ['x'.repeat(513)] }, 'label has 513 characters'],
    ['with a control character', { source: 'a\x1b[2Jb' }, 'source contains control characters'],
    [
      'with too many references',
      { references: Array(65).fill({ sourceName: 's', url: '', externalId: '', description: '' }) },
      'number of references is 65',
    ],
  ])('%s is malformed', (_, over, reason) => {
    expect(() => parseItem(indicator(over))).toThrow(malformed(reason))
  })

  it('with bytes that are not canonical is malformed (R-0.5)', () => {
    const { type, body } = indicator({})
    expect(() => parseItem({ type, body: concat(body, Uint8Array.of(0x40, 0)) })).toThrow(malformed('canonical form'))
    expect(() => parseItem({ type, body: concat(body, Uint8Array.of(0xf8, 0x07, 1)) })).toThrow(malformed('decoded'))
    expect(() => parseItem({ type, body: body.subarray(0, -1) })).toThrow(malformed(''))
  })
})

describe('an item of another type', () => {
  const value = { type: 'domain', value: 'EVIL.example' }

  it.each<[string, Item, string]>([
    ['sighting', item(ITEM.SIGHTING, Sighting, { id, marking, ...value, count: 3 }), 'evil.example'],
    [
      'opinion',
      item(ITEM.OPINION, Opinion, { id, marking, ...value, opinion: 2, nation: 'BBB', claimId: id }),
      'evil.example',
    ],
  ])('is a %s under the canonical value', (kind, given, canonical) => {
    expect(parseItem(given)).toMatchObject({ kind, value: canonical })
  })

  it.each<[string, Item]>([
    ['withdrawal', item(ITEM.WITHDRAWAL, Withdrawal, { claimId: id, reason: 'false alarm' })],
    ['stix-object', item(ITEM.STIX_OBJECT, StixObject, { id, marking, json: '{"id":"tool--1","type":"tool"}' })],
    ['group', item(ITEM.GROUP, GroupDoc, { id, version: 1, name: 'g', members: ['AAA', 'BBB'] })],
    ['group', item(ITEM.GROUP, GroupDoc, { id, version: 2, prevHash: new Uint8Array(32), maxTlp: 5 })],
    ['incident', item(ITEM.INCIDENT, IncidentReport, { id, marking, title: 't', text: 'x' })],
    ['request', item(ITEM.REQUEST, RequestForInformation, { id, marking, title: 't' })],
    ['acknowledgement', item(ITEM.ACKNOWLEDGEMENT, Acknowledgement, { id, marking, itemId: id, nation: 'BBB' })],
  ])('is a %s', (kind, given) => {
    expect(parseItem(given).kind).toBe(kind)
  })

  it.each<[string, Item, string]>([
    ['a sighting without a marking', item(ITEM.SIGHTING, Sighting, { id, ...value }), 'the marking is missing'],
    ['a withdrawal of nothing', item(ITEM.WITHDRAWAL, Withdrawal, {}), 'claim_id is 0 bytes'],
    ['an opinion of none', item(ITEM.OPINION, Opinion, { id, marking, ...value }), 'opinion is 0'],
    [
      'an opinion on no nation',
      item(ITEM.OPINION, Opinion, { id, marking, ...value, opinion: 1, nation: 'b' }),
      'nation',
    ],
    ['a STIX object that is no JSON', item(ITEM.STIX_OBJECT, StixObject, { id, marking, json: '{' }), 'not JSON'],
    ['a STIX object without a type', item(ITEM.STIX_OBJECT, StixObject, { id, marking, json: '[1]' }), 'no type'],
    ['a group of version 0', item(ITEM.GROUP, GroupDoc, { id }), 'version is 0'],
    ['a group v2 without prev_hash', item(ITEM.GROUP, GroupDoc, { id, version: 2 }), 'prev_hash is 0 bytes'],
    [
      'a group v1 with prev_hash',
      item(ITEM.GROUP, GroupDoc, { id, version: 1, prevHash: new Uint8Array(32) }),
      'prev_hash',
    ],
    ['a group with a bad member', item(ITEM.GROUP, GroupDoc, { id, version: 1, members: ['x'] }), 'nation'],
    [
      'an acknowledgement of nothing',
      item(ITEM.ACKNOWLEDGEMENT, Acknowledgement, { id, marking, nation: 'BBB' }),
      'item_id',
    ],
  ])('is malformed as %s', (_, given, reason) => {
    expect(() => parseItem(given)).toThrow(malformed(reason))
  })

  it('is kept whole where its type is of a later version (R-0.4)', () => {
    const later = { type: 99, body: utf8('whatever') }
    expect(parseItem(later)).toEqual({ kind: 'unknown', ...later })
  })
})

describe('a batch', () => {
  const items = [encodeClaimItem(claim), { type: 99, body: utf8('later') }]

  it('gives its items in order', () => {
    expect(parseBatch(encode(Batch, { items }))).toEqual(items)
  })

  it('is malformed when it is empty, too full or not canonical', () => {
    expect(() => parseBatch(EMPTY)).toThrow(malformed('number of items is 0'))
    const full = encode(Batch, { items: Array<Item>(1025).fill({ type: 99, body: EMPTY }) })
    expect(() => parseBatch(full)).toThrow(malformed('number of items is 1025'))
    expect(() => parseBatch(Uint8Array.of(0x0a, 0x02, 0x08, 0x00))).toThrow(malformed('canonical form'))
    expect(() => parseBatch(new Uint8Array(65_537))).toThrow(malformed('at most 65536'))
  })
})

describe('the hash of an item', () => {
  it('is the SHA-256 of the encoded item (R-4.1)', () => {
    const given = encodeClaimItem(claim)
    expect(itemHash(given)).toEqual(sha256(encode(Item, given)))
  })
})
