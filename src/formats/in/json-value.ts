import { fromUtf8 } from '../../base/bytes.ts'
import { ByteCapture } from './byte-capture.ts'

/** Of one value in a list of a file. A larger one is passed over and reported; memory never holds more than one. */
const VALUE_BYTES_MAX = 1024 * 1024
/** Of what stands in a file around the values of its lists. */
export const FRAME_BYTES_MAX = 256 * 1024
export const JSON_DEPTH_MAX = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

export function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Tells the bytes of strings from those of the structure, in the order in which they come. */
export class JsonStrings {
  #inside = false
  #escaped = false

  /** Whether `byte`, the next one, belongs to a string, its quotes included. */
  takes(byte: number): boolean {
    if (!this.#inside) {
      this.#inside = byte === QUOTE
      return this.#inside
    }
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inside = false
    return true
  }
}

/** One value of a list as it comes, cut at the brackets and commas around it. */
export class JsonValueCapture {
  readonly capture = new ByteCapture(VALUE_BYTES_MAX)
  #strings = new JsonStrings()
  #depth = 0
  #isEmpty = true
  #tooDeep = false

  clear(): void {
    this.capture.clear()
    this.#strings = new JsonStrings()
    this.#depth = 0
    this.#isEmpty = true
    this.#tooDeep = false
  }

  /** Takes what belongs to it from `from` on. Where it ends, or undefined: more has to come. */
  take(piece: Uint8Array, from: number): number | undefined {
    const end = this.#endIn(piece, from)
    this.capture.add(piece.subarray(from, end))
    this.#isEmpty = false
    return end
  }

  #endIn(piece: Uint8Array, from: number): number | undefined {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#strings.takes(byte)) continue
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (++this.#depth > JSON_DEPTH_MAX) this.#tooDeep = true
        continue
      }
      const closes = byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
      // A scalar ends before the comma or bracket that follows it; a brace that closes nothing is a broken value itself.
      if (this.#depth === 0 && (closes || byte === COMMA)) return this.#isEmpty && at === from ? at + 1 : at
      if (closes && --this.#depth === 0) return at + 1
    }
    return undefined
  }

  parsed(): ParsedJson {
    return parseCapture(this.capture, this.#tooDeep)
  }
}

/** What is parsed, or why it is not. */
export type ParsedJson = { readonly json: unknown; readonly bytes: number } | { readonly reason: string }

export function parseCapture(capture: ByteCapture, tooDeep: boolean): ParsedJson {
  if (capture.overflowed) return { reason: `the object is larger than ${capture.bytesMax} bytes` }
  if (tooDeep) return { reason: `the object is nested deeper than ${JSON_DEPTH_MAX} levels` }
  try {
    const bytes = capture.bytes()
    return { json: JSON.parse(fromUtf8(bytes)) as unknown, bytes: bytes.length }
  } catch (cause) {
    return { reason: `this is no valid JSON: ${cause instanceof Error ? cause.message : String(cause)}` }
  }
}
