import { parse as parseName } from 'tldts'
import type { Warninglist } from './warninglist.ts'
import { type CompiledWarninglist, compileWarninglist } from './warninglist-compile.ts'
import type { ListInForce, WarningAction } from './warninglists.ts'

/** What everybody knows to be no indicator, from the registries of the IANA and from who runs it. */
export function builtInWarninglists(): readonly ListInForce[] {
  return [...FACTS.map(factInForce), suffixes(PUBLIC_SUFFIXES, 'block'), suffixes(SHARED_SUFFIXES, 'warn')]
}

interface Fact {
  readonly name: string
  readonly description: string
  readonly action: WarningAction
  readonly kind: Warninglist['kind']
  readonly types: readonly string[]
  readonly entries: string
}

/** Raised with every change of an entry below. */
const VERSION = 1
const ADDRESSES = ['ipv4', 'ipv6', 'cidr', 'url']
const NAMES = ['domain', 'url', 'email']

const FACTS: readonly Fact[] = [
  {
    name: 'private-addresses',
    description: 'Networks that everybody has at home: RFC 1918, 3927, 4193, 4291, 6598.',
    action: 'block',
    kind: 'cidr',
    types: ADDRESSES,
    entries: '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10 fec0::/10',
  },
  {
    name: 'reserved-addresses',
    description: 'Addresses that are nobody on the Internet: RFC 6890 and the registries of the IANA.',
    action: 'block',
    kind: 'cidr',
    types: ADDRESSES,
    entries:
      '0.0.0.0/8 127.0.0.0/8 192.0.0.0/24 192.88.99.0/24 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 ' +
      '::/128 ::1/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001:2::/48 2001:10::/28 5f00::/16 ff00::/8',
  },
  {
    name: 'documentation-addresses',
    description: 'Addresses for examples and exercises: RFC 3849, 5737, 9637.',
    action: 'warn',
    kind: 'cidr',
    types: ADDRESSES,
    entries: '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20',
  },
  {
    name: 'documentation-names',
    description: 'Names for examples, exercises and tests: RFC 2606, 6761.',
    action: 'warn',
    kind: 'hostname',
    types: NAMES,
    entries: 'example test invalid example.com example.net example.org',
  },
  {
    name: 'local-names',
    description: 'Names that mean another machine in every network: RFC 6303, 6761, 6762, 8375.',
    action: 'block',
    kind: 'hostname',
    types: NAMES,
    entries:
      'localhost localdomain local internal home.arpa intranet private corp home lan ' +
      '10.in-addr.arpa 168.192.in-addr.arpa 127.in-addr.arpa 254.169.in-addr.arpa d.f.ip6.arpa 8.e.f.ip6.arpa ' +
      Array.from({ length: 16 }, (_, i) => `${16 + i}.172.in-addr.arpa`).join(' '),
  },
  {
    name: 'public-resolvers',
    description: 'Resolvers that are open to everybody: where they are blocked, names are not resolved any more.',
    action: 'block',
    kind: 'cidr',
    types: ADDRESSES,
    entries:
      // Cloudflare
      '1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 2606:4700:4700::1111 2606:4700:4700::1001 ' +
      '2606:4700:4700::1112 2606:4700:4700::1002 2606:4700:4700::1113 2606:4700:4700::1003 ' +
      // Google
      '8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844 2001:4860:4860::64 2001:4860:4860::6464 ' +
      // Quad9
      '9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 2620:fe::fe 2620:fe::9 ' +
      '2620:fe::10 2620:fe::fe:10 2620:fe::11 2620:fe::fe:11 ' +
      // OpenDNS
      '208.67.222.222 208.67.220.220 208.67.222.123 208.67.220.123 2620:119:35::35 2620:119:53::53 ' +
      // DNS4EU
      '86.54.11.1 86.54.11.201 86.54.11.100 86.54.11.200 2a13:1001::86:54:11:1 2a13:1001::86:54:11:201 ' +
      // AdGuard, CleanBrowsing, DNS.SB, Mullvad
      '94.140.14.14 94.140.15.15 2a10:50c0::ad1:ff 2a10:50c0::ad2:ff 185.228.168.9 185.228.169.9 ' +
      '185.222.222.222 45.11.45.11 194.242.2.2 ' +
      // Lumen, Vercara, Hurricane Electric
      '4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 64.6.64.6 64.6.65.6 156.154.70.1 156.154.71.1 74.82.42.42 2001:470:20::2 ' +
      // Yandex, AliDNS, 114DNS
      '77.88.8.8 77.88.8.1 2a02:6b8::feed:ff 2a02:6b8:0:1::feed:ff 223.5.5.5 223.6.6.6 2400:3200::1 2400:3200:baba::1 ' +
      '114.114.114.114 114.114.115.115',
  },
  {
    name: 'root-servers',
    description: 'The root servers of the DNS, as the IANA publishes them.',
    action: 'block',
    kind: 'cidr',
    types: ADDRESSES,
    entries:
      '198.41.0.4 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 ' +
      '192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33 2001:503:ba3e::2:30 2801:1b8:10::b ' +
      '2001:500:2::c 2001:500:2d::d 2001:500:a8::e 2001:500:2f::f 2001:500:12::d0d 2001:500:1::53 2001:7fe::53 ' +
      '2001:503:c27::2:30 2001:7fd::1 2001:500:9f::42 2001:dc3::35',
  },
  {
    name: 'empty-files',
    description: 'The hashes of nothing at all: of an empty file, of no imports.',
    action: 'block',
    kind: 'string',
    types: ['md5', 'sha1', 'sha256', 'sha512', 'imphash', 'ja3'],
    entries:
      'd41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709 ' +
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ' +
      'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce' +
      '47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  },
]

function factInForce({ action, types, entries, ...fact }: Fact): ListInForce {
  const list = {
    ...fact,
    version: VERSION,
    types: new Set(types),
    entries: ranges(entries, fact.kind),
    left: NOTHING_LEFT,
  }
  return { list: compileWarninglist(list), action }
}

function ranges(entries: string, kind: Warninglist['kind']): readonly string[] {
  const each = entries.split(' ')
  if (kind !== 'cidr') return each
  return each.map(entry => (entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`))
}

const NOTHING_LEFT = { count: 0, first: [] } as const

interface SuffixRule {
  readonly name: string
  readonly description: string
  readonly isMeant: (name: ReturnType<typeof parseName>) => boolean
}

const PUBLIC_SUFFIXES: SuffixRule = {
  name: 'public-suffixes',
  description: "Names such as co.uk, in which everybody's names end: the public suffix list, registries.",
  isMeant: name => name.isIcann === true,
}

const SHARED_SUFFIXES: SuffixRule = {
  name: 'shared-suffixes',
  description: 'Names such as github.io, under which strangers have theirs: the public suffix list, private part.',
  isMeant: name => name.isPrivate === true,
}

/** Domains come in canonical form: nothing to extract or to check. */
const NAME_OPTIONS = { allowPrivateDomains: true, extractHostname: false, validateHostname: false } as const

function suffixes({ name, description, isMeant }: SuffixRule, action: WarningAction): ListInForce {
  const list: CompiledWarninglist = {
    name,
    description,
    version: VERSION,
    kind: 'rule',
    types: new Set(['domain']),
    left: NOTHING_LEFT,
    size: 0,
    has: () => false,
    entryAt: () => '',
    find({ text }) {
      const parsed = parseName(text, NAME_OPTIONS)
      return parsed.publicSuffix === text && isMeant(parsed) ? text : undefined
    },
  }
  return { list, action }
}
