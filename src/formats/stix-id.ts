import { sha1 } from '@noble/hashes/legacy.js'
import { concat, fromHex, toHex, utf8 } from '../base/bytes.ts'

/**
 * Ids of the STIX objects that stand for what is said here: UUIDv5 in a namespace of our own (that of observables is not
 * for domain objects, STIX 2.1 §2.9), so that every node gives one thing one id.
 */

const NAMESPACE = uuidBytes('add40edc-56e1-4341-b33e-a6e6c1efcf09')

/** Of as many as an alliance has: each object names one or two of them. */
const IDENTITIES_MAX = 1024
const identities = new Map<string, string>()

export function stixIdentityId(nation: string): string {
  const known = identities.get(nation)
  if (known !== undefined) return known
  const id = idOf('identity', nation)
  if (identities.size === IDENTITIES_MAX) identities.clear()
  identities.set(nation, id)
  return id
}

/** Of a claim: `(nation, id)` names it; `claimId` in hex. */
export function stixIndicatorId(nation: string, claimId: string): string {
  return idOf('indicator', nation, claimId)
}

export function stixSightingId(nation: string, sightingId: string): string {
  return idOf('sighting', nation, sightingId)
}

export function stixOpinionId(nation: string, opinionId: string): string {
  return idOf('opinion', nation, opinionId)
}

export function stixMarkingStatementId(statement: string): string {
  return idOf('marking-definition', statement)
}

/** Of the nth bundle of a name that a nation makes, at a time. */
export function stixBundleId(nation: string, name: string, serial: number, madeMs: number): string {
  return idOf('bundle', nation, name, String(serial), String(madeMs))
}

/** A UUIDv5 in our namespace, of a kind of thing and what names one of them. */
export function ownUuid(...names: readonly string[]): string {
  return uuid5(NAMESPACE, JSON.stringify(names))
}

/** RFC 9562 §5.5; `namespace` is 16 bytes. */
export function uuid5(namespace: Uint8Array, name: string): string {
  const bytes = sha1(concat(namespace, utf8(name))).subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = toHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function uuidBytes(uuid: string): Uint8Array {
  return fromHex(uuid.replaceAll('-', ''))
}

function idOf(type: string, ...names: readonly string[]): string {
  return `${type}--${ownUuid(type, ...names)}`
}
