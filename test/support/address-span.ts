import ipaddr from 'ipaddr.js'

/** What an address or a range covers; IPv4 lies where IPv6 maps it (`::ffff:0:0/96`). */
export interface AddressSpan {
  readonly first: bigint
  readonly last: bigint
}

/** By another's parser: what the ranges of the house are compared with. */
export function addressSpan(text: string): AddressSpan {
  const [address = '', length] = text.split('/')
  const parsed = ipaddr.parse(address)
  const bits = parsed.kind() === 'ipv4' ? 32 : 128
  const free = BigInt(bits - Number(length ?? bits))
  const mapped = parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress() : parsed
  const number = mapped.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const first = (number >> free) << free
  return { first, last: first + (1n << free) - 1n }
}
