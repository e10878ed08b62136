import type { AddressPrefix } from './ip.ts'

const NONE: readonly number[] = []

/** Prefixes of one width as they are given, each with its number. */
export class PrefixList {
  readonly width: number
  words: Uint32Array
  lengths = new Uint8Array(16)
  numbers = new Uint32Array(16)
  size = 0

  constructor(width: number) {
    this.width = width
    this.words = new Uint32Array(16 * width)
  }

  add({ words, length }: AddressPrefix, number: number): void {
    if (this.size === this.lengths.length) this.grow()
    this.words.set(words, this.size * this.width)
    this.lengths[this.size] = length
    this.numbers[this.size++] = number
  }

  private grow(): void {
    const room = this.size * 2
    const { words, lengths, numbers } = this
    this.words = new Uint32Array(room * this.width)
    this.words.set(words)
    this.lengths = new Uint8Array(room)
    this.lengths.set(lengths)
    this.numbers = new Uint32Array(room)
    this.numbers.set(numbers)
  }

  compare(a: number, b: number): number {
    const { words, width } = this
    for (let i = 0; i < width; i++) {
      const difference = words[a * width + i]! - words[b * width + i]!
      if (difference !== 0) return difference
    }
    return this.lengths[a]! - this.lengths[b]!
  }
}

/**
 * Asked with prefixes of its width, it answers with the numbers that were given. Prefixes either lie within each other or
 * apart, so each knows the one around it, and a question costs the logarithm of how many there are.
 */
export interface PrefixTable {
  /** Those that hold all of it, the widest first. */
  covering(prefix: AddressPrefix): readonly number[]
  /** Those that share an address with it. */
  overlapping(prefix: AddressPrefix): readonly number[]
  /** Whether one does. */
  overlaps(prefix: AddressPrefix): boolean
  /** Whether every address of it lies in some of them. */
  contains(prefix: AddressPrefix): boolean
}

const NO_PARENT = -1

/** Outside of what builds the table: a closure there would keep the list as long as the table. */
function orderOf(list: PrefixList): Uint32Array {
  return Uint32Array.from({ length: list.size }, (_, i) => i).sort((a, b) => list.compare(a, b) || a - b)
}

/** Ascending by first address, and the wider first: what lies within a range follows it. */
export function buildPrefixTable(list: PrefixList): PrefixTable {
  const { size, width } = list
  const order = orderOf(list)
  const words = new Uint32Array(size * width)
  const lengths = new Uint8Array(size)
  const numbers = new Uint32Array(size)
  for (let at = 0; at < size; at++) {
    const from = order[at]! * width
    for (let i = 0; i < width; i++) words[at * width + i] = list.words[from + i]!
    lengths[at] = list.lengths[order[at]!]!
    numbers[at] = list.numbers[order[at]!]!
  }
  const parents = parentsOf()

  function parentsOf(): Int32Array {
    const parents = new Int32Array(size).fill(NO_PARENT)
    for (let at = 1; at < size; at++) {
      let around = at - 1
      while (around !== NO_PARENT && !holds(around, words, at * width, lengths[at]!)) around = parents[around]!
      parents[at] = around
    }
    return parents
  }

  /** Whether the range `at` holds all of the prefix whose words stand at `from`. */
  function holds(at: number, others: Uint32Array, from: number, length: number): boolean {
    const own = lengths[at]!
    if (own > length) return false
    for (let i = 0; i * 32 < own; i++) {
      const mask = own - i * 32 >= 32 ? 0xffff_ffff : ~(0xffff_ffff >>> (own - i * 32))
      if (((words[at * width + i]! ^ others[from + i]!) & mask) !== 0) return false
    }
    return true
  }

  /** How many begin at or before an address. */
  function upTo(address: Uint32Array): number {
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareWith(middle, address) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function compareWith(at: number, address: Uint32Array): number {
    for (let i = 0; i < width; i++) {
      const difference = words[at * width + i]! - address[i]!
      if (difference !== 0) return difference
    }
    return 0
  }

  function covering({ words: address, length }: AddressPrefix): readonly number[] {
    let at = upTo(address) - 1
    while (at !== NO_PARENT && !holds(at, address, 0, length)) at = parents[at]!
    if (at === NO_PARENT) return NONE
    const found: number[] = []
    for (; at !== NO_PARENT; at = parents[at]!) found.push(numbers[at]!)
    return found.reverse()
  }

  /** Places from `from` up to `to` of those that lie within it and are narrower, but for such as begin with it and are wider. */
  function within(prefix: AddressPrefix): { readonly from: number; readonly to: number } {
    const to = upTo(lastOf(prefix))
    let from = upTo(prefix.words)
    while (from > 0 && compareWith(from - 1, prefix.words) === 0 && lengths[from - 1]! > prefix.length) from--
    return { from, to }
  }

  return {
    covering,
    overlapping(prefix) {
      const { from, to } = within(prefix)
      return [...covering(prefix), ...numbers.subarray(from, to)]
    },
    overlaps(prefix) {
      const { from, to } = within(prefix)
      return from < to || covering(prefix).length > 0
    },
    contains(prefix) {
      if (covering(prefix).length > 0) return true
      const { from, to } = within(prefix)
      const last = lastOf(prefix)
      const next = prefix.words.slice()
      for (let at = from; at < to; at++) {
        const order = compareWith(at, next)
        if (order > 0) return false
        // What lies in a range already passed.
        if (order < 0) continue
        const end = lastOf({ words: words.subarray(at * width, (at + 1) * width), length: lengths[at]! })
        if (end.every((word, i) => word === last[i])) return true
        next.set(addressAfter(end))
      }
      return false
    },
  }
}

function lastOf({ words, length }: AddressPrefix): Uint32Array {
  return words.map((word, i) => (length >= (i + 1) * 32 ? word : word | (0xffff_ffff >>> Math.max(0, length - i * 32))))
}

function addressAfter(address: Uint32Array): Uint32Array {
  const next = address.slice()
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = next[i]! + 1
    if (next[i] !== 0) break
  }
  return next
}
