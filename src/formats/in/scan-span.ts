import {
  AT,
  BACKSLASH,
  COLON,
  DOT,
  FOLDED,
  IS_HEX_COLON,
  latin1Text,
  QUOTE,
  SLASH,
  TAB,
  WORD,
  WORD_BITS,
} from './scan-bytes.ts'

/** A line within bytes, without its end. */
export interface ByteLine {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

export type Span = readonly [start: number, end: number]

/** The bytes of `table` around `at`, at most `most` to either side. */
export function spanAround({ bytes, from, to }: ByteLine, at: number, table: Uint8Array, most: number): Span {
  const first = Math.max(from, at - most)
  const last = Math.min(to, at + most)
  let start = at
  while (start > first && table[bytes[start - 1]!] !== 0) start--
  let end = at
  while (end < last && table[bytes[end]!] !== 0) end++
  return [start, end]
}

/** Letters and digits, on which no other word begins or ends. */
export function isWordByte({ bytes, from, to }: ByteLine, at: number): boolean {
  return at >= from && at < to && (WORD_BITS[bytes[at]!]! & ~(WORD.dot | WORD.dash)) !== 0
}

/** Whether the colon at `at` may be of an address of IPv6, or of hex in pairs. */
export function isHexColon({ bytes, from, to }: ByteLine, at: number): boolean {
  const next = at + 1 < to ? bytes[at + 1]! : 0
  const before = at > from ? bytes[at - 1]! : COLON
  return IS_HEX_COLON[next] !== 0 && next !== DOT && (IS_HEX_COLON[before] !== 0 || next === COLON)
}

/** Hex and colons as an address of IPv6, without a port after a dot (tcpdump), where they are more than a time of day. */
export function ipv6Text(text: string): string | undefined {
  const colons = text.split(':').length - 1
  if (colons < 6 && !text.includes('::')) return undefined
  const port = text.lastIndexOf('.')
  const bare = port >= 0 && text.indexOf('.') === port ? text.slice(0, port) : text
  return bare.toLowerCase()
}

const PAIRS = /^(?:[0-9a-f]{2}:)+[0-9a-f]{2}$/i

export function isHexPairs(text: string): boolean {
  return PAIRS.test(text)
}

/** Whether the bracket at `at` is of a kind that `refang` takes away. */
export function breaksValue({ bytes, to }: ByteLine, at: number): boolean {
  let next = at + 1
  while (next < to && (bytes[next] === 0x20 || bytes[next] === 0x5b || bytes[next] === 0x28) && next - at < 4) next++
  if (next >= to) return false
  const byte = FOLDED[bytes[next]!]!
  if (byte === DOT || byte === AT || byte === COLON || byte === SLASH) return true
  const word = latin1Text(bytes, next, Math.min(to, next + 3)).toLowerCase()
  return word === 'dot' || word.startsWith('at')
}

/** Whole fields, between tabs and between quotation marks, and the last part of a path in one. */
export function eachField({ bytes, from, to }: ByteLine, onField: (start: number, end: number) => void): void {
  let column = from
  let start = from
  let name = from
  for (let at = from; at <= to; at++) {
    const byte = at === to ? TAB : bytes[at]!
    if (byte === TAB || (byte === QUOTE && (at === from || bytes[at - 1] !== BACKSLASH))) {
      if (at > start) onField(start, at)
      if (name > start && at > name) onField(name, at)
      start = at + 1
      name = start
    } else if (byte === SLASH || byte === BACKSLASH) name = at + 1
    if (byte !== TAB) continue
    // Logs in columns quote nothing.
    if (bytes.subarray(column, at).indexOf(QUOTE) >= 0) onField(column, at)
    column = at + 1
  }
}

/** What begins with a slash, as columns of logs have the path of a URL; at most `most` of them, none longer than `lengthMax`. */
export function pathsIn({ bytes, from, to }: ByteLine, most: number, lengthMax: number): readonly string[] {
  const paths: string[] = []
  for (let at = from + 1; at < to && paths.length < most; at++) {
    if (bytes[at] !== SLASH || !isColumnEdge(bytes, at - 1)) continue
    let end = at
    while (end < to && end - at <= lengthMax && bytes[end]! > 0x20 && bytes[end] !== QUOTE) end++
    if (end - at <= lengthMax) paths.push(latin1Text(bytes, at, end).replaceAll('\\/', '/'))
    at = end
  }
  return paths
}

function isColumnEdge(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at]!
  return byte <= 0x20 || byte === QUOTE || (byte === BACKSLASH && bytes[at - 1] === QUOTE)
}
