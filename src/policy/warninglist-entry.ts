import { ProtocolError } from '../base/errors.ts'
import { asciiName, isAscii } from '../indicator/domain.ts'
import { canonicalCidr, canonicalIpv4, canonicalIpv6 } from '../indicator/ip.ts'
import { compilePattern } from './warninglist-pattern.ts'

/** `hostname`: a name and all below it. `cidr`: ranges, by overlap. `substring`, `regex`: anywhere in the value. */
export const WARNINGLIST_KINDS = ['string', 'hostname', 'cidr', 'substring', 'regex'] as const
export type WarninglistKind = (typeof WARNINGLIST_KINDS)[number]

export type EntryReading =
  | { readonly kind: 'entry'; readonly text: string }
  | { readonly kind: 'left'; readonly reason: string }

const ENTRY_LENGTH_MAX = 4096
/** A shorter text stands in almost every value. */
const SUBSTRING_LENGTH_MIN = 3
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/

/** An entry of a list in the one spelling in which it is compared, or why there is nothing to compare. */
export function readEntry(raw: unknown, kind: WarninglistKind): EntryReading {
  if (typeof raw !== 'string') return left('it is no text')
  const text = raw.toWellFormed().trim()
  if (text === '') return left('it is empty')
  if (text.length > ENTRY_LENGTH_MAX) return left(`it is longer than ${ENTRY_LENGTH_MAX} characters`)
  try {
    return READERS[kind](text)
  } catch (error) {
    if (error instanceof ProtocolError) return left(error.message)
    throw error
  }
}

const READERS: Readonly<Record<WarninglistKind, (text: string) => EntryReading>> = {
  hostname(text) {
    const name = bareName(text)
    return HOST_NAME.test(name) ? entry(name) : left('it is no host name')
  },
  string(text) {
    // ".google.com" can only be meant as that name and all below it.
    if (/^\*?\./.test(text)) {
      const name = bareName(text)
      if (HOST_NAME.test(name)) return entry(`.${name}`)
    }
    return entry(isAscii(text) ? text.toLowerCase() : unicodeText(text))
  },
  cidr: text => entry(canonicalRange(text)),
  substring(text) {
    if (text.length < SUBSTRING_LENGTH_MIN) return left(`it is shorter than ${SUBSTRING_LENGTH_MIN} characters`)
    return entry(text.toLowerCase())
  },
  regex(text) {
    compilePattern(text)
    return entry(text)
  },
}

/** A range; a bare address is the range of that alone. */
function canonicalRange(text: string): string {
  if (text.includes('/')) return canonicalCidr(text)
  return text.includes(':') ? `${canonicalIpv6(text)}/128` : `${canonicalIpv4(text)}/32`
}

/** An entry that is an address, as indicators spell it. */
export function addressOfEntry(entry: string): string | undefined {
  try {
    return entry.includes(':') ? canonicalIpv6(entry) : canonicalIpv4(entry)
  } catch {
    return undefined
  }
}

/** Lower case, in ASCII, without what stands for "and all below it" or for the root. */
function bareName(text: string): string {
  return asciiName(text.replace(/^\*?\./, '').replace(/\.$/, '')).toLowerCase()
}

/** Names stand in the view in ASCII; what is no name stays as it is. */
function unicodeText(text: string): string {
  try {
    return asciiName(text).toLowerCase()
  } catch {
    return text.toLowerCase()
  }
}

function entry(text: string): EntryReading {
  return { kind: 'entry', text }
}

function left(reason: string): EntryReading {
  return { kind: 'left', reason }
}
