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

/** In DNS policy zones the name of the zone stands behind it, and a wildcard before it (RFC 1035 §2.3.4). */
const NAME_LENGTH_MAX = 220

/**
 * Judges a canonical value by its form alone, and by the suffix list of this version of the software; what it is known
 * for is said by warninglists.
 */
export function advise({ type, value }: TypedValue): readonly Advice[] {
  switch (type) {
    case 'cidr':
      return adviseRange(value)
    case 'domain':
      return adviseHost(value)
    case 'email':
      return adviseHost(domainOfEmail(value))
    case 'url':
      return [...adviseUserinfo(value), ...adviseHost(hostOfUrl(value))]
    default:
      return []
  }
}

function adviseRange(value: string): readonly Advice[] {
  const [address = '', prefixText] = value.split('/')
  const prefix = Number(prefixText)
  if (prefix === 0) {
    return [{ code: 'indicator-broad-range', severity: 'refuse', message: `${value} covers every address there is` }]
  }
  const bitsMin = PREFIX_BITS_MIN[address.includes(':') ? 6 : 4]
  return prefix < bitsMin ? [warn('indicator-broad-range', `${value} is broader than a /${bitsMin}`)] : []
}

function adviseHost(host: string): readonly Advice[] {
  if (ipaddr.isValid(host)) return []
  const shown = homographOf(host)
  const deceptive =
    shown === undefined ? [] : [warn('indicator-homograph', `${host} is written to be read as ${shown}`)]
  const long =
    host.length <= NAME_LENGTH_MAX
      ? []
      : [warn('indicator-long-name', `a name of ${host.length} characters: DNS policy zones have no room for it`)]
  return isUnknownName(host)
    ? [
        ...deceptive,
        ...long,
        warn('indicator-unknown-tld', `the top-level domain of ${host} is not in the public suffix list`),
      ]
    : [...deceptive, ...long]
}

/** Names for special use, such as onion services, are in no suffix list. */
function isUnknownName(host: string): boolean {
  const { isIcann, isPrivate, isSpecialUse } = parseName(host, NAME_OPTIONS)
  return isIcann !== true && isPrivate !== true && isSpecialUse !== true
}

/** They open something for whoever reads them, friend or foe. */
function adviseUserinfo(url: string): readonly Advice[] {
  return hasUserinfo(url) ? [warn('indicator-credentials', 'the URL holds a user name or a password')] : []
}

function warn(code: ErrorCode, message: string): Advice {
  return { code, severity: 'warn', message }
}
