import { asciiName, canonicalDomain, lowerAscii } from './domain.ts'
import { invalidValue, quoted } from './invalid.ts'

const LOCAL_LENGTH_MAX = 64
const ADDRESS_LENGTH_MAX = 320
const NOT_IN_LOCAL = /[\0- "(),:;<>@[\\\]\x7f]/

/**
 * Both sides in lower case: RFC 5321 lets the local part tell cases apart, but no mail service that matters does, and
 * MISP and every correlation folds it; the original text stays with the claim. Letters beyond ASCII in the local part
 * (RFC 6531) are kept as they came.
 */
export function canonicalEmail(text: string): string {
  const { local, domain } = splitEmail(text)
  return `${lowerAscii(local)}@${canonicalDomain(domain)}`
}

/** The author's step before `canonicalEmail`: a Unicode domain as `xn--`, the local part in lower case and NFC. */
export function asciiDomainEmail(text: string): string {
  const { local, domain } = splitEmail(text)
  if (/\s/.test(local)) throw invalidValue(`${quoted(text)}: white space cannot stand in an address`)
  return `${local.toLowerCase().normalize('NFC')}@${asciiName(domain)}`
}

/** The domain of a canonical address. */
export function domainOfEmail(canonical: string): string {
  return canonical.slice(canonical.lastIndexOf('@') + 1)
}

function splitEmail(text: string): { local: string; domain: string } {
  if (text.length > ADDRESS_LENGTH_MAX) throw invalidValue(`an e-mail address of ${text.length} characters is too long`)
  const at = text.lastIndexOf('@')
  if (at < 0) throw invalidValue(`${quoted(text)}: an e-mail address has an @`)
  const local = text.slice(0, at)
  if (local === '') throw invalidValue(`${quoted(text)}: nothing stands before the @`)
  if (local.length > LOCAL_LENGTH_MAX) {
    throw invalidValue(`${quoted(text)}: more than ${LOCAL_LENGTH_MAX} characters stand before the @`)
  }
  const found = NOT_IN_LOCAL.exec(local)?.[0]
  if (found !== undefined) throw invalidValue(`${quoted(text)}: ${quoted(found)} cannot stand in an e-mail address`)
  return { local, domain: text.slice(at + 1) }
}
