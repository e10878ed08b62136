import { toHex } from '../../src/base/bytes.ts'
import type { Store } from '../../src/store/store.ts'

/** Every view record as two words of hex: what is compared byte by byte. */
export async function dumpedView(store: Store): Promise<string[]> {
  const lines: string[] = []
  for await (const [key, value] of store.dumpView()) lines.push(`${toHex(key)} ${toHex(value)}`)
  return lines
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}
