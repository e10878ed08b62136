import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * What one caller can be expected to have to itself: an IPv4 address, or an IPv6 network of 64 bits, since a machine may
 * call from any address of its own. Other addresses as they are.
 */
export function addressBlock(address: Multiaddr): string {
  const [, version, host = ''] = /^\/ip([46])\/([^/]+)/.exec(address.toString()) ?? []
  if (version === undefined) return address.toString()
  return version === '4' || isLoopback(host) ? host : `${network(host)}::/64`
}

function isLoopback(host: string): boolean {
  return host === '::1'
}

/** The first four groups, without leading zeros. */
function network(host: string): string {
  const [front = '', back] = host.split('::')
  const before = front === '' ? [] : front.split(':')
  const after = back === undefined || back === '' ? [] : back.split(':')
  const zeros = back === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')
}
