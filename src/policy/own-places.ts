import { ProtocolError } from '../base/errors.ts'
import { buildMappedRanges } from '../indicator/address-ranges.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { asciiName } from '../indicator/domain.ts'
import { buildDomainSuffixes } from '../indicator/domain-suffixes.ts'
import { domainOfEmail } from '../indicator/email.ts'
import { mappedPrefix } from '../indicator/ip.ts'
import { hostOfUrl } from '../indicator/url.ts'
import { plainText } from './plain-text.ts'

/** What belongs to the nation: tools that block what an ally says must not block that. */
export interface OwnPlaces {
  /** Why the indicator is, holds or lies in something of our own, as a clause; undefined where it does not. */
  check(indicator: TypedValue): string | undefined
}

/** Networks and domains in canonical form. */
export interface OwnPlacesOptions {
  readonly networks: readonly string[]
  readonly domains: readonly string[]
}

/** Rules and patterns name hosts anywhere in their text; by YARA mail is refused as well as files. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['stix-pattern', 'suricata', 'sigma', 'yara'])
/** An address or range, or a name, each as long as it goes: what an ally writes is read in time linear to its length. */
const HOST_IN_TEXT = /(\/\/)?([\p{L}\p{M}\p{N}_.:-]+(?:\/\d{1,3}(?![\p{L}\p{N}]))?)/gu
const EDGES = /^[.-]+|(?<![.:-])[.:-]+$/g
/** Bytes of a content of Suricata, and of a text of YARA or a regular expression. */
const HEX_IN_TEXT = /\|((?:[0-9A-Fa-f]{2} ?)+)\||\\x([0-9A-Fa-f]{2})/g
const ADDRESS = /^[\da-f.:]+(?:\/\d+)?$/i
const IPV4 = /^\d+(?:\.\d+){3}(?:\/\d+)?$/
/** DNS has no longer name; what stands before one does not matter. */
const HOST_LENGTH_MAX = 253
/** Of one text: what has more is of nobody's making that means well. */
const HOSTS_PER_TEXT_MAX = 4096

export function createOwnPlaces({ networks, domains }: OwnPlacesOptions): OwnPlaces {
  const ranges = buildMappedRanges(networks)
  const names = buildDomainSuffixes(domains)
  const above = new Set(domains.flatMap(parentsOf))

  function checkAddress(text: string): string | undefined {
    const [number] = ranges.overlapping(mappedPrefix(text))
    return number === undefined ? undefined : `it shares addresses with our ${networks[number]}`
  }

  function checkHost(host: string): string | undefined {
    const address = addressOf(host)
    if (address !== undefined) return checkAddress(address)
    const [number] = names.matches(host.toLowerCase())
    return number === undefined ? undefined : `it is our ${domains[number]}, or lies in it`
  }

  function checkName(name: string): string | undefined {
    return checkHost(name) ?? (above.has(name) ? 'a domain of ours lies below it' : undefined)
  }

  /** Text has numbers and colons of other kinds. */
  function checkIfAddress(text: string): string | undefined {
    try {
      return checkAddress(text)
    } catch (error) {
      if (error instanceof ProtocolError) return undefined
      throw error
    }
  }

  function checkText(text: string): string | undefined {
    let hosts = 0
    for (const [, slashes, found = ''] of bytesShown(plainText(text)).matchAll(HOST_IN_TEXT)) {
      const token = found.replace(EDGES, '')
      if (slashes === undefined && !/[.:]/.test(token)) continue
      if (hosts++ > HOSTS_PER_TEXT_MAX) return `it names more than ${HOSTS_PER_TEXT_MAX} hosts`
      const own = checkToken(token)
      if (own !== undefined) return own
    }
    return undefined
  }

  /** With a port, or a word and a colon before it. */
  function checkToken(token: string): string | undefined {
    const whole = ADDRESS.test(token) ? checkIfAddress(token) : undefined
    if (whole !== undefined) return whole
    for (const part of token.split(':')) {
      const own = IPV4.test(part) ? checkIfAddress(part) : checkHost(asciiHost(part.split('/')[0] ?? ''))
      if (own !== undefined) return own
    }
    return undefined
  }

  return {
    check({ type, value }) {
      switch (type) {
        case 'ipv4':
        case 'ipv6':
        case 'cidr':
          return checkAddress(value)
        case 'domain':
          return checkName(value)
        case 'url':
          return checkHost(hostOfUrl(value))
        case 'email':
          return checkHost(domainOfEmail(value))
        default:
          return TEXT_TYPES.has(type) ? checkText(value) : undefined
      }
    },
  }
}

function parentsOf(domain: string): string[] {
  const labels = domain.split('.')
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'))
}

function bytesShown(text: string): string {
  return text.replace(HEX_IN_TEXT, (_, bytes = '', byte = '') =>
    `${bytes}${byte}`.replaceAll(' ', '').replace(/../g, hex => String.fromCharCode(Number.parseInt(hex, 16))),
  )
}

/** As names are compared; what is none stays as it is. */
function asciiHost(part: string): string {
  const name = part.slice(-HOST_LENGTH_MAX)
  try {
    return asciiName(name)
  } catch (error) {
    if (error instanceof ProtocolError) return name
    throw error
  }
}

/** Browsers take `0x7f.1` and `2130706433` for addresses, too. */
function addressOf(host: string): string | undefined {
  if (host.includes(':')) return host
  if (!/^[0-9]/.test(host) || !/(?:^|\.)(?:0x[0-9a-f]*|\d+)$/i.test(host)) return undefined
  try {
    return new URL(`http://${host}/`).hostname
  } catch {
    return undefined
  }
}
