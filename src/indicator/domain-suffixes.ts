import { utf8 } from '../base/bytes.ts'
import { createPackedTexts, nextHash } from './packed-texts.ts'

/** Domain names, asked for a name and all names that it lies below: a million of 30 bytes in 51 MB. */
export interface DomainSuffixes {
  readonly size: number
  /**
   * Of `name` and its parents those that it holds, by their number in the order given, where repeated ones count: the
   * nearest first. Names are compared as they are: give canonical ones.
   */
  matches(name: string): readonly number[]
  has(name: string): boolean
}

const DOT = 0x2e

/** `seed`: see `createPackedTexts`. */
export function buildDomainSuffixes(names: Iterable<string>, seed?: number): DomainSuffixes {
  const builder = createPackedTexts(seed)
  const numbers: number[] = []
  let count = 0
  for (const name of names) {
    if (builder.add(name) === numbers.length) numbers.push(count)
    count++
  }
  const texts = builder.build()
  const numberOf = Uint32Array.from(numbers)

  return {
    size: texts.size,
    has: name => texts.find(name) >= 0,
    matches(name) {
      const bytes = utf8(name)
      const found: number[] = []
      let hash = texts.seed
      for (let i = bytes.length - 1; i >= 0; i--) {
        hash = nextHash(hash, bytes[i]!)
        if (i > 0 && bytes[i - 1] !== DOT) continue
        const place = texts.findBytes(bytes, i, bytes.length, hash)
        if (place >= 0) found.push(numberOf[place]!)
      }
      return found.reverse()
    },
  }
}
