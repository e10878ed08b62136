import { toHex } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'

declare const brand: unique symbol
/** A threshold and the root keys it is of, as one comparable string: equal sets of key ids are equal strings. */
export type RootSet = string & { readonly [brand]: 'RootSet' }

/** How a NationEntry names the roots of a nation, and how a NationDoc is found to have just these. */
export function rootSetOf(threshold: number, keyIds: readonly Hash[]): RootSet {
  return `${threshold}/${keyIds.map(toHex).sort().join(',')}` as RootSet
}
