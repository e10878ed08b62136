import type { TypedValue } from '../indicator/canonical.ts'
import { indicatorText } from '../indicator/type.ts'
import type { TypeHint } from './type-hint.ts'

/** How the types of indicators are called in STIX and MISP: the one table from which imports read and exports write. */
interface TypeMapping {
  /** How a value that is called so is read; the type itself where it is left out. */
  readonly hint?: TypeHint
  /** Properties by which STIX patterns name it: the first is written, all are read. */
  readonly stix: readonly string[]
  /** Of a value that is a rule: the `pattern_type` of STIX. */
  readonly language?: string
  readonly misp: MispMapping
}

interface MispMapping {
  readonly category: MispCategory
  /** The type that is written, for all values or for this one. */
  readonly write: string | ((value: string) => string)
  /** All that are read. */
  readonly read: readonly string[]
}

type MispCategory =
  | 'Network activity'
  | 'Payload delivery'
  | 'External analysis'
  | 'Artifacts dropped'
  | 'Persistence mechanism'
  | 'Financial fraud'

const CERTIFICATE_HASHES: ReadonlyMap<number, readonly [string, string]> = new Map([
  [32, ['MD5', 'md5']],
  [40, ['SHA-1', 'sha1']],
  [64, ['SHA-256', 'sha256']],
])

const network = (write: string, read: readonly string[] = [write]): MispMapping => ({
  category: 'Network activity',
  write,
  read,
})
const payload = (write: string, read: readonly string[] = [write]): MispMapping => ({
  category: 'Payload delivery',
  write,
  read,
})

const TYPE_MAPPINGS: ReadonlyMap<string, TypeMapping> = new Map<string, TypeMapping>([
  [
    'ipv4',
    {
      hint: 'host',
      stix: ['ipv4-addr:value', 'network-traffic:dst_ref.value', 'network-traffic:src_ref.value'],
      misp: network('ip-dst', ['ip-dst', 'ip-src', 'ip']),
    },
  ],
  ['ipv6', { hint: 'host', stix: ['ipv6-addr:value'], misp: network('ip-dst', []) }],
  ['cidr', { hint: 'host', stix: [], misp: network('ip-dst', []) }],
  ['domain', { hint: 'host', stix: ['domain-name:value'], misp: network('domain', ['domain', 'hostname']) }],
  ['url', { hint: 'url', stix: ['url:value'], misp: network('url', ['url', 'uri']) }],
  [
    'email',
    {
      hint: 'email',
      stix: ['email-addr:value', 'email-message:from_ref.value', 'email-message:sender_ref.value'],
      misp: payload('email', ['email', 'email-src', 'email-dst', 'email-reply-to', 'eppn', 'dns-soa-email']),
    },
  ],
  ['md5', { hint: 'hash', stix: ['file:hashes.MD5', 'artifact:hashes.MD5'], misp: payload('md5') }],
  ['sha1', { hint: 'hash', stix: ["file:hashes.'SHA-1'", "artifact:hashes.'SHA-1'"], misp: payload('sha1') }],
  ['sha256', { hint: 'hash', stix: ["file:hashes.'SHA-256'", "artifact:hashes.'SHA-256'"], misp: payload('sha256') }],
  ['sha512', { hint: 'hash', stix: ["file:hashes.'SHA-512'", "artifact:hashes.'SHA-512'"], misp: payload('sha512') }],
  [
    'cve',
    {
      stix: ['vulnerability:name'],
      misp: { category: 'External analysis', write: 'vulnerability', read: ['vulnerability'] },
    },
  ],
  ['stix-pattern', { stix: [], language: 'stix', misp: payload('stix2-pattern') }],
  ['ssdeep', { stix: ['file:hashes.SSDEEP'], misp: payload('ssdeep') }],
  ['tlsh', { stix: ['file:hashes.TLSH'], misp: payload('tlsh') }],
  ['imphash', { stix: ["file:extensions.'windows-pebinary-ext'.imphash"], misp: payload('imphash') }],
  ['filename', { stix: ['file:name'], misp: payload('filename') }],
  ['ja3', { stix: ['network-traffic:x_ja3_hash'], misp: network('ja3-fingerprint-md5') }],
  // MISP has no attribute type for it yet.
  ['ja4', { stix: ['network-traffic:x_ja4'], misp: network('other', ['ja4', 'ja4-fingerprint']) }],
  ['mutex', { stix: ['mutex:name'], misp: { category: 'Artifacts dropped', write: 'mutex', read: ['mutex'] } }],
  [
    'registry-key',
    {
      stix: ['windows-registry-key:key'],
      misp: { category: 'Persistence mechanism', write: 'regkey', read: ['regkey'] },
    },
  ],
  ['asn', { stix: ['autonomous-system:number'], misp: network('AS') }],
  [
    'x509-fingerprint',
    {
      stix: ["x509-certificate:hashes.'SHA-256'", "x509-certificate:hashes.'SHA-1'", 'x509-certificate:hashes.MD5'],
      misp: {
        category: 'Network activity',
        write: value => `x509-fingerprint-${CERTIFICATE_HASHES.get(value.length)?.[1] ?? 'sha256'}`,
        read: ['x509-fingerprint-sha256', 'x509-fingerprint-sha1', 'x509-fingerprint-md5'],
      },
    },
  ],
  [
    'user-agent',
    {
      stix: ["network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", 'user-agent:value'],
      misp: network('user-agent'),
    },
  ],
  [
    'crypto-address',
    {
      stix: ['cryptocurrency-wallet:value', 'cryptocurrency-wallet:address'],
      misp: {
        category: 'Financial fraud',
        write: value => (/^[48].{94,}$/.test(value) ? 'xmr' : /^(?:[13]|bc1)/.test(value) ? 'btc' : 'other'),
        read: ['btc', 'xmr', 'dash'],
      },
    },
  ],
  ['mac-address', { stix: ['mac-addr:value'], misp: network('mac-address', ['mac-address', 'mac-eui-64']) }],
  ['yara', { stix: [], language: 'yara', misp: payload('yara') }],
  ['sigma', { stix: [], language: 'sigma', misp: payload('sigma') }],
  ['suricata', { stix: [], language: 'suricata', misp: network('snort', ['snort', 'suricata']) }],
])

