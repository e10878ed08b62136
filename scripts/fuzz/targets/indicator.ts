import { utf8 } from '../../../src/base/bytes.ts'
import { ProtocolError } from '../../../src/base/errors.ts'
import { PatternSyntaxError } from '../../../src/formats/in/stix-pattern-error.ts'
import { canonicalValue } from '../../../src/indicator/canonical.ts'
import { parseIndicatorIdText } from '../../../src/indicator/indicator-id.ts'
import { itemHash, parseBatch, parseItem } from '../../../src/indicator/item.ts'
import { parsePap, parseTlp, tlpName } from '../../../src/indicator/marking.ts'
import { INDICATOR_TYPES } from '../../../src/indicator/type.ts'
import { encode } from '../../../src/wire/codec.ts'
import * as messages from '../../../src/wire/gen/tocsin.ts'
import { VALUES } from '../samples.ts'
import { assertHolds, type Target } from '../target.ts'
import { textOf } from '../text.ts'

const TYPES = [...INDICATOR_TYPES.keys()]

/** One text as every type of indicator. */
const value: Target = {
  name: 'indicator-value',
  form: 'text',
  lengthMax: 9000,
  tokens: ['xn--', '://', 'http', '%2e', '[::ffff:', '/24', '..', 'CVE-', '@', '?', '#', '\u3002', '\u00df', '0x7f.1'],
  seeds: () => VALUES.map(utf8),
  run(input) {
    const text = textOf(input)
    const accepted = TYPES.filter(type => isCanonical(type, text))
    return accepted.join(' ')
  },
}

function isCanonical(type: string, text: string): boolean {
  try {
    const { value } = canonicalValue(type, text)
    assertHolds(canonicalValue(type, value).value === value, `the canonical ${type} is canonical`)
    return true
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof PatternSyntaxError) return false
    throw error
  }
}

const batch: Target = {
  name: 'indicator-batch',
  form: 'protobuf',
  lengthMax: 16 * 1024,
  seeds: () => ITEMS.map(item => encode(messages.Batch, { items: [item] })),
  run(input) {
    const kinds = parseBatch(input).map(item => {
      assertHolds(itemHash(item).length === 32, 'an item has a hash')
      try {
        return parseItem(item).kind
      } catch (error) {
        if (error instanceof ProtocolError) return error.code
        throw error
      }
    })
    return [...new Set(kinds)].slice(0, 3).join(' ')
  },
}

const ID = new Uint8Array(16).fill(3)
const MARKING = { ...messages.Marking.empty(), tlp: 2 }
const body = <T>(codec: Parameters<typeof encode<T>>[0], fields: Partial<T>) =>
  encode(codec, { ...codec.empty(), ...fields })

const ITEMS: readonly messages.Item[] = [
  { type: 1, body: body(messages.IndicatorClaim, { id: ID, type: 'domain', value: 'a.example', marking: MARKING }) },
  { type: 2, body: body(messages.Sighting, { id: ID, type: 'ipv4', value: '192.0.2.1', marking: MARKING }) },
  { type: 3, body: body(messages.Withdrawal, { claimId: ID, reason: 'an error' }) },
  { type: 4, body: body(messages.Opinion, { id: ID, type: 'domain', value: 'a.example', opinion: 1 }) },
  { type: 5, body: body(messages.StixObject, { id: ID }) },
  { type: 6, body: body(messages.GroupDoc, { id: ID, version: 1, name: 'group', members: ['AAA', 'BBB'] }) },
  { type: 7, body: body(messages.IncidentReport, { id: ID }) },
  { type: 8, body: body(messages.RequestForInformation, { id: ID }) },
  { type: 9, body: body(messages.Acknowledgement, {}) },
]

const word: Target = {
  name: 'indicator-words',
  form: 'text',
  lengthMax: 256,
  tokens: ['TLP:', 'PAP:', 'AMBER+STRICT', 'WHITE', 'RED', 'GREEN'],
  seeds: () => ['TLP:AMBER+STRICT', 'pap:white', 'GREEN', 'ab'.repeat(16)].map(utf8),
  run(input) {
    const text = textOf(input)
    const readings = [
      () => assertHolds(parseTlp(tlpName(parseTlp(text))) === parseTlp(text), 'a marking is read as it is named'),
      () => void parsePap(text),
      () => assertHolds(parseIndicatorIdText(text).length === 16, 'an id is 16 bytes'),
    ]
    return readings.map(read => outcomeOf(read)).join(' ')
  },
}

function outcomeOf(read: () => void): string {
  try {
    read()
    return 'ok'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

export const indicatorTargets: readonly Target[] = [value, batch, word]
