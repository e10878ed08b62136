import { invalidValue, quoted } from './invalid.ts'

/** Hashes that are near each other where files are. Compared by tools; here they are values like others. */

/** Block size, hash of blocks of that size, hash of blocks of twice the size. Upper and lower case differ. */
const SSDEEP = /^([1-9]\d{0,9}):([A-Za-z0-9+/]{0,64}):([A-Za-z0-9+/]{0,64})$/
const SSDEEP_BLOCK_BYTES_MIN = 3
/** As the tool prints it: with the name of the file. */
const SSDEEP_FILE = /^([^,]*),".*"$/s
/** Without `T1` before 2020: the same digits mean the same. */
const TLSH = /^(?:T1)?([0-9A-F]{70})$/i

export function canonicalSsdeep(text: string): string {
  const match = SSDEEP.exec(text)
  if (match === null || match[2] === '') {
    throw invalidValue(`${quoted(text)} is no ssdeep hash, such as 3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C`)
  }
  const blocks = Number(match[1]) / SSDEEP_BLOCK_BYTES_MIN
  if (!Number.isInteger(Math.log2(blocks))) {
    throw invalidValue(`${quoted(text)}: an ssdeep hash has blocks of 3, 6, 12, 24 … bytes`)
  }
  return text
}

/** The author's step before `canonicalSsdeep`: without the name of the file. */
export function bareSsdeep(text: string): string {
  return SSDEEP_FILE.exec(text)?.[1] ?? text
}

export function canonicalTlsh(text: string): string {
  const digits = TLSH.exec(text)?.[1]
  if (digits === undefined) throw invalidValue(`${quoted(text)} is no TLSH of T1 and 70 hexadecimal digits`)
  return `T1${digits.toUpperCase()}`
}