const HINTS_BY_PROPERTY = hintsBy(mapping => mapping.stix.map(propertyKey))
const HINTS_BY_MISP_TYPE = hintsBy(mapping => mapping.misp.read)
const TYPES_BY_LANGUAGE: ReadonlyMap<string, string> = new Map([
  ...[...TYPE_MAPPINGS].flatMap(([type, { language }]) =>
    language === undefined ? [] : ([[language, type]] as const),
  ),
])

const TYPES_BY_MISP_TYPE = typesByMispType()

/** How the value of a STIX property is read, such as `file:hashes.'SHA-256'`; undefined for any other property. */
export function hintOfStixProperty(objectType: string, path: readonly string[]): TypeHint | undefined {
  return HINTS_BY_PROPERTY.get(propertyKey(`${objectType}:${path.join('.')}`))
}

/** How a MISP attribute of a type that is not composite is read. */
export function hintOfMispType(type: string): TypeHint | undefined {
  return HINTS_BY_MISP_TYPE.get(type)
}

/** All types of values that a MISP attribute of this type may hold, such as both of `domain|ip`; none where it is unknown. */
export function typesOfMispType(type: string): readonly string[] {
  const names = type.split('|')
  // The name of a file says nothing of its hash.
  const meant = names[0] === 'filename' ? names.slice(-1) : names
  return meant.flatMap(name => TYPES_BY_MISP_TYPE.get(name) ?? [])
}

/** The type of a rule, by the `pattern_type` of its STIX indicator. */
export function typeOfPatternLanguage(language: string): string | undefined {
  return TYPES_BY_LANGUAGE.get(language)
}

