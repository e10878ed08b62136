import { type AddressRanges, buildAddressRanges } from './address-ranges.ts'
import type { TypedValue } from './canonical.ts'
import { canonicalRegistryKey } from './host-artifact.ts'
import { createPackedTexts, type PackedTexts } from './packed-texts.ts'
import type { Relation } from './relation.ts'
import { hostOfUrl } from './url.ts'

/** An indicator, and where it is a pattern the values that it asks for. */
export interface MatcherEntry extends TypedValue {
  readonly observables?: readonly TypedValue[]
}

/** `parts`: a URL of which the host and the path stand apart in one line. */
export type MatchRelation = Relation | 'parts'

export interface Match extends TypedValue {
  readonly relation: MatchRelation
}

/**
 * All indicators in memory, for whoever reads texts faster than a store answers. A million take about 100 MB. Words are
 * asked for as bytes by `texts`, whose numbers `kindsAt` and `matchesAt` take; addresses by `ranges`.
 */
export interface Matcher {
  /** Of the entries, how many it can find. */
  readonly size: number
  readonly texts: PackedTexts
  readonly ranges: AddressRanges
  /** Number in `texts` of the range with a number in `ranges`. */
  textOfRange(number: number): number
  /** Bits of what a text is. */
  kindsAt(place: number): number
  /** What is found where `place` stands as one of `kinds`. */
  matchesAt(place: number, kinds: number, relation: MatchRelation): readonly Match[]
  /** Which lengths in bytes words without a dot have, and names that may have any character; up to `LENGTH_MAX`. */
  readonly wordLengths: Uint8Array
  readonly nameLengths: Uint8Array
  /** All kinds that there are. */
  readonly kinds: number
  /** Names in `xn--`: Unicode must be looked at. */
  readonly hasIdn: boolean
  /** Some URL has an address for its host. */
  readonly hasAddressHosts: boolean
  /** Of the URLs. */
  readonly schemes: readonly string[]
}

/** Longer names are not looked for. */
export const LENGTH_MAX = 1024

const TYPES = [
  ...['ipv4', 'ipv6', 'cidr', 'domain', 'url', 'email', 'md5', 'sha1', 'sha256', 'sha512', 'imphash', 'ja3', 'ja4'],
  ...['x509-fingerprint', 'cve', 'ssdeep', 'tlsh', 'asn', 'crypto-address', 'mac-address'],
  ...['filename', 'mutex', 'registry-key', 'user-agent'],
] as const

/** Types that a text can be searched for. */
export const MATCHED_TYPES: ReadonlySet<string> = new Set(TYPES)

const BITS: ReadonlyMap<string, number> = new Map(TYPES.map((type, bit) => [type, 1 << bit]))
const bitOf = (...types: readonly string[]) => types.reduce((bits, type) => bits | (BITS.get(type) ?? 0), 0)

const ADDRESSES = bitOf('ipv4', 'ipv6', 'cidr')
const NAMES = bitOf('filename', 'mutex', 'registry-key', 'user-agent')
/** Kept in lower case, whatever is canonical. */
const FOLDED_TYPES: ReadonlySet<string> = new Set(['cve', 'asn', 'tlsh', 'registry-key'])

export const KIND = {
  addresses: ADDRESSES,
  domain: bitOf('domain'),
  url: bitOf('url'),
  email: bitOf('email'),
  mac: bitOf('mac-address'),
  registryKey: bitOf('registry-key'),
  names: NAMES,
  /** Hex that tools write with colons. */
  fingerprint: bitOf('x509-fingerprint', 'md5', 'sha1', 'sha256'),
  /** A word by itself, in any case. */
  folded: bitOf(...TYPES) & ~(ADDRESSES | NAMES | bitOf('domain', 'url', 'email', 'ssdeep', 'crypto-address')),
  /** A word by itself, as it is. */
  word: bitOf(...TYPES) & ~(ADDRESSES | bitOf('domain', 'url', 'email', 'registry-key')),
  /** The host of a URL; of itself nothing that is found. */
  urlHost: 1 << 30,
} as const

const NOTHING: readonly Match[] = []

export interface MatcherBuilder {
  /** Types that no text is searched for are left out. */
  add(entry: MatcherEntry): void
  build(): Matcher
}

