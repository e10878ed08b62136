import { toHex } from '../../../src/base/bytes.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../../src/registry/signed-doc.ts'

/** One file of `test/vectors/registry`: documents in the order in which a node gets them, and what it must hold true. */
export interface RegistryVector {
  readonly rule: string
  readonly title: string
  /** SignedDoc in hex, by name; a name that is not here stands in `base.json`. */
  readonly docs: Readonly<Record<string, string>>
  readonly pins?: readonly { readonly version: number; readonly doc: string; readonly from: 'operator' | 'age' }[]
  readonly deliver: readonly Delivery[]
  readonly expect: Expectation
}

export interface Delivery {
  readonly doc: string
  readonly outcome: 'added' | 'merged' | 'duplicate' | 'waiting' | 'refused'
  /** Of `refused` and `waiting`. */
  readonly code?: string
}

export interface Expectation {
  /** The registry document in force. */
  readonly registry: string
  /** Governors who signed both of two versions in one place. */
  readonly split?: readonly string[]
  /** The document in force of each nation; null where it has none. */
  readonly nations?: Readonly<Record<string, string | null>>
  /** Keys in hex that may open a log for a nation by, and those that may not. */
  readonly mayOpenLog?: readonly { readonly nation: string; readonly key: string; readonly answer: boolean }[]
  readonly peers?: readonly { readonly key: string; readonly answer: 'member' | 'refused' | 'limbo' }[]
}

/** A vector and the name of its file. */
export type NamedVectors = Readonly<Record<string, RegistryVector>>

export function hexOf(signed: ParsedSignedDoc): string {
  return toHex(encodeSignedDoc(signed))
}