/** What stands for a value in MISP: the type and category of its attribute. `other` where MISP has no such type. */
export function mispTypeOf({ type, value }: TypedValue): { readonly type: string; readonly category: string } {
  const misp = TYPE_MAPPINGS.get(type)?.misp
  if (misp === undefined) return { type: 'other', category: 'External analysis' }
  return { type: typeof misp.write === 'string' ? misp.write : misp.write(value), category: misp.category }
}

/** The pattern by which STIX 2.1 says a value, and its language; undefined for types that STIX has no word for. */
export function stixPatternOf(typed: TypedValue): { readonly language: string; readonly pattern: string } | undefined {
  const { type, value } = typed
  const mapping = TYPE_MAPPINGS.get(type)
  if (mapping === undefined) return undefined
  if (mapping.language !== undefined) return { language: mapping.language, pattern: indicatorText(typed) }
  if (type === 'cidr') {
    const family = value.includes(':') ? 'ipv6' : 'ipv4'
    return { language: 'stix', pattern: `[${family}-addr:value ISSUBSET ${stringLiteral(value)}]` }
  }
  if (type === 'asn') return { language: 'stix', pattern: `[autonomous-system:number = ${value.slice(2)}]` }
  const property = propertyOf(type, value, mapping)
  return property === undefined ? undefined : { language: 'stix', pattern: `[${property} = ${stringLiteral(value)}]` }
}

function propertyOf(type: string, value: string, mapping: TypeMapping): string | undefined {
  if (type !== 'x509-fingerprint') return mapping.stix[0]
  const name = CERTIFICATE_HASHES.get(value.length)?.[0]
  return mapping.stix.find(property => property.replaceAll("'", '').endsWith(`.${name}`))
}

/** Versions of pattern languages that our tools are tried with; STIX has no other word for how a pattern is to be read. */
const LANGUAGE_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['stix', '2.1'],
  ['yara', '4'],
  ['sigma', '2'],
  ['suricata', '7'],
  ['snort', '2'],
  ['pcre', '2'],
])

/**
 * What stands in a STIX indicator for a value: its pattern, the language of it, and the version of that. Languages that
 * STIX names and which are no type here have their name as type. Undefined where STIX has no word for the type.
 */
export function stixRuleOf(
  typed: TypedValue,
): { readonly language: string; readonly pattern: string; readonly version: string } | undefined {
  const said =
    stixPatternOf(typed) ??
    (LANGUAGE_VERSIONS.has(typed.type) ? { language: typed.type, pattern: typed.value } : undefined)
  const version = said && LANGUAGE_VERSIONS.get(said.language)
  return said === undefined || version === undefined ? undefined : { ...said, version }
}

/** As STIX patterns write a string. */
export function stringLiteral(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`
}

/** Without quotes; the names of hashes without case and hyphens, as publishers write them in many ways. */
function propertyKey(property: string): string {
  const plain = property.replaceAll("'", '')
  const hash = /^([a-z0-9-]+:hashes\.)(.+)$/.exec(plain)
  return hash === null ? plain : hash[1]! + hash[2]!.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

function hintsBy(namesOf: (mapping: TypeMapping) => readonly string[]): ReadonlyMap<string, TypeHint> {
  const pairs = [...TYPE_MAPPINGS].flatMap(([type, mapping]) =>
    namesOf(mapping).map((name): [string, TypeHint] => [name, mapping.hint ?? (type as TypeHint)]),
  )
  return new Map(pairs)
}

/** Types that read none of their own share those of the one that writes the same: addresses and their ranges. */
function typesByMispType(): ReadonlyMap<string, readonly string[]> {
  const types = new Map<string, string[]>()
  const mappings = [...TYPE_MAPPINGS].map(([type, { misp }]) => ({ type, misp }))
  for (const { type, misp } of mappings) {
    const owner =
      misp.read.length > 0 ? misp : mappings.find(each => each.misp.read.some(name => name === misp.write))?.misp
    for (const name of owner?.read ?? []) types.set(name, [...(types.get(name) ?? []), type])
  }
  return types
}