/** `seed`: see `createPackedTexts`. */
export function createMatcher(seed?: number): MatcherBuilder {
  const packed = createPackedTexts(seed)
  /** By place: kinds that are indicators, and kinds that patterns ask for. */
  const own = growing()
  const asked = growing()
  const patterns = new Map<string, string[]>()
  /** Texts that stand for another spelling of the value. */
  const meant = new Map<number, string>()
  const spellings: (TypedValue & { readonly text: string; readonly bits: typeof own })[] = []
  const schemes = new Set<string>()
  let hasAddressHosts = false
  let size = 0

  function addAs({ type, value }: TypedValue, bits: typeof own): void {
    bits.or(packed.add(textOf(type, value)), bitOf(type))
    for (const text of otherSpellings(type, value)) spellings.push({ type, value, text, bits })
    if (type !== 'url') return
    const host = hostOfUrl(value)
    own.or(packed.add(host), KIND.urlHost)
    hasAddressHosts ||= host.includes(':') || /^[\d.]+$/.test(host)
    schemes.add(value.slice(0, value.indexOf(':')))
  }

  function add({ type, value, observables = [] }: MatcherEntry): void {
    if (MATCHED_TYPES.has(type)) addAs({ type, value }, own)
    const searched = observables.filter(each => MATCHED_TYPES.has(each.type))
    for (const each of searched) {
      addAs(each, asked)
      const key = `${each.type} ${each.value}`
      const named = patterns.get(key) ?? []
      patterns.set(key, named)
      named.push(value)
    }
    if (MATCHED_TYPES.has(type) || searched.length > 0) size++
  }

  function addSpellings(): void {
    for (const { type, value, text, bits } of spellings) {
      const place = packed.add(text)
      if (((own.at(place) | asked.at(place)) & bitOf(type)) !== 0) continue
      bits.or(place, bitOf(type))
      meant.set(place, value)
    }
  }

  function build(): Matcher {
    addSpellings()
    const texts = packed.build()
    const kindsAt = (place: number) => own.at(place) | asked.at(place)
    const { ranges, places } = rangesIn(texts, kindsAt)

    function matchesOf(type: string, place: number, relation: MatchRelation): readonly Match[] {
      const value = meant.get(place) ?? canonicalOf(type, texts.textAt(place))
      const isOwn = (own.at(place) & bitOf(type)) !== 0
      const named = (asked.at(place) & bitOf(type)) === 0 ? [] : (patterns.get(`${type} ${value}`) ?? [])
      return [
        ...(isOwn ? [{ type, value, relation }] : []),
        ...named.map(pattern => ({ type: 'stix-pattern', value: pattern, relation: 'pattern' as const })),
      ]
    }

    return {
      size,
      texts,
      ranges,
      textOfRange: number => places[number]!,
      kindsAt,
      matchesAt(place, kinds, relation) {
        const found = kindsAt(place) & kinds & ~KIND.urlHost
        return found === 0
          ? NOTHING
          : TYPES.flatMap((type, bit) => ((found & (1 << bit)) === 0 ? [] : matchesOf(type, place, relation)))
      },
      ...lengthsIn(texts, kindsAt),
      hasAddressHosts,
      schemes: [...schemes],
    }
  }

  return { add, build }
}

/** Numbers by place, 0 where none was set. */
function growing() {
  let numbers = new Uint32Array(64)
  return {
    at: (place: number) => numbers[place] ?? 0,
    or(place: number, bits: number) {
      if (place >= numbers.length) {
        const larger = new Uint32Array(Math.max(numbers.length * 2, place + 1))
        larger.set(numbers)
        numbers = larger
      }
      numbers[place] = numbers[place]! | bits
    },
  }
}

function textOf(type: string, value: string): string {
  return FOLDED_TYPES.has(type) ? value.toLowerCase() : value
}

function canonicalOf(type: string, text: string): string {
  if (type === 'registry-key') return canonicalRegistryKey(text)
  return FOLDED_TYPES.has(type) ? text.toUpperCase() : text
}

/** Names as JSON has them, and a URL as whoever asks a server for it writes it. */
function otherSpellings(type: string, value: string): readonly string[] {
  if (type === 'url') return value.includes('#') ? [value.slice(0, value.indexOf('#'))] : []
  if ((bitOf(type) & NAMES) === 0) return []
  const text = textOf(type, value)
  const quoted = JSON.stringify(text).slice(1, -1)
  return quoted === text ? [] : [quoted]
}

type KindsAt = (place: number) => number

function rangesIn(texts: PackedTexts, kindsAt: KindsAt) {
  const places: number[] = []
  for (let place = 0; place < texts.size; place++) if ((kindsAt(place) & ADDRESSES) !== 0) places.push(place)
  const numbered = Uint32Array.from(places)
  return { ranges: buildAddressRanges(textsAt(texts, numbered)), places: numbered }
}

function* textsAt(texts: PackedTexts, places: Uint32Array): Generator<string> {
  for (const place of places) yield texts.textAt(place)
}

function lengthsIn(texts: PackedTexts, kindsAt: KindsAt) {
  const wordLengths = new Uint8Array(LENGTH_MAX + 1)
  const nameLengths = new Uint8Array(LENGTH_MAX + 1)
  let kinds = 0
  let hasIdn = false
  for (let place = 0; place < texts.size; place++) {
    const kind = kindsAt(place)
    const length = texts.lengthAt(place)
    kinds |= kind
    if (length <= LENGTH_MAX && (kind & KIND.word) !== 0) wordLengths[length] = 1
    if (length <= LENGTH_MAX && (kind & KIND.names) !== 0) nameLengths[length] = 1
    if (!hasIdn && (kind & (KIND.domain | KIND.email)) !== 0) hasIdn = texts.textAt(place).includes('xn--')
  }
  return { wordLengths, nameLengths, kinds, hasIdn }
}
