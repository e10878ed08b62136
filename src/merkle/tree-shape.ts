/** Arithmetic of tree positions. Sizes are safe integers, beyond the 32 bits that JavaScript's bit operators keep. */

export function half(value: number): number {
  return Math.floor(value / 2)
}

export function isOdd(value: number): boolean {
  return value % 2 === 1
}

export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && largestPowerOfTwoUpTo(value) === value
}

export function largestPowerOfTwoUpTo(value: number): number {
  let power = 1
  while (power * 2 <= value) power *= 2
  return power
}

/** Where RFC 6962 splits a list of `size` >= 2 leaves: the largest power of two below it. */
export function splitPoint(size: number): number {
  return largestPowerOfTwoUpTo(size - 1)
}

/** Smallest level whose complete subtree has room for `count` >= 1 leaves. */
export function levelFor(count: number): number {
  let level = 0
  for (let width = 1; width < count; width *= 2) level++
  return level
}

/** How many complete subtrees a tree of `size` leaves falls into: the number of its one bits. */
export function peakCount(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = half(rest)) if (isOdd(rest)) count++
  return count
}
