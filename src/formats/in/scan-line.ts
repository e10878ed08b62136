import { ProtocolError } from '../../base/errors.ts'
import { asciiName } from '../../indicator/domain.ts'
import { canonicalRegistryKey } from '../../indicator/host-artifact.ts'
import { KIND, LENGTH_MAX, type Match, type Matcher, type MatchRelation } from '../../indicator/matcher.ts'
import { nextHash } from '../../indicator/packed-texts.ts'
import { isDefanged, refang } from './defang.ts'
import {
  AT,
  COLON,
  DOT,
  FOLDED,
  IS_HEX_COLON,
  IS_LOCAL,
  IS_NAME,
  IS_TOKEN,
  LF,
  latin1Text,
  PERCENT,
  WORD,
  WORD_BITS,
} from './scan-bytes.ts'
import {
  type ByteLine,
  breaksValue,
  eachField,
  ipv6Text,
  isHexColon,
  isHexPairs,
  isWordByte,
  pathsIn,
  spanAround,
} from './scan-span.ts'
import { partsCandidates, urlCandidates } from './scan-url.ts'

/** What stands at a place of a text, found in the bytes from `start` on. */
export interface Find extends Match {
  readonly start: number
}

/** Lines of one piece of a text; each is found in by itself. */
export interface LineScanner {
  /** Each indicator once a line; `number` is that of the line, from 0. */
  scan(bytes: Uint8Array, onFind: (find: Find, number: number, line: ByteLine) => void): void
}

const NAME_BYTES_MAX = 253
const LOCAL_BYTES_MAX = 64
/** 32 bytes in hex with colons. */
const HEX_COLON_BYTES_MAX = 95
const TOKEN_BYTES_MAX = 2048
/** Of one line, so that a hostile one is not quadratic. */
const URLS_MAX = 256
const HOSTS_MAX = 8
const PATHS_MAX = 16
const PATH_BYTES_MAX = 2048

/**
 * One pass over the bytes: words and what stands between them decide at once whether an indicator may stand there, and
 * only then is anything asked. Nothing here takes longer than its text is long, whatever the text.
 */
