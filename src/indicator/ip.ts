import { concat } from '../base/bytes.ts'
import { invalidValue, quoted } from './invalid.ts'

/** Four or sixteen bytes, network order. */
type Address = Uint8Array

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/
const GROUP = /^[0-9a-fA-F]{1,4}$/
const PREFIX_LENGTH = /^(?:0|[1-9]\d*)$/

/** Dotted quad, decimal, no leading zeros: the only spelling that every tool reads alike. */
export function canonicalIpv4(text: string): string {
  if (!IPV4.test(text)) throw ipv4Fault(text)
  return text
}

/** RFC 5952, IPv4-mapped addresses in mixed notation (`::ffff:192.0.2.1`). Zone ids are refused: they mean nothing elsewhere. */
export function canonicalIpv6(text: string): string {
  return formatIpv6(parseIpv6(text))
}

/** Address and prefix length, host bits cleared. A /32 or /128 stays a range here; `classify` makes it an address. */
export function canonicalCidr(text: string): string {
  if (!text.includes('/')) throw invalidValue(`${quoted(text)}: a range needs a prefix length, such as /24`)
  const { address, length } = parseRange(text)
  return `${formatAddress(masked(address, length))}/${length}`
}

/** An address or a range as numbers: its first address, host bits cleared, in words of 32 bits. */
export interface AddressPrefix {
  /** One word: IPv4, four: IPv6. */
  readonly words: Uint32Array
  readonly length: number
}

/**
 * Of an address or a range in any spelling. IPv4 that is spelt as IPv6 (`::ffff:192.0.2.1`) is IPv4; a range that holds
 * such and others is IPv6, and says nothing of IPv4. Throws `indicator-invalid`.
 */
export function addressPrefix(text: string): AddressPrefix {
  const { address, length } = parseRange(text)
  if (address.length === 4 || length <= MAPPED_BITS || !isMapped(address)) return prefixOf(address, length)
  return prefixOf(address.subarray(MAPPED_BYTES.length), length - MAPPED_BITS)
}

/** The same as IPv6, with IPv4 where IPv6 maps it (`::ffff:0:0/96`): both spellings of one address are the same. */
export function mappedPrefix(text: string): AddressPrefix {
  const { address, length } = parseRange(text)
  if (address.length === 16) return prefixOf(address, length)
  return prefixOf(concat(MAPPED_BYTES, address), length + MAPPED_BITS)
}

const MAPPED_BYTES = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
const MAPPED_BITS = 96

function parseRange(text: string): { readonly address: Address; readonly length: number } {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  const bits = address.length * 8
  return { address, length: slash < 0 ? bits : parsePrefixLength(text.slice(slash + 1), bits) }
}

function prefixOf(address: Address, length: number): AddressPrefix {
  const bytes = masked(address, length)
  const words = new Uint32Array(bytes.length / 4)
  for (const [i, byte] of bytes.entries()) words[i >> 2] = (words[i >> 2]! << 8) | byte
  return { words, length }
}

/** `text` as a range no longer than `prefix` bits: wider where it is narrower. For an address or a range. */
export function widened(text: string, prefix: number): string {
  const [address = '', length] = text.split('/')
  return canonicalCidr(`${address}/${Math.min(prefix, length === undefined ? prefix : Number(length))}`)
}

function parseAddress(text: string): Address {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function formatAddress(address: Address): string {
  return address.length === 4 ? address.join('.') : formatIpv6(address)
}

function parseIpv4(text: string): Address {
  return Uint8Array.from(canonicalIpv4(text).split('.'), Number)
}

function ipv4Fault(text: string): Error {
  const octets = text.split('.')
  if (octets.length !== 4) {
    return invalidValue(`${quoted(text)}: an IPv4 address has four octets, this has ${octets.length}`)
  }
  for (const octet of octets) {
    if (octet === '') return invalidValue(`${quoted(text)}: an octet is empty`)
    if (!/^\d+$/.test(octet)) return invalidValue(`${quoted(text)}: octet ${quoted(octet)} is not a decimal number`)
    if (Number(octet) > 255) return invalidValue(`${text.slice(0, 60)}: octet ${octet.slice(0, 20)} is above 255`)
    if (octet.length > 1 && octet.startsWith('0')) {
      return invalidValue(
        `${text.slice(0, 60)}: octet ${octet.slice(0, 20)} has a leading zero`,
        'Some tools read it as octal: write the octet in plain decimal.',
      )
    }
  }
  return invalidValue(`${quoted(text)} is not an IPv4 address`)
}

function parseIpv6(text: string): Address {
  if (text.includes('%')) throw invalidValue(`${quoted(text)}: a zone id has no meaning on another machine`)
  if (!IPV6_CHARACTERS.test(text)) throw invalidValue(`${quoted(text)}: an IPv6 address has only 0-9, a-f, ":" and "."`)
  const halves = text.split('::')
  if (halves.length > 2) throw invalidValue(`${quoted(text)}: "::" stands more than once`)
  const head = parseGroups(halves[0]!, text, halves.length === 1)
  const tail = parseGroups(halves[1] ?? '', text, true)
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) {
    throw invalidValue(`${quoted(text)}: an IPv6 address has eight groups`)
  }
  const address = new Uint8Array(16)
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  for (const [index, group] of groups.entries()) {
    address[index * 2] = group >> 8
    address[index * 2 + 1] = group & 0xff
  }
  return address
}

/** The groups of one side of "::"; the last of the whole address may be a dotted quad. */
function parseGroups(half: string, text: string, endsAddress: boolean): number[] {
  if (half === '') return []
  const parts = half.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (endsAddress && index === parts.length - 1 && part.includes('.')) {
      const [a, b, c, d] = parseIpv4(part)
      groups.push((a! << 8) | b!, (c! << 8) | d!)
    } else if (GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      throw invalidValue(`${quoted(text)}: group ${quoted(part)} is not 1 to 4 hexadecimal digits`)
    }
  }
  return groups
}

function formatIpv6(address: Address): string {
  if (isMapped(address)) return `::ffff:${address.subarray(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, index) => (address[index * 2]! << 8) | address[index * 2 + 1]!)
  const run = longestZeroRun(groups)
  if (run.length < 2) return hexGroups(groups)
  return `${hexGroups(groups.slice(0, run.start))}::${hexGroups(groups.slice(run.start + run.length))}`
}

function hexGroups(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':')
}

/** ::ffff:0:0/96, RFC 4291 §2.5.5.2. */
function isMapped(address: Address): boolean {
  return MAPPED_BYTES.every((byte, i) => address[i] === byte)
}

/** The first of the longest, RFC 5952 §4.2.3. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue
    if (index - start > best.length) best = { start, length: index - start }
    start = index + 1
  }
  return best
}

function parsePrefixLength(text: string, bits: number): number {
  if (text.includes('.')) {
    throw invalidValue(`${quoted(text)} is a netmask`, 'Write the range with a prefix length, such as 192.0.2.0/24.')
  }
  if (!PREFIX_LENGTH.test(text)) throw invalidValue(`prefix length ${quoted(text)} is not a decimal number`)
  const prefix = Number(text)
  if (prefix > bits) throw invalidValue(`prefix length ${prefix} is above ${bits}`)
  return prefix
}

function masked(address: Address, prefix: number): Address {
  return address.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefix - index * 8))
    return byte & (0xff00 >> kept)
  })
}
