import { fromHex, toHex, u8, utf8 } from '../base/bytes.ts'
import { labelledHash } from '../base/hash.ts'
import type { TypedValue } from './canonical.ts'
import { invalidValue, quoted } from './invalid.ts'

const ID_BYTES = 16
const ID_TEXT = /^[0-9a-f]{32}$/

/** 16 bytes, the same on every node: of the type and the canonical value. */
export function indicatorId({ type, value }: TypedValue): Uint8Array {
  return labelledHash('tocsin/indicator/v1', utf8(type), u8(0), utf8(value)).slice(0, ID_BYTES)
}

/** 32 lower-case hexadecimal digits. */
export function indicatorIdText(id: Uint8Array): string {
  return toHex(id)
}

export function parseIndicatorIdText(text: string): Uint8Array {
  const lower = text.toLowerCase()
  if (!ID_TEXT.test(lower)) throw invalidValue(`${quoted(text)} is no indicator id of 32 hexadecimal digits`)
  return fromHex(lower)
}
