import { ProtocolError } from '../base/errors.ts'
import { canonicalCve, plainDashes } from './cve.ts'
import { asciiName, canonicalDomain } from './domain.ts'
import { asciiDomainEmail, canonicalEmail } from './email.ts'
import { canonicalHash } from './file-hash.ts'
import { canonicalCidr, canonicalIpv4, canonicalIpv6 } from './ip.ts'
import { canonicalStixPattern } from './stix-pattern.ts'
import { asciiHostUrl, canonicalUrl } from './url.ts'

export interface IndicatorType {
  /** For people. */
  readonly label: string
  readonly example: string
  /**
   * Any spelling in ASCII to the canonical one; throws `indicator-invalid`. Part of the protocol: the same result on
   * every node and for ever, so no Unicode table, locale, suffix list or clock.
   */
  readonly canonical: (text: string) => string
  /** What only the author of a claim does before that, with the tables of its own machine. */
  readonly prepare?: (text: string) => string
}

/** A type joins by one entry here. An older node keeps what it does not know as it came. */
const TYPES = {
  ipv4: { label: 'IPv4 address', example: '192.0.2.1', canonical: canonicalIpv4 },
  ipv6: { label: 'IPv6 address', example: '2001:db8::1', canonical: canonicalIpv6 },
  cidr: { label: 'address range', example: '198.51.100.0/24', canonical: canonicalCidr },
  domain: { label: 'domain name', example: 'evil.example', canonical: canonicalDomain, prepare: asciiName },
  url: { label: 'URL', example: 'https://evil.example/a', canonical: canonicalUrl, prepare: asciiHostUrl },
  email: { label: 'e-mail address', example: 'a@evil.example', canonical: canonicalEmail, prepare: asciiDomainEmail },
  md5: { label: 'MD5', example: '9e107d9d372bb6826bd81d3542a419d6', canonical: canonicalHash(32) },
  sha1: { label: 'SHA-1', example: '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12', canonical: canonicalHash(40) },
  sha256: {
    label: 'SHA-256',
    example: 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592',
    canonical: canonicalHash(64),
  },
  sha512: {
    label: 'SHA-512',
    example:
      '07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64' +
      '2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6',
    canonical: canonicalHash(128),
  },
  cve: { label: 'vulnerability', example: 'CVE-2021-44228', canonical: canonicalCve, prepare: plainDashes },
  'stix-pattern': {
    label: 'STIX pattern',
    example: "[domain-name:value = 'evil.example']",
    canonical: canonicalStixPattern,
  },
} as const satisfies Record<string, IndicatorType>

export const INDICATOR_TYPES: ReadonlyMap<string, IndicatorType> = new Map(Object.entries(TYPES))

const TYPE_NAME = /^[a-z][a-z0-9-]{0,31}$/

/** Known types and those of later versions alike. Throws `indicator-type`. */
export function assertTypeName(type: string): void {
  if (!TYPE_NAME.test(type)) {
    throw new ProtocolError('indicator-type', `${JSON.stringify(type.slice(0, 40))} is no indicator type`, {
      fix: `Use one of ${[...INDICATOR_TYPES.keys()].join(', ')}.`,
    })
  }
}
