import { invalidValue, quoted } from './invalid.ts'

/** Year from 1999, then four digits, or more without a leading zero (CVE id syntax of 2014; at most 19). */
const CVE = /^CVE-(?:1999|[2-9]\d{3})-(?:\d{4}|[1-9]\d{4,18})$/
const DASHES = /[\u2010-\u2015\u2212\ufe63\uff0d]/g

export function canonicalCve(text: string): string {
  const id = text.toUpperCase()
  if (!CVE.test(id)) throw invalidValue(`${quoted(text)} is not a CVE id, such as CVE-2021-44228`)
  return id
}

/** The author's step: typeset dashes as hyphens. */
export function plainDashes(text: string): string {
  return text.replace(DASHES, '-')
}
