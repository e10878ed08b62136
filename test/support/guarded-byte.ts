/** Something wrong behind four comparisons, which no chance gets past at once and coverage does, one by one. */
export function guarded(input: Uint8Array): string | undefined {
  if (input[0] !== 0x74) return undefined
  if (input[1] !== 0x6f) return undefined
  if (input[2] !== 0x63) return undefined
  if (input[3] !== 0x73) return undefined
  throw new RangeError('the innermost')
}
