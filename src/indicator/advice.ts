import ipaddr from 'ipaddr.js'
import { parse as parseName } from 'tldts'
import type { ErrorCode } from '../base/codes.ts'
import type { TypedValue } from './canonical.ts'
import { domainOfEmail } from './email.ts'
import { homographOf } from './homograph.ts'
import { hasUserinfo, hostOfUrl } from './url.ts'

/** What is well formed and yet doubtful as an indicator. To refuse or to warn of when publishing, never on receipt. */
export interface Advice {
  readonly code: ErrorCode
  readonly severity: 'refuse' | 'warn'
  readonly message: string
}

/** The hosts come in canonical form: nothing to extract or to check. */
const NAME_OPTIONS = {
  allowPrivateDomains: true,
  detectSpecialUse: true,
  extractHostname: false,
  validateHostname: false,
} as const

/** The prefix length below which a range is broader than any one operator's: warned of. */
const PREFIX_BITS_MIN = { 4: 8, 6: 19 } as const

/** Kinds of ranges that belong to nobody on the public Internet (RFC 6890 and successors). */
const SPECIAL_RANGES: ReadonlyMap<string, string> = new Map([
  ['unspecified', 'means no address'],
  ['broadcast', 'is the broadcast address'],
  ['multicast', 'is a multicast address'],
  ['linkLocal', 'is valid on one link only'],
  ['loopback', 'is the machine itself'],
  ['carrierGradeNat', 'is shared behind a carrier (RFC 6598)'],
  ['private', 'is private (RFC 1918)'],
  ['uniqueLocal', 'is private (RFC 4193)'],
  ['deprecatedSiteLocal', 'is private (RFC 3879)'],
  ['discard', 'is for discarding (RFC 6666)'],
  ['benchmarking', 'is for benchmarks'],
  ['reserved', 'is reserved or for documentation'],
])

/** Of an empty file, in every algorithm: matches on every machine. */
const EMPTY_FILE_HASHES: ReadonlySet<string> = new Set([
  'd41d8cd98f00b204e9800998ecf8427e',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
])

/** Judges a canonical value by the suffix list and address registries of this version of the software. */
export function advise({ type, value }: TypedValue): readonly Advice[] {
  switch (type) {
    case 'ipv4':
    case 'ipv6':
      return adviseAddress(value)
    case 'cidr':
      return adviseRange(value)
    case 'domain':
      return adviseDomain(value)
    case 'email':
      return adviseHost(domainOfEmail(value))
    case 'url':
      return [...adviseUserinfo(value), ...adviseHost(hostOfUrl(value))]
    default:
      return EMPTY_FILE_HASHES.has(value) ? [warn('indicator-empty-file', 'this is the hash of the empty file')] : []
  }
}

function adviseAddress(value: string): readonly Advice[] {
  const meaning = SPECIAL_RANGES.get(ipaddr.process(value).range())
  return meaning === undefined ? [] : [warn('indicator-special-address', `${value} ${meaning}`)]
}

function adviseRange(value: string): readonly Advice[] {
  const [address = '', prefixText] = value.split('/')
  const prefix = Number(prefixText)
  if (prefix === 0) {
    return [{ code: 'indicator-broad-range', severity: 'refuse', message: `${value} covers every address there is` }]
  }
  const bitsMin = PREFIX_BITS_MIN[address.includes(':') ? 6 : 4]
  const broad = prefix < bitsMin ? [warn('indicator-broad-range', `${value} is broader than a /${bitsMin}`)] : []
  return [...broad, ...adviseAddress(address)]
}

function adviseDomain(value: string): readonly Advice[] {
  const name = parseName(value, NAME_OPTIONS)
  if (name.publicSuffix === value && name.isIcann === true) {
    const message = `${value} is a public suffix: everybody's names end in it`
    return [{ code: 'indicator-public-suffix', severity: 'refuse', message }]
  }
  if (name.publicSuffix === value && name.isPrivate === true) {
    return [warn('indicator-shared-suffix', `under ${value} many unrelated parties have their names`)]
  }
  return adviseName(value, name)
}

/** Of something larger, in whose host a public suffix alone does no harm. */
function adviseHost(host: string): readonly Advice[] {
  if (ipaddr.isValid(host)) return adviseAddress(host)
  return adviseName(host, parseName(host, NAME_OPTIONS))
}

/** They open something for whoever reads them, friend or foe. */
function adviseUserinfo(url: string): readonly Advice[] {
  return hasUserinfo(url) ? [warn('indicator-credentials', 'the URL holds a user name or a password')] : []
}

function adviseName(host: string, name: ReturnType<typeof parseName>): readonly Advice[] {
  const shown = homographOf(host)
  const deceptive =
    shown === undefined ? [] : [warn('indicator-homograph', `${host} is written to be read as ${shown}`)]
  return [...deceptive, ...adviseSuffix(host, name)]
}

function adviseSuffix(host: string, name: ReturnType<typeof parseName>): readonly Advice[] {
  // Onion services are special-use names and real indicators.
  if (name.publicSuffix === 'onion') return []
  if (name.isSpecialUse === true) {
    return [warn('indicator-special-name', `${host} is a name for special use (RFC 6761)`)]
  }
  if (name.isIcann !== true && name.isPrivate !== true) {
    return [warn('indicator-unknown-tld', `the top-level domain of ${host} is not in the public suffix list`)]
  }
  return []
}

function warn(code: ErrorCode, message: string): Advice {
  return { code, severity: 'warn', message }
}
