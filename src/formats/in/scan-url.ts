import { ProtocolError } from '../../base/errors.ts'
import { canonicalUrl } from '../../indicator/url.ts'
import { BACKSLASH, COLON, IS_URL, latin1Text, SLASH, WORD, WORD_BITS } from './scan-bytes.ts'
import type { ByteLine, Span } from './scan-span.ts'

/** Spellings of a URL in a text, around a host that is known to be of one. */

/** Longer ones are not looked for. */
const URL_BYTES_MAX = 4096
const SCHEME_BYTES_MAX = 16

/** A URL as it may have been meant, in canonical form. */
export interface UrlCandidate {
  readonly value: string
  /** Where it begins. */
  readonly start: number
}

const SCHEME_HABITS: ReadonlyMap<string, string> = new Map([
  ['hxxp', 'http'],
  ['hxxps', 'https'],
  ['meow', 'http'],
  ['fxp', 'ftp'],
])

/**
 * Around the host from `start` up to `end`. Without a scheme, as
 * logs of proxies have it, each of `schemes` may be meant.
 */
export function urlCandidates(
  { bytes, from, to }: ByteLine,
  [start, end]: Span,
  schemes: readonly string[],
): readonly UrlCandidate[] {
  const before = schemeBefore(bytes, start, from)
  const tail = tailAfter(bytes, end, to, before.encoded)
  if (before.scheme === '' && tail === '') return []
  const authority = latin1Text(bytes, before.authority, end)
  const texts = endings(tail).flatMap(ending => {
    const meant = before.scheme === '' ? schemes : [SCHEME_HABITS.get(before.scheme) ?? before.scheme]
    return meant.map(scheme => `${scheme}://${authority}${ending}`)
  })
  return canonicalOnes(texts).map(value => ({ value, start: before.start }))
}

/** Of a host and paths that stand elsewhere in the line. */
export function partsCandidates(host: string, path: string, schemes: readonly string[]): readonly string[] {
  const at = host.includes(':') ? `[${host}]` : host
  return canonicalOnes(endings(path).flatMap(ending => schemes.map(scheme => `${scheme}://${at}${ending}`)))
}

interface Before {
  /** In lower case; empty where there is none. */
  readonly scheme: string
  readonly start: number
  /** Where user information or the host begins. */
  readonly authority: number
  /** The whole is percent-encoded. */
  readonly encoded: boolean
}

function schemeBefore(bytes: Uint8Array, hostStart: number, from: number): Before {
  const bracket = hostStart > from && bytes[hostStart - 1] === 0x5b ? hostStart - 1 : hostStart
  const authority = userinfoStart(bytes, bracket, from)
  for (const mark of MARKS) {
    const start = authority - mark.length
    if (start < from || latin1Text(bytes, start, authority).toLowerCase() !== mark) continue
    let first = start
    while (first > from && start - first < SCHEME_BYTES_MAX && isSchemeByte(bytes[first - 1]!)) first--
    const scheme = latin1Text(bytes, first, start).toLowerCase()
    if (/^[a-z]/.test(scheme)) return { scheme, start: first, authority, encoded: mark.startsWith('%') }
  }
  return { scheme: '', start: bracket, authority: bracket, encoded: false }
}

/** Between scheme and host: plain, as some encoders of JSON write it, and percent-encoded. */
const MARKS = ['://', ':\\/\\/', '%3a%2f%2f', ':%2f%2f'] as const

const USERINFO_BYTES_MAX = 256

function userinfoStart(bytes: Uint8Array, hostStart: number, from: number): number {
  if (hostStart === from || bytes[hostStart - 1] !== 0x40) return hostStart
  for (let i = hostStart - 2; i >= from && hostStart - i < USERINFO_BYTES_MAX; i--) {
    if (bytes[i] === SLASH) return i + 1
    if (IS_URL[bytes[i]!] === 0) break
  }
  return hostStart
}

function isSchemeByte(byte: number): boolean {
  return ((WORD_BITS[byte]! & ~WORD.underscore) | Number(byte === 0x2b)) !== 0
}

/** Port, path, query and fragment as they stand. */
function tailAfter(bytes: Uint8Array, hostEnd: number, to: number, encoded: boolean): string {
  let start = hostEnd
  if (bytes[start] === 0x5d) start++
  const first = bytes[start]
  const opens = first === COLON || first === SLASH || first === 0x3f || first === 0x23
  const isEscaped = first === BACKSLASH && bytes[start + 1] === SLASH
  if (start >= to || !(opens || isEscaped || (encoded && first === 0x25))) return ''
  let end = start
  const last = Math.min(to, start + URL_BYTES_MAX)
  while (end < last) {
    const byte = bytes[end]!
    const isSlash = byte === BACKSLASH && bytes[end + 1] === SLASH
    if ((IS_URL[byte] === 0 && !isSlash) || (encoded && byte === 0x26)) break
    end++
  }
  const text = latin1Text(bytes, start, end).replaceAll('\\/', '/')
  return encoded ? decodedOnce(text) : text
}

function decodedOnce(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** A sentence goes on after a URL, and takes its full stop or bracket for a part of it. */
function endings(tail: string): readonly string[] {
  const bare = tail.replace(/[.,;:!?)\]}*'"]{1,8}$/, '')
  return bare === tail ? [tail] : [tail, bare]
}

function canonicalOnes(texts: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const text of texts) {
    if (PLAIN.test(text)) {
      found.add(text)
      continue
    }
    try {
      const value = canonicalUrl(utf8Text(text))
      found.add(value)
      const fragment = value.indexOf('#')
      if (fragment >= 0) found.add(value.slice(0, fragment))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
  }
  return [...found]
}

/** What `canonicalUrl` leaves as it is, or what is no canonical URL and found nowhere. */
const PLAIN = /^[a-z]+:\/\/[a-z0-9.-]+(?:\/(?!\.)[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)+$/

/** Bytes one a character, as UTF-8 where they are that. */
function utf8Text(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text
  try {
    return decoder.decode(Uint8Array.from(text, char => char.charCodeAt(0)))
  } catch {
    return text
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })
