import { ProtocolError } from '../base/errors.ts'
import { RULE_LENGTH_MAX } from '../wire/limits.ts'
import { canonicalCryptoAddress } from './crypto-address.ts'
import { canonicalCve, plainDashes } from './cve.ts'
import { asciiName, canonicalDomain } from './domain.ts'
import { asciiDomainEmail, canonicalEmail } from './email.ts'
import { canonicalHash } from './file-hash.ts'
import { canonicalCertificateHash, canonicalJa4 } from './fingerprint.ts'
import { bareSsdeep, canonicalSsdeep, canonicalTlsh } from './fuzzy-hash.ts'
import { baseFileName, canonicalFileName, canonicalName, canonicalRegistryKey, toNfc } from './host-artifact.ts'
import { canonicalCidr, canonicalIpv4, canonicalIpv6 } from './ip.ts'
import { canonicalAsn, canonicalMac } from './network-number.ts'
import { canonicalRule, prepareSigma, prepareSuricata, prepareYara, ruleText } from './rule.ts'
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
  /** Of a value, in UTF-16 units; `VALUE_LENGTH_MAX` where it is left out. */
  readonly lengthMax?: number
  /** What the canonical value stands for, where tools must be given that. */
  readonly text?: (value: string) => string
}

const RULE = { canonical: canonicalRule, lengthMax: RULE_LENGTH_MAX, text: ruleText } as const

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
  ssdeep: {
    label: 'ssdeep',
    example: '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C',
    canonical: canonicalSsdeep,
    prepare: bareSsdeep,
  },
  tlsh: {
    label: 'TLSH',
    example: 'T1E8719D0B82A1D4A2F6E16C2C0A1D3B4C5D6E7F8091A2B3C4D5E6F708192A3B4C5D6E7F',
    canonical: canonicalTlsh,
  },
  imphash: { label: 'import hash', example: 'f34d5f2d4577ed6d9ceec516c1f5a744', canonical: canonicalHash(32) },
  filename: { label: 'file name', example: 'invoice.pdf.exe', canonical: canonicalFileName, prepare: baseFileName },
  ja3: { label: 'JA3', example: 'e7d705a3286e19ea42f587b344ee6865', canonical: canonicalHash(32) },
  ja4: { label: 'JA4', example: 't13d1516h2_8daaf6152771_e5627efa2ab1', canonical: canonicalJa4 },
  mutex: { label: 'mutex', example: 'Global\\evil-mutex', canonical: canonicalName('mutex'), prepare: toNfc },
  'registry-key': {
    label: 'registry key',
    example: 'HKEY_CURRENT_USER\\software\\evil',
    canonical: canonicalRegistryKey,
    prepare: toNfc,
  },
  asn: { label: 'autonomous system', example: 'AS64496', canonical: canonicalAsn },
  'x509-fingerprint': {
    label: 'certificate',
    example: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    canonical: canonicalCertificateHash,
  },
  'user-agent': { label: 'user agent', example: 'Evil/1.0', canonical: canonicalName('user agent'), prepare: toNfc },
  'crypto-address': {
    label: 'cryptocurrency address',
    example: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    canonical: canonicalCryptoAddress,
  },
  'mac-address': { label: 'MAC address', example: '00:00:5e:00:53:01', canonical: canonicalMac },
  yara: {
    ...RULE,
    label: 'YARA rule',
    example: 'rule evil {\u240a\u2409condition: false\u240a}',
    prepare: prepareYara,
  },
  sigma: {
    ...RULE,
    label: 'Sigma rule',
    example: 'title: evil\u240alogsource:\u240a  category: dns\u240adetection:\u240a  condition: all of them',
    prepare: prepareSigma,
  },
  suricata: {
    ...RULE,
    label: 'Suricata rule',
    example: 'alert dns any any -> any any (msg:"evil"; dns.query; content:"evil.example"; sid:1;)',
    prepare: prepareSuricata,
  },
} as const satisfies Record<string, IndicatorType>

export const INDICATOR_TYPES: ReadonlyMap<string, IndicatorType> = new Map(Object.entries(TYPES))

/** The value as tools read it: the same but for rules, which have lines there. */
export function indicatorText({ type, value }: { readonly type: string; readonly value: string }): string {
  return INDICATOR_TYPES.get(type)?.text?.(value) ?? value
}

const TYPE_NAME = /^[a-z][a-z0-9-]{0,31}$/

/** Known types and those of later versions alike. Throws `indicator-type`. */
export function assertTypeName(type: string): void {
  if (!TYPE_NAME.test(type)) {
    throw new ProtocolError('indicator-type', `${JSON.stringify(type.slice(0, 40))} is no indicator type`, {
      fix: `Use one of ${[...INDICATOR_TYPES.keys()].join(', ')}.`,
    })
  }
}
