import { ProtocolError } from '../base/errors.ts'
import { VALUE_LENGTH_MAX } from '../wire/limits.ts'
import { isCryptoAddress } from './crypto-address.ts'
import { hashKindOf } from './file-hash.ts'
import { invalidValue, quoted } from './invalid.ts'
import { isMac } from './network-number.ts'
import { hasControls } from './text.ts'
import { assertTypeName, INDICATOR_TYPES } from './type.ts'

/** What an indicator is about: one of the types, and the one spelling of the value. */
export interface TypedValue {
  readonly type: string
  readonly value: string
}

export type Classified =
  | ({ readonly kind: 'value' } & TypedValue)
  | { readonly kind: 'host-port'; readonly host: TypedValue; readonly port: number }
  | { readonly kind: 'none'; readonly reason: string }

/**
 * The canonical value of any spelling, for whoever makes a claim or looks one up. Values of a type that is not known
 * here are trimmed and put in NFC. Throws ProtocolError `indicator-invalid` or `indicator-type`.
 */
export function canonicalValue(type: string, text: string): TypedValue {
  const trimmed = text.toWellFormed().trim()
  const known = INDICATOR_TYPES.get(type)
  // A rule too long says so itself, with what to do.
  if (known?.lengthMax === undefined) assertLength(trimmed)
  if (known === undefined) return receivedValue(type, trimmed.normalize('NFC'))
  return receivedValue(type, known.prepare === undefined ? trimmed : known.prepare(trimmed))
}

/**
 * The canonical value of what came over the wire: the part of `canonicalValue` that gives the same on every node,
 * whatever its Unicode tables, and that leaves a canonical value as it is. Throws as `canonicalValue` does.
 */
export function receivedValue(type: string, text: string): TypedValue {
  const known = INDICATOR_TYPES.get(type)
  assertLength(text, known?.lengthMax)
  if (known === undefined) {
    assertTypeName(type)
    if (hasControls(text)) throw invalidValue('the value has control characters in it')
    return { type, value: text }
  }
  const value = known.canonical(text)
  assertLength(value, known.lengthMax)
  return { type, value }
}

function assertLength(text: string, lengthMax = VALUE_LENGTH_MAX): void {
  if (text.length === 0) throw invalidValue('the value is empty')
  if (text.length > lengthMax) {
    throw invalidValue(`a value of ${text.length} characters; at most ${lengthMax} are allowed`)
  }
}

const ADDRESS_V4 = /^\d+(?:\.\d+){3}$/
const CVE_LIKE = /^CVE[-\u2010-\u2015]\d+[-\u2010-\u2015]\d+$/i
const ADDRESS_V6 = /^[0-9a-f]*(?::[0-9a-f.]*){2,}(?:%.*)?$/i
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i
const HOST_PORT = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i
const PORT_MAX = 65_535

/** Types whose values cannot be taken for anything else. */
const PLAIN: readonly (readonly [string, (text: string) => boolean])[] = [
  ['mac-address', isMac],
  ['asn', text => /^AS\d{1,10}$/i.test(text)],
  ['tlsh', text => /^T1[0-9A-F]{70}$/i.test(text)],
  ['ssdeep', text => /^\d+:[A-Za-z0-9+/]{6,64}:[A-Za-z0-9+/]{3,64}(?:,".*")?$/.test(text)],
  ['ja4', text => /^[tqd][\ds]\d[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/i.test(text)],
  ['registry-key', text => /^(?:HKLM|HKCU|HKCR|HKU|HKCC|HKEY_[A-Z_]+):?\\/i.test(text)],
  ['crypto-address', isCryptoAddress],
]

/**
 * Finds the type of a bare value, already refanged. A host with a path and no scheme is taken for http. A range of one
 * address is that address.
 */
export function classify(text: string): Classified {
  const value = text.toWellFormed().trim()
  try {
    return classifyTrimmed(value)
  } catch (cause) {
    if (cause instanceof ProtocolError) return { kind: 'none', reason: cause.message }
    throw cause
  }
}

function classifyTrimmed(text: string): Classified {
  assertLength(text)
  const hash = hashKindOf(text)
  if (hash !== undefined) return classifiedAs(hash.type, text)
  if (CVE_LIKE.test(text)) return classifiedAs('cve', text)
  if (SCHEME.test(text)) return classifiedAs('url', text)
  if (/^mailto:/i.test(text)) return classifiedAs('email', text.slice('mailto:'.length))
  const plain = PLAIN.find(([, isSuch]) => isSuch(text))
  if (plain !== undefined) return classifiedAs(plain[0], text)
  const hostPort = HOST_PORT.exec(text)
  if (hostPort !== null) return classifyHostPort(hostPort[1]!, hostPort[2]!)
  if (/^\[[0-9a-f:.]+\]$/i.test(text)) return classifiedAs('ipv6', text.slice(1, -1))
  if (/^[[(]/.test(text)) return classifiedAs('stix-pattern', text)
  if (text.includes('/')) return classifyWithSlash(text)
  if (text.includes('@')) return classifiedAs('email', text)
  return { kind: 'value', ...canonicalHost(text) }
}

function classifyHostPort(host: string, portText: string): Classified {
  const port = Number(portText)
  if (port === 0 || port > PORT_MAX) throw invalidValue(`port ${portText} is not between 1 and ${PORT_MAX}`)
  return { kind: 'host-port', host: canonicalHost(host.replace(/^\[|\]$/g, '')), port }
}

function classifyWithSlash(text: string): Classified {
  const slash = text.indexOf('/')
  const before = text.slice(0, slash)
  const after = text.slice(slash + 1)
  if (before === '') throw invalidValue(`${quoted(text)} is a path without a host`)
  if (ADDRESS_V6.test(before) || (ADDRESS_V4.test(before) && /^[\d.]+$/.test(after))) return classifyRange(text)
  // Only what starts with a real host is a URL: not "and/or", not a path, not a date.
  canonicalHost(before.replace(/:\d{1,5}$/, ''))
  return classifiedAs('url', `http://${text}`)
}

function classifyRange(text: string): Classified {
  const range = canonicalValue('cidr', text).value
  const [address = '', prefix] = range.split('/')
  if (address.includes(':')) return prefix === '128' ? classifiedAs('ipv6', address) : classifiedAs('cidr', range)
  return prefix === '32' ? classifiedAs('ipv4', address) : classifiedAs('cidr', range)
}

/** An address or a domain name. */
function canonicalHost(text: string): TypedValue {
  if (ADDRESS_V4.test(text)) return canonicalValue('ipv4', text)
  if (ADDRESS_V6.test(text)) return canonicalValue('ipv6', text)
  return canonicalValue('domain', text)
}

function classifiedAs(type: string, text: string): Classified {
  return { kind: 'value', ...canonicalValue(type, text) }
}
