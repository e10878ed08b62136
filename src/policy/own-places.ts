import { ProtocolError } from '../base/errors.ts'
import { buildAddressRanges } from '../indicator/address-ranges.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { buildDomainSuffixes } from '../indicator/domain-suffixes.ts'
import { domainOfEmail } from '../indicator/email.ts'
import { hostOfUrl } from '../indicator/url.ts'

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

/** Rules and patterns name hosts anywhere in their text. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['stix-pattern', 'suricata', 'sigma'])
/** An address or range, or a name. */
const HOST_IN_TEXT = /[0-9A-Fa-f:.]*[0-9A-Fa-f:](?:\/\d{1,3})?(?![A-Za-z0-9_.-])|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/g
/** Of one text: what has more is of nobody's making that means well. */
const HOSTS_PER_TEXT_MAX = 4096

export function createOwnPlaces({ networks, domains }: OwnPlacesOptions): OwnPlaces {
  const ranges = buildAddressRanges(networks)
  const names = buildDomainSuffixes(domains)
  const above = new Set(domains.flatMap(parentsOf))

  function checkAddress(text: string): string | undefined {
    const [number] = ranges.overlapping(text)
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
    for (const [token] of text.matchAll(HOST_IN_TEXT)) {
      if (hosts++ > HOSTS_PER_TEXT_MAX) return `it names more than ${HOSTS_PER_TEXT_MAX} hosts`
      const found = /[:/]|^[\d.]+$/.test(token) ? checkIfAddress(token) : checkHost(token)
      if (found !== undefined) return found
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
