import { utf8 } from '../base/bytes.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { domainOfEmail } from '../indicator/email.ts'
import { nextHash, type PackedTexts } from '../indicator/packed-texts.ts'
import { hostOfUrl } from '../indicator/url.ts'

/** A value, prepared to be asked of many lists: what hashing and reading it costs is paid once. */
export interface WarninglistSubject {
  readonly type: string
  /** In lower case, as entries are. */
  readonly text: string
  /** Of the text. */
  readonly hashed: HashedText
  /** Undefined for what has no host name: an address has none. */
  readonly host: HashedHost | undefined
  /** The address or range that it is, or that stands as the host of the URL. */
  readonly address: string | undefined
  /** The same of one IPv4 address, as a number. */
  readonly ipv4: number | undefined
}

export interface HashedText {
  readonly bytes: Uint8Array
  readonly hash: number
}

/** A name and those that it lies below, the whole first. */
export interface HashedHost {
  readonly name: string
  /** With a dot before the name. */
  readonly bytes: Uint8Array
  /** Where each begins in the bytes, and its hash without and with the dot before it. */
  readonly names: readonly { readonly start: number; readonly hash: number; readonly dottedHash: number }[]
}

/** All tables of lists begin with it, so that one hash serves them all; whoever writes lists is trusted. */
export const WARNINGLIST_SEED = 0x811c_9dc5

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const DOT = 0x2e

/** Of a canonical value. */
export function warninglistSubject({ type, value }: TypedValue): WarninglistSubject {
  const text = value.toLowerCase()
  const host = hostOf(type, text)
  const address = addressOf(type, value, host)
  return {
    type,
    text,
    hashed: hashedText(text),
    host: host === undefined || address !== undefined ? undefined : hashedHost(host),
    address,
    ipv4: address === undefined ? undefined : ipv4Number(address),
  }
}

export function placeOf(texts: PackedTexts, { bytes, hash }: HashedText): number {
  return texts.findBytes(bytes, 0, bytes.length, hash)
}

function hostOf(type: string, text: string): string | undefined {
  switch (type) {
    case 'domain':
      return text
    case 'url':
      return hostOfUrl(text)
    case 'email':
      return domainOfEmail(text)
    default:
      return undefined
  }
}

function addressOf(type: string, value: string, host: string | undefined): string | undefined {
  if (type === 'ipv4' || type === 'ipv6' || type === 'cidr') return value
  return type === 'url' && host !== undefined && (host.includes(':') || IPV4.test(host)) ? host : undefined
}

function ipv4Number(address: string): number | undefined {
  const octets = IPV4.exec(address)
  if (octets === null) return undefined
  return ((Number(octets[1]) << 24) | (Number(octets[2]) << 16) | (Number(octets[3]) << 8) | Number(octets[4])) >>> 0
}

function hashedText(text: string): HashedText {
  const bytes = utf8(text)
  let hash = WARNINGLIST_SEED
  for (let at = bytes.length - 1; at >= 0; at--) hash = nextHash(hash, bytes[at]!)
  return { bytes, hash }
}

function hashedHost(name: string): HashedHost {
  const bytes = utf8(`.${name}`)
  const names: HashedHost['names'][number][] = []
  let hash = WARNINGLIST_SEED
  for (let at = bytes.length - 1; at > 0; at--) {
    hash = nextHash(hash, bytes[at]!)
    if (bytes[at - 1] === DOT) names.push({ start: at, hash, dottedHash: nextHash(hash, DOT) })
  }
  return { name, bytes, names: names.reverse() }
}
