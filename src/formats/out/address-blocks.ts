import type { AddressPrefix } from '../../indicator/ip.ts'
import { canonicalIpv6 } from '../../indicator/ip.ts'

/** Addresses from the first to the last, both in it, as numbers. */
export interface AddressBlock {
  readonly first: bigint
  readonly last: bigint
}

/** Of one family: ascending blocks that hold all of the prefixes, and neither overlap nor touch. */
export function mergedBlocks(prefixes: Iterable<AddressBlock>): AddressBlock[] {
  const blocks: AddressBlock[] = []
  for (const block of [...prefixes].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const previous = blocks.at(-1)
    if (previous === undefined || block.first > previous.last + 1n) blocks.push(block)
    else if (block.last > previous.last) blocks[blocks.length - 1] = { first: previous.first, last: block.last }
  }
  return blocks
}

/** What of merged blocks is in no block of others, merged as well. */
export function blocksWithout(blocks: readonly AddressBlock[], others: readonly AddressBlock[]): AddressBlock[] {
  const kept: AddressBlock[] = []
  let at = 0
  for (const { first, last } of blocks) {
    let from = first
    while (at < others.length && others[at]!.last < first) at++
    for (let next = at; next < others.length && others[next]!.first <= last; next++) {
      const other = others[next]!
      if (from < other.first) kept.push({ first: from, last: other.first - 1n })
      from = other.last + 1n
    }
    if (from <= last) kept.push({ first: from, last })
  }
  return kept
}

export function blockOf({ words, length }: AddressPrefix): AddressBlock {
  const first = words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
  return { first, last: first | ((1n << BigInt(words.length * 32 - length)) - 1n) }
}

/** `192.0.2.1` or `192.0.2.1-192.0.2.9`. */
export function blockText({ first, last }: AddressBlock, family: 4 | 6): string {
  const text = family === 4 ? ipv4Text : ipv6Text
  return first === last ? text(first) : `${text(first)}-${text(last)}`
}

function ipv4Text(address: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (address >> shift) & 0xffn).join('.')
}

function ipv6Text(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (address >> BigInt(112 - i * 16)) & 0xffffn)
  return canonicalIpv6(groups.map(group => group.toString(16)).join(':'))
}