export function createLineScanner(matcher: Matcher): LineScanner {
  const { texts, ranges, kinds, wordLengths, nameLengths } = matcher
  const folded = new Uint8Array(LENGTH_MAX)
  const has = (bits: number) => (kinds & bits) !== 0
  const hasPairs = has(KIND.mac | KIND.fingerprint)
  const hasNames = has(KIND.names)

  /** The line that is being read. */
  let line: ByteLine = { bytes: new Uint8Array(0), from: 0, to: 0 }
  let finds: Find[] = []
  const known = new Set<string>()
  /** Hosts of URLs that it names, and how often. */
  let hosts: { readonly host: string; readonly start: number }[] = []
  let urls = 0
  /** Where all that is found stands, while other bytes than those of the line are read. */
  let standsAt: number | undefined

  function take(matches: readonly Match[], start: number): void {
    for (const match of matches) {
      const key = `${match.relation} ${match.type} ${match.value}`
      if (!known.has(key)) finds.push({ ...match, start: standsAt ?? start })
      known.add(key)
    }
  }

  function ask(text: string, wanted: number, start: number, relation: MatchRelation = 'exact'): void {
    const place = texts.find(text)
    if (place >= 0) take(matcher.matchesAt(place, wanted, relation), start)
  }

  /** The word as it is, and in lower case. */
  function askWord(start: number, end: number): void {
    const { bytes } = line
    const length = end - start
    if (length > LENGTH_MAX || wordLengths[length] === 0) return
    const raw = texts.findBytes(bytes, start, end, texts.hashOf(bytes, start, end))
    if (raw >= 0) take(matcher.matchesAt(raw, KIND.word, 'exact'), start)
    for (let i = 0; i < length; i++) folded[i] = FOLDED[bytes[start + i]!]!
    const low = texts.findBytes(folded, 0, length, texts.hashOf(folded, 0, length))
    if (low >= 0 && low !== raw) take(matcher.matchesAt(low, KIND.folded, 'exact'), start)
    if (length === 17 && hasPairs && bytes[start + 2] === 0x2d) askPairs(latin1Text(bytes, start, end), start)
  }

  /** A name and the names above it, from the last label on. */
  function askName(start: number, end: number): void {
    const { bytes } = line
    const length = end - start
    if (length > NAME_BYTES_MAX) return
    let hash = texts.seed
    for (let i = length - 1; i >= 0; i--) {
      const byte = FOLDED[bytes[start + i]!]!
      folded[i] = byte
      hash = nextHash(hash, byte)
      if (i > 0 && FOLDED[bytes[start + i - 1]!] !== DOT) continue
      const place = texts.findBytes(folded, i, length, hash)
      if (place < 0) continue
      const kind = matcher.kindsAt(place)
      const relation = i === 0 ? 'exact' : 'parent-domain'
      if ((kind & KIND.domain) !== 0) take(matcher.matchesAt(place, KIND.domain, relation), start)
      if (i === 0 && (kind & KIND.urlHost) !== 0) hostOfUrls(texts.textAt(place), start, end)
    }
  }

  function hostOfUrls(host: string, start: number, end: number): void {
    if (++urls > URLS_MAX) return
    for (const url of urlCandidates(line, [start, end], matcher.schemes)) ask(url.value, KIND.url, url.start)
    if (hosts.length < HOSTS_MAX && !hosts.some(each => each.host === host)) hosts.push({ host, start })
  }

  function askAddress(text: string, start: number, end: number): void {
    for (const number of ignoringInvalid(() => ranges.covering(text)) ?? []) {
      const place = matcher.textOfRange(number)
      const isRange = texts.textAt(place).includes('/')
      take(matcher.matchesAt(place, KIND.addresses, isRange ? 'range' : 'exact'), start)
    }
    const host = texts.find(text)
    if (host >= 0 && (matcher.kindsAt(host) & KIND.urlHost) !== 0) hostOfUrls(text, start, end)
  }

  /** Digits and dots from `start` up to `end`: an address, or one and a port as tcpdump has them. */
  function readIpv4(start: number, end: number): void {
    const { bytes } = line
    let address = 0
    let octets = 0
    let at = start
    while (octets < 4) {
      let octet = 0
      const first = at
      for (; at < end && bytes[at] !== DOT; at++) octet = octet * 10 + (bytes[at]! - 0x30)
      if (at === first || at - first > 3 || octet > 255 || (at - first > 1 && bytes[first] === 0x30)) return
      address = address * 256 + octet
      octets++
      if (octets < 4 && bytes[at++] !== DOT) return
    }
    const isPort = at < end && end - at <= 6 && bytes.subarray(at + 1, end).indexOf(DOT) < 0
    if (at !== end && !isPort) return
    if (ranges.coveringIpv4(address).length > 0 || matcher.hasAddressHosts)
      askAddress(latin1Text(bytes, start, at), start, at)
  }

  /** A run of word bytes with a dot in it. */
  function readDotted(start: number, end: number, seen: number): void {
    const { bytes, from } = line
    let first = start
    let last = end
    while (first < last && isEdge(bytes[first]!)) first++
    while (last > first && isEdge(bytes[last - 1]!)) last--
    if ((seen & (WORD.letter | WORD.hexLetter)) === 0) {
      readNumbers(first, last)
      return
    }
    if (hasNames && nameLengths[Math.min(last - first, LENGTH_MAX)] === 1) askNamed(first, last)
    if (isLabelStart(first, last)) {
      askName(first, last)
      if (start > from && bytes[start - 1] === PERCENT && first === start && last - first > 2) askName(first + 2, last)
      if (has(KIND.email) && first > from && bytes[first - 1] === AT) readEmail(first, last)
    } else if ((seen & (WORD.dash | WORD.underscore)) !== 0) readNumbers(first, last)
  }

  /** Whether the last label is no number. */
  function isLabelStart(first: number, last: number): boolean {
    const { bytes } = line
    for (let i = last - 1; i >= first; i--) {
      if (bytes[i] === DOT) return false
      if ((WORD_BITS[bytes[i]!]! & (WORD.letter | WORD.hexLetter)) !== 0) return true
    }
    return false
  }

  /** Addresses between dashes and the like. */
  function readNumbers(start: number, end: number): void {
    const { bytes } = line
    let first = start
    for (let at = start; at <= end; at++) {
      if (at < end && (WORD_BITS[bytes[at]!]! & (WORD.digit | WORD.dot)) !== 0) continue
      if (at - first >= 7) readIpv4(first, at)
      first = at + 1
    }
  }

  function readEmail(host: number, end: number): void {
    const { bytes, from } = line
    let start = host - 1
    while (start > from && host - start <= LOCAL_BYTES_MAX && IS_LOCAL[bytes[start - 1]!] !== 0) start--
    // What stands before a name, such as "to=", may be a part of it or not.
    for (let at = start; at < host - 1; at++) {
      if (at > start && !isBreak(bytes[at - 1]!)) continue
      askFolded(at, end, KIND.email)
    }
  }

  function askFolded(start: number, end: number, wanted: number): void {
    const { bytes } = line
    const length = end - start
    if (length > LENGTH_MAX) return
    for (let i = 0; i < length; i++) folded[i] = FOLDED[bytes[start + i]!]!
    const place = texts.findBytes(folded, 0, length, texts.hashOf(folded, 0, length))
    if (place >= 0) take(matcher.matchesAt(place, wanted, 'exact'), start)
  }

  function askNamed(start: number, end: number): void {
    const { bytes } = line
    const place = texts.findBytes(bytes, start, end, texts.hashOf(bytes, start, end))
    if (place >= 0) take(matcher.matchesAt(place, KIND.names & ~KIND.registryKey, 'exact'), start)
  }

  /** Hex and colons around the colon at `at`: an address of IPv6 or of a network card, a fingerprint. Returns its end. */
  function readColons(at: number): number {
    const [start, end] = spanAround(line, at, IS_HEX_COLON, HEX_COLON_BYTES_MAX)
    if (isWordByte(line, start - 1) || isWordByte(line, end)) return end
    const text = latin1Text(line.bytes, start, end).replace(/\.+$/, '')
    // Times of day have two colons.
    if (hasPairs && text.length >= 17 && isHexPairs(text)) askPairs(text, start)
    const address = ipv6Text(text)
    if (address !== undefined) askAddress(address, start, start + address.length)
    return end
  }

  function askPairs(text: string, start: number): void {
    const pairs = text.toLowerCase().split(/[:-]/)
    ask(pairs.join(':'), KIND.mac, start)
    ask(pairs.join(''), KIND.fingerprint, start)
  }

  function readField(start: number, end: number): void {
    const { bytes } = line
    const length = end - start
    if (length === 0 || length > LENGTH_MAX) return
    if (nameLengths[length] === 1) askNamed(start, end)
    if (has(KIND.registryKey) && FOLDED[bytes[start]!] === 0x68 && FOLDED[bytes[start + 1]!] === 0x6b)
      askKey(start, end)
  }

  function askKey(start: number, end: number): void {
    const text = decoder.decode(line.bytes.subarray(start, end)).replaceAll('\\\\', '\\')
    const key = ignoringInvalid(() => canonicalRegistryKey(text))
    if (key !== undefined) ask(key.toLowerCase(), KIND.registryKey, start)
  }

  /** The token around a bracket that breaks it: undone, it is looked at as a line of its own. Returns its end. */
  function readBroken(at: number): number {
    const [start, end] = spanAround(line, at, IS_TOKEN, TOKEN_BYTES_MAX)
    const text = latin1Text(line.bytes, start, end)
    if (isDefanged(text)) readOther(latin1Bytes(refang(text)), start)
    return end
  }

  /** A name in Unicode, in the token around `at`. Returns its end. */
  function readUnicode(at: number): number {
    const [start, end] = spanAround(line, at, IS_NAME, NAME_BYTES_MAX)
    const name = decoder.decode(line.bytes.subarray(start, end)).replace(/^[._-]+|[._-]+$/g, '')
    if (name.includes('.')) ignoringInvalid(() => readOther(latin1Bytes(asciiName(name)), start))
    return end
  }

  /** Looks at other bytes as a part of this line that stands at `start`. */
  function readOther(bytes: Uint8Array, start: number): void {
    const outer = { line, hosts }
    line = { bytes, from: 0, to: bytes.length }
    hosts = []
    standsAt = start
    readWords()
    standsAt = undefined
    ;({ line, hosts } = outer)
  }

  /** Hosts and paths apart, as logs have them in columns. */
  function readParts(): void {
    for (const path of pathsIn(line, PATHS_MAX, PATH_BYTES_MAX)) {
      for (const { host, start } of hosts) {
        for (const value of partsCandidates(host, path, matcher.schemes)) askParts(value, start)
      }
    }
  }

  function askParts(value: string, start: number): void {
    if (!known.has(`exact url ${value}`)) ask(value, KIND.url, start, 'parts')
  }

  function readWords(): void {
    const { bytes, from, to } = line
    let colonsUpTo = from
    let brokenUpTo = from
    let unicodeUpTo = from
    let at = from
    while (at < to) {
      const byte = bytes[at]!
      let bits = WORD_BITS[byte]!
      if (bits !== 0) {
        const start = at
        let seen = 0
        while (bits !== 0) {
          seen |= bits
          at++
          bits = at < to ? WORD_BITS[bytes[at]!]! : 0
        }
        if ((seen & WORD.dot) !== 0) readDotted(start, at, seen)
        else if (at - start > 2) readWord(start, at)
        continue
      }
      if (byte === COLON && at >= colonsUpTo && isHexColon(line, at)) colonsUpTo = readColons(at)
      else if (
        (byte === 0x5b || byte === 0x28 || byte === 0x7b) &&
        at >= brokenUpTo &&
        standsAt === undefined &&
        breaksValue(line, at)
      ) {
        brokenUpTo = readBroken(at)
      } else if (byte >= 0x80 && matcher.hasIdn && standsAt === undefined && at >= unicodeUpTo)
        unicodeUpTo = readUnicode(at)
      at++
    }
  }

  function readWord(start: number, end: number): void {
    const { bytes, from } = line
    askWord(start, end)
    if (start > from && bytes[start - 1] === PERCENT && end - start > 4) askWord(start + 2, end)
  }

  return {
    scan(bytes, onFind) {
      let number = 0
      for (let from = 0; from < bytes.length; from = line.to + 1) {
        const end = bytes.indexOf(LF, from)
        line = { bytes, from, to: end < 0 ? bytes.length : end }
        urls = 0
        readWords()
        if (hasNames) eachField(line, readField)
        if (hosts.length > 0) readParts()
        for (const find of finds) onFind(find, number, line)
        if (finds.length > 0) {
          finds = []
          known.clear()
        }
        if (hosts.length > 0) hosts = []
        number++
      }
    },
  }
}

const decoder = new TextDecoder()

function isEdge(byte: number): boolean {
  return (WORD_BITS[byte]! & (WORD.dot | WORD.dash | WORD.underscore)) !== 0
}

function isBreak(byte: number): boolean {
  return (WORD_BITS[byte]! & ~(WORD.dot | WORD.dash | WORD.underscore)) === 0 && byte < 0x80
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}

function ignoringInvalid<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
