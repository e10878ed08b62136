import { invalidValue, quoted } from './invalid.ts'

const ASN_MAX = 0xffff_ffff
const ASN = /^(?:ASN?\s*)?(\d{1,10})$/i
/** RFC 5396: the upper and the lower 16 bits. */
const ASDOT = /^(?:ASN?\s*)?(\d{1,5})\.(\d{1,5})$/i
const MAC_BYTES: ReadonlySet<number> = new Set([6, 8])
const MAC = /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1)+[0-9a-f]{2}$/i
const MAC_BARE = /^[0-9a-f]{12}$|^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2,3}$/i

/** The number of an autonomous system: `AS` and decimal. */
export function canonicalAsn(text: string): string {
  const plain = ASN.exec(text)
  const dotted = ASDOT.exec(text)
  const number = dotted === null ? Number(plain?.[1] ?? Number.NaN) : asdot(Number(dotted[1]), Number(dotted[2]))
  if (!(number >= 1 && number <= ASN_MAX)) throw invalidValue(`${quoted(text)} is no AS number, such as AS64496`)
  return `AS${number}`
}

function asdot(upper: number, lower: number): number {
  return upper > 0xffff || lower > 0xffff ? Number.NaN : upper * 0x1_0000 + lower
}

/** EUI-48 or EUI-64: bytes in lower case between colons. */
export function canonicalMac(text: string): string {
  const bytes = MAC.test(text) || MAC_BARE.test(text) ? text.toLowerCase().match(/[0-9a-f]{2}/g) : null
  if (bytes === null || !MAC_BYTES.has(bytes.length)) {
    throw invalidValue(`${quoted(text)} is no MAC address, such as 00:00:5e:00:53:01`)
  }
  return bytes.join(':')
}

/** Whether the text, without saying so, can be nothing else. */
export function isMac(text: string): boolean {
  return MAC.test(text) && MAC_BYTES.has((text.length + 1) / 3)
}
