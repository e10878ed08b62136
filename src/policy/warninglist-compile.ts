import { buildAddressRanges } from '../indicator/address-ranges.ts'
import { createPackedTexts, type PackedTexts } from '../indicator/packed-texts.ts'
import type { Warninglist } from './warninglist.ts'
import type { WarninglistKind } from './warninglist-entry.ts'
import { compilePattern } from './warninglist-pattern.ts'
import { placeOf, WARNINGLIST_SEED, type WarninglistSubject } from './warninglist-subject.ts'
import { createSubstrings } from './warninglist-substrings.ts'

/** A list as it is asked: a million names of 30 bytes take 47 MB, and a question costs one to three microseconds. */
export interface CompiledWarninglist extends Omit<Warninglist, 'kind' | 'entries'> {
  /** `rule`: of this program, and too large to enumerate. */
  readonly kind: WarninglistKind | 'rule'
  readonly size: number
  has(entry: string): boolean
  entryAt(place: number): string
  /** The entry that the value hits, which is of a type that the list is about. */
  find(subject: WarninglistSubject): string | undefined
}

/** Finds the place of an entry, or -1. */
type Finder = (subject: WarninglistSubject) => number

/** What a list that names no types is not asked about: rules and patterns hold all kinds of text. */
const RULE_TYPES: ReadonlySet<string> = new Set(['yara', 'sigma', 'suricata', 'stix-pattern'])

export function compileWarninglist({ entries, ...list }: Warninglist): CompiledWarninglist {
  const builder = createPackedTexts(WARNINGLIST_SEED)
  for (const entry of entries) builder.add(entry)
  const texts = builder.build()
  const find = FINDERS[list.kind](texts, entries)
  return {
    ...list,
    size: texts.size,
    has: entry => texts.find(entry) >= 0,
    entryAt: place => texts.textAt(place),
    find(subject) {
      const place = find(subject)
      return place < 0 ? undefined : texts.textAt(place)
    },
  }
}

export function isAbout({ types }: Pick<Warninglist, 'types'>, type: string): boolean {
  return types === undefined ? !RULE_TYPES.has(type) : types.has(type)
}

const FINDERS: Readonly<Record<WarninglistKind, (texts: PackedTexts, entries: readonly string[]) => Finder>> = {
  string: stringFinder,
  hostname:
    texts =>
    ({ host }) => {
      if (host === undefined) return -1
      for (const { start, hash } of host.names) {
        const place = texts.findBytes(host.bytes, start, host.bytes.length, hash)
        if (place >= 0) return place
      }
      return -1
    },
  cidr(_, entries) {
    const ranges = buildAddressRanges(entries)
    return ({ address, ipv4 }) => {
      if (address === undefined) return -1
      const found = ipv4 === undefined ? ranges.overlapping(address) : ranges.coveringIpv4(ipv4)
      return found[0] ?? -1
    }
  },
  substring: (_, entries) => createSubstrings(entries),
  regex(_, entries) {
    const patterns = entries.map(compilePattern)
    return ({ text }) => patterns.findIndex(pattern => pattern.test(text))
  },
}

/** The value, or the host of a URL or e-mail address; an entry with a dot before it is a name and all below it. */
function stringFinder(texts: PackedTexts, entries: readonly string[]): Finder {
  const hasDotted = entries.some(entry => entry.startsWith('.'))
  return ({ hashed, host }) => {
    const whole = placeOf(texts, hashed)
    const [own, ...parents] = host?.names ?? []
    if (whole >= 0 || host === undefined || own === undefined) return whole
    const { bytes } = host
    const exact = texts.findBytes(bytes, own.start, bytes.length, own.hash)
    if (exact >= 0 || !hasDotted) return exact
    for (const { start, dottedHash } of [own, ...parents]) {
      const place = texts.findBytes(bytes, start - 1, bytes.length, dottedHash)
      if (place >= 0) return place
    }
    return -1
  }
}
