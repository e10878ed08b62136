import { addressPrefix } from '../../indicator/ip.ts'

/**
 * The owner name of an address or range in a response policy zone, without the zone: `24.0.2.0.192.rpz-ip`. BIND ignores
 * one that is not spelt as it would itself, and neither named-checkzone nor the answer to a reload says so.
 */
export function rpzIpOwner(text: string): string {
  const { words, length } = addressPrefix(text)
  if (words.length === 1) return `${length}.${bytesOf(words[0]!).reverse().join('.')}.rpz-ip`
  const groups = [...words].flatMap(word => [word >>> 16, word & 0xffff])
  return `${length}.${withZeroRun(groups).reverse().join('.')}.rpz-ip`
}

function bytesOf(word: number): number[] {
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]
}

/** `zz` for the first of the longest runs of two zeros or more, as `::` in RFC 5952. */
function withZeroRun(groups: readonly number[]): string[] {
  let best = { start: 0, length: 1 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = groups.map(group => group.toString(16))
  if (best.length > 1) hex.splice(best.start, best.length, 'zz')
  return hex
}
