import { invalidValue, quoted } from './invalid.ts'

const NAME_LENGTH_MAX = 253
const LABEL_LENGTH_MAX = 63
/** A spelling with Unicode in it may be longer than what it encodes to. */
const UNICODE_NAME_LENGTH_MAX = 1024

const CANONICAL = /^(?=.{3,253}$)(?:[a-z0-9_-]{1,63}\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const ASCII = /^[\0-\x7f]*$/
const NOT_IN_A_NAME = /[\0-,/:-@[-^`{-\x7f]/

export function isAscii(text: string): boolean {
  return ASCII.test(text)
}

/**
 * Lower case, no trailing dot, labels of letters, digits, hyphens and underscores, a top label that starts with a letter.
 * ASCII only: whatever needs a Unicode table was done by the author (`asciiName`), so that every node, whatever its
 * tables, makes the same of what is on the wire. An `xn--` label is taken as it is.
 */
export function canonicalDomain(text: string): string {
  if (CANONICAL.test(text)) return text
  const name = stripTrailingDot(lowerAscii(text))
  if (!CANONICAL.test(name)) throw domainFault(name)
  return name
}

/** Host name of a URL or e-mail address, which may be a single label. */
export function canonicalHostName(text: string): string {
  const name = stripTrailingDot(lowerAscii(text))
  if (name === '') throw invalidValue('the host is empty')
  assertLabels(name)
  return name
}

/**
 * The author's step before `canonicalDomain`: Unicode labels to `xn--` (UTS 46, non-transitional, by the WHATWG URL
 * class). Names in ASCII pass untouched.
 */
export function asciiName(text: string): string {
  if (isAscii(text)) return text
  if (text.length > UNICODE_NAME_LENGTH_MAX) throw invalidValue(`a name of ${text.length} characters is too long`)
  // The URL parser would take these as the end of the host, or decode them.
  if (NOT_IN_A_NAME.test(text)) throw characterFault(text)
  try {
    return new URL(`http://${text}/`).hostname
  } catch {
    throw invalidValue(`${quoted(text)}: IDNA allows no such name`)
  }
}

/** A to Z only: `toLowerCase` follows the Unicode tables of the machine. */
export function lowerAscii(text: string): string {
  return isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, run => run.toLowerCase())
}

function stripTrailingDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function domainFault(name: string): Error {
  if (/^\d+(?:\.\d+){3}$/.test(name)) return invalidValue(`${quoted(name)} is an address, not a domain name`)
  assertLabels(name)
  const labels = name.split('.')
  if (labels.length < 2) {
    return invalidValue(`${quoted(name)}: a single label is no domain that one could act on`)
  }
  const top = labels.at(-1)!
  return invalidValue(`${quoted(name)}: ${quoted(top)} cannot be a top-level domain`)
}

function assertLabels(name: string): void {
  if (!isAscii(name)) throw invalidValue(`${quoted(name)}: a name in canonical form is ASCII, Unicode labels as xn--`)
  if (name.length > NAME_LENGTH_MAX) {
    throw invalidValue(`a name of ${name.length} characters; at most ${NAME_LENGTH_MAX} are possible`)
  }
  if (/[^a-z0-9._-]/.test(name)) throw characterFault(name)
  for (const label of name.split('.')) {
    if (label === '') throw invalidValue(`${quoted(name)}: a label is empty`)
    if (label.length > LABEL_LENGTH_MAX) {
      throw invalidValue(
        `${quoted(name)}: a label has ${label.length} characters; at most ${LABEL_LENGTH_MAX} are possible`,
      )
    }
  }
}

function characterFault(name: string): Error {
  const found = name.match(NOT_IN_A_NAME)?.[0] ?? ''
  if (found === '*') {
    return invalidValue(`${quoted(name)}: a wildcard is no domain name`, 'Give the name below the asterisk.')
  }
  return invalidValue(`${quoted(name)}: ${quoted(found)} cannot stand in a name`)
}
