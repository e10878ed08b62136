import { sha256 } from '../base/hash.ts'
import { invalidValue, quoted } from './invalid.ts'

const ETHEREUM = /^0x[0-9a-f]{40}$/i
/** Prefix, `1`, data: of one case, which means nothing. */
const BECH32 = /^(?:bc|tb|ltc)1(?:[02-9ac-hj-np-z]{11,87}|[02-9AC-HJ-NP-Z]{11,87})$/
const BECH32_UPPER = /^(?:BC|TB|LTC)1[02-9AC-HJ-NP-Z]{11,87}$/
const CASH = /^(?:bitcoincash|bchtest):[qp][02-9ac-hj-np-z]{41,103}$/
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{25,106}$/
const MONERO = /^[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?$/

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const CHECKSUM_BYTES = 4
/** Version, 20 bytes of hash, checksum: Bitcoin and what came of it. */
const BASE58_ADDRESS_BYTES = 25

/** An address of Bitcoin, Ethereum, Monero and their kin. Base58 keeps its case, which is part of it. */
export function canonicalCryptoAddress(text: string): string {
  if (ETHEREUM.test(text) || BECH32_UPPER.test(text)) return text.toLowerCase()
  if (BECH32.test(text) && text === text.toLowerCase()) return text
  if (CASH.test(text) || BASE58.test(text)) return text
  throw invalidValue(`${quoted(text)} is no address of a cryptocurrency that is known here`)
}

/** Whether the text, without saying so, can be nothing else: by its form, or by the checksum in it. */
export function isCryptoAddress(text: string): boolean {
  if (ETHEREUM.test(text) || MONERO.test(text) || CASH.test(text)) return true
  if (/^bc1[02-9ac-hj-np-z]{38,87}$/.test(text)) return true
  return text.length <= 35 && BASE58.test(text) && hasBase58Checksum(text)
}

function hasBase58Checksum(text: string): boolean {
  let number = 0n
  for (const char of text) number = number * 58n + BigInt(ALPHABET.indexOf(char))
  const bytes = new Uint8Array(BASE58_ADDRESS_BYTES)
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = Number(number & 0xffn)
    number >>= 8n
  }
  if (number !== 0n) return false
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  const checksum = sha256(sha256(content)).subarray(0, CHECKSUM_BYTES)
  return checksum.every((byte, index) => byte === bytes[content.length + index])
}
