import type { AddressSpan } from '../indicator/ip.ts'

/** Addresses by ranges: asked in the logarithm of their number. */
export interface AddressSet {
  /** All of the span lies in it. */
  contains(span: AddressSpan): boolean
  /** Some of the span lies in it. */
  touches(span: AddressSpan): boolean
}

export function createAddressSet(spans: readonly AddressSpan[]): AddressSet {
  const merged = mergeSpans(spans)

  /** The first span that does not end before `address`. */
  function spanFrom(address: string): AddressSpan | undefined {
    let low = 0
    let high = merged.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (merged[middle]!.last < address) low = middle + 1
      else high = middle
    }
    return merged[low]
  }

  return {
    contains({ first, last }) {
      const span = spanFrom(first)
      return span !== undefined && span.first <= first && last <= span.last
    },
    touches({ first, last }) {
      const span = spanFrom(first)
      return span !== undefined && span.first <= last
    },
  }
}

/** Ascending, and no two of them overlap or follow each other. */
function mergeSpans(spans: readonly AddressSpan[]): AddressSpan[] {
  const merged: AddressSpan[] = []
  for (const span of [...spans].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = merged.at(-1)
    if (before === undefined || span.first > next(before.last)) merged.push(span)
    else if (span.last > before.last) merged[merged.length - 1] = { first: before.first, last: span.last }
  }
  return merged
}

/** The address after this one; the last of all has none, and nothing lies behind it. */
function next(address: string): string {
  const number = BigInt(`0x${address}`) + 1n
  return number >> 128n === 0n ? number.toString(16).padStart(32, '0') : address
}
