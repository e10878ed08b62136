import { type AddressRanges, buildAddressRanges } from '../../indicator/address-ranges.ts'
import { buildDomainSuffixes, type DomainSuffixes } from '../../indicator/domain-suffixes.ts'
import { addressPrefix } from '../../indicator/ip.ts'
import type { ExportContext } from '../exported.ts'

/** What an export may never block: names with all below them, addresses and ranges. Other types are passed over. */
export interface NeverBlocked {
  readonly domains: readonly string[]
  readonly addresses: readonly string[]
  /** Why this address or range, or name, cannot be blocked; undefined where it can. */
  whyNotAddress(text: string): string | undefined
  whyNotDomain(name: string): string | undefined
}

const ADDRESS_TYPES: ReadonlySet<string> = new Set(['ipv4', 'ipv6', 'cidr'])

export function neverBlocked({ allowed }: ExportContext): NeverBlocked {
  const domains = allowed.filter(({ type }) => type === 'domain').map(({ value }) => value)
  const addresses = allowed.filter(({ type }) => ADDRESS_TYPES.has(type)).map(({ value }) => value)
  const names: DomainSuffixes = buildDomainSuffixes(domains)
  const ranges: AddressRanges = buildAddressRanges(addresses)
  return {
    domains,
    addresses,
    whyNotAddress(text) {
      if (addressPrefix(text).length === 0) return 'a range of all addresses would block everything'
      if (ranges.size === 0 || !ranges.contains(text)) return undefined
      return 'the address or range lies in one that is never to be blocked'
    },
    whyNotDomain(name) {
      if (names.size === 0 || names.matches(name).length === 0) return undefined
      return 'the name is, or lies below, one that is never to be blocked'
    },
  }
}
