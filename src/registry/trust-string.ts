import { concat, equalBytes, fromHex, readU32be, toHex, u32be } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import { type AllianceId, parseAllianceId, parseHash } from '../base/ids.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { type DocHashHex, docHashHex } from './doc-fields.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import { WORDS } from './words.ts'

/** What people compare out of band: a newcomer walks from version 1 and must arrive here. */
export interface Trust {
  readonly allianceId: AllianceId
  readonly version: number
  readonly hash: DocHashHex
}

const PREFIX = 'tocsin1-'
const CHECKSUM_BYTES = 4
const PAYLOAD_BYTES = 32 + 4 + 32
const WORDS_COUNT = 16
const FINGERPRINT_BYTES = 15

export function trustOf(registry: ParsedRegistryDoc): Trust {
  return { allianceId: registry.allianceId, version: registry.version, hash: registry.hash }
}

/** `tocsin1-` and base32 of `alliance_id || u32 version || hash || checksum`, lower case, 124 characters; fit for a QR code. */
export function encodeTrust(trust: Trust): string {
  const payload = payloadOf(trust)
  return PREFIX + encodeBase32(concat(payload, checksum(payload)))
}

/** Case and white space do not matter. Throws UserError `trust-string-malformed`. */
export function parseTrust(text: string): Trust {
  const compact = text.toLowerCase().replaceAll(/\s/g, '')
  if (!compact.startsWith(PREFIX)) throw malformed(`does not begin with ${PREFIX}`)
  const bytes = decodeBase32(compact.slice(PREFIX.length))
  if (bytes?.length !== PAYLOAD_BYTES + CHECKSUM_BYTES) throw malformed('has a wrong length or character')
  const payload = bytes.subarray(0, PAYLOAD_BYTES)
  if (!equalBytes(bytes.subarray(PAYLOAD_BYTES), checksum(payload))) throw malformed('has a typing error')
  return {
    allianceId: parseAllianceId(payload.slice(0, 32)),
    version: readU32be(payload, 32),
    hash: docHashHex(parseHash(payload.slice(36))),
  }
}

/** Sixteen words (128 bits) that two people read to each other. */
export function trustWords(trust: Trust): readonly string[] {
  const digest = labelledHash('tocsin/trust-words/v1', payloadOf(trust))
  return [...digest.subarray(0, WORDS_COUNT)].map(byte => WORDS[byte]!)
}

/** Twenty-four characters (120 bits) in groups of four, for a line on a screen. */
export function fingerprint(trust: Trust): string {
  const digest = labelledHash('tocsin/trust-words/v1', payloadOf(trust))
  return encodeBase32(digest.subarray(0, FINGERPRINT_BYTES)).match(/.{4}/g)!.join('-')
}

/**
 * Whether the walk that ended in `chain`, version 1 first, arrived at what the operator confirmed. `behind`: that
 * version has not come yet. Throws UserError `registry-fingerprint-mismatch`, which names both.
 */
export function checkTrust(expected: Trust, chain: readonly ParsedRegistryDoc[]): 'arrived' | 'behind' {
  const first = chain[0]
  const there = chain[expected.version - 1]
  const sameAlliance = first === undefined || equalBytes(first.allianceId, expected.allianceId)
  if (sameAlliance && there === undefined) return 'behind'
  if (sameAlliance && there?.hash === expected.hash) return 'arrived'
  const actual = trustOf(there ?? chain.at(-1)!)
  throw new UserError(
    'registry-fingerprint-mismatch',
    `the registry is ${fingerprint(actual)} (version ${actual.version}), the one confirmed is ${fingerprint(expected)} (version ${expected.version})`,
    {
      fix: 'Somebody has another registry, or altered this one on its way. Compare the words with a governor by telephone, and use nothing of it until they agree.',
      data: { actual: encodeTrust(actual), expected: encodeTrust(expected), alliance: toHex(actual.allianceId) },
    },
  )
}

function payloadOf({ allianceId, version, hash }: Trust): Uint8Array {
  return concat(allianceId, u32be(version), fromHex(hash))
}

function checksum(payload: Uint8Array): Uint8Array {
  return labelledHash('tocsin/trust/v1', payload).subarray(0, CHECKSUM_BYTES)
}

function malformed(fault: string): UserError {
  return new UserError('trust-string-malformed', `the trust string ${fault}`, {
    fix: 'Copy it whole, as "tocsin alliance show" prints it.',
  })
}
