import { fromUtf8 } from '../base/bytes.ts'
import { ByteCapture } from './byte-capture.ts'
import { readUtf8 } from './text-decoding.ts'

/** A longer element is passed over and reported; memory never holds more than one element. */
const ELEMENT_BYTES_MAX = 1024 * 1024
const ELEMENT_DEPTH_MAX = 64
/** What stands in a document around the elements of `objects`. */
const FRAME_BYTES_MAX = 256 * 1024

export type JsonElement =
  | { readonly kind: 'value'; readonly place: string; readonly value: unknown; readonly bytes: number }
  | { readonly kind: 'broken'; readonly place: string; readonly reason: string; readonly text: string }

/**
 * The objects of a STIX file, one at a time: the elements of the `objects` array of a bundle, of a bare array, or the
 * one object itself; also several such documents one after the other, as in NDJSON. `place` is `objects[3]`, `[3]` or
 * `object`. The text is cut at the brackets and each piece goes to `JSON.parse`: one broken object costs only itself.
 */
export async function* readJsonElements(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly JsonElement[]> {
  const scanner = new ElementScanner()
  for await (const piece of readUtf8(chunks)) {
    const elements = scanner.push(piece)
    if (elements.length > 0) yield elements
  }
  const last = scanner.end()
  if (last.length > 0) yield last
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * `outside`: before, between and after documents · `frame`: in a root object, outside its `objects` · `list`: between
 * the elements · `element`: inside one · `garbage`: after something that is no JSON, up to the end.
 */
type State = 'outside' | 'frame' | 'list' | 'element' | 'garbage'

class ElementScanner {
  #state: State = 'outside'
  #depth = 0
  #inString = false
  #escaped = false
  #tooDeep = false
  /** Of the current document: its number from 1, whether its list is the `objects` of a root object, the next element. */
  #document = 0
  #framed = false
  #index = 0
  #sawList = false
  readonly #frame = new ByteCapture(FRAME_BYTES_MAX)
  readonly #element = new ByteCapture(ELEMENT_BYTES_MAX)
  #out: JsonElement[] = []

  push(piece: Uint8Array): readonly JsonElement[] {
    this.#out = []
    let at = 0
    while (at < piece.length) at = this.#advance(piece, at)
    return this.#out
  }

  end(): readonly JsonElement[] {
    this.#out = []
    if (this.#state === 'element')
      this.#broken(this.#place(), 'the file ends in the middle of an object', this.#element)
    if (this.#state === 'list')
      this.#broken(this.#place(), 'the file ends before its list of objects does', this.#frame)
    if (this.#state === 'frame') this.#broken('end of file', 'the file ends in the middle of the JSON', this.#frame)
    return this.#out
  }

  #advance(piece: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'outside':
        return this.#outside(piece, at)
      case 'frame':
        return this.#inFrame(piece, at)
      case 'list':
        return this.#inList(piece, at)
      case 'element':
        return this.#inElement(piece, at)
      case 'garbage':
        return piece.length
    }
  }

  #outside(piece: Uint8Array, at: number): number {
    const byte = piece[at]!
    if (isSpace(byte)) return at + 1
    if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT) {
      this.#element.clear()
      this.#element.add(piece.subarray(at))
      this.#broken(`after document ${this.#document}`, 'this is neither a JSON object nor a JSON array', this.#element)
      this.#state = 'garbage'
      return piece.length
    }
    this.#document++
    this.#index = 0
    this.#sawList = false
    this.#framed = byte === OPEN_OBJECT
    this.#start(this.#frame)
    if (this.#framed) {
      this.#state = 'frame'
      return at
    }
    this.#state = 'list'
    return at + 1
  }

  #inFrame(piece: Uint8Array, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#skipsString(byte)) continue
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (++this.#depth > ELEMENT_DEPTH_MAX) this.#tooDeep = true
        if (byte === OPEN_OBJECT || this.#depth !== 2) continue
        this.#frame.add(piece.subarray(from, at + 1))
        if (this.#frame.endsWith(OBJECTS_OPENED)) {
          this.#sawList = true
          this.#state = 'list'
        }
        return at + 1
      }
      if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.#depth === 0) {
        this.#frame.add(piece.subarray(from, at + 1))
        this.#state = 'outside'
        if (!this.#sawList) this.#emit(this.#document === 1 ? 'object' : `object ${this.#document}`, this.#frame)
        return at + 1
      }
    }
    this.#frame.add(piece.subarray(from))
    return piece.length
  }

  #inList(piece: Uint8Array, at: number): number {
    const byte = piece[at]!
    if (isSpace(byte) || byte === COMMA) return at + 1
    if (byte !== CLOSE_ARRAY) {
      this.#state = 'element'
      this.#start(this.#element)
      // A brace that closes nothing is an element of its own, and a broken one.
      return byte === CLOSE_OBJECT ? this.#endElement(piece.subarray(at, at + 1), at + 1) : at
    }
    if (!this.#framed) {
      this.#state = 'outside'
      return at + 1
    }
    // The frame keeps the array without its elements: its `[` was taken, this `]` closes it.
    this.#state = 'frame'
    this.#depth = 2
    return at
  }

  #inElement(piece: Uint8Array, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#skipsString(byte)) continue
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (++this.#depth > ELEMENT_DEPTH_MAX) this.#tooDeep = true
        continue
      }
      const closes = byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
      // A scalar ends before the comma or bracket that follows it; those belong to the list.
      if (this.#depth === 0 && (closes || byte === COMMA)) return this.#endElement(piece.subarray(from, at), at)
      if (closes && --this.#depth === 0) return this.#endElement(piece.subarray(from, at + 1), at + 1)
    }
    this.#element.add(piece.subarray(from))
    return piece.length
  }

  #endElement(bytes: Uint8Array, next: number): number {
    this.#element.add(bytes)
    this.#emit(this.#place(), this.#element)
    this.#index++
    this.#state = 'list'
    return next
  }

  #start(capture: ByteCapture): void {
    capture.clear()
    this.#depth = 0
    this.#tooDeep = false
    this.#inString = false
    this.#escaped = false
  }

  /** Whether `byte` belongs to a string, its quotes included. */
  #skipsString(byte: number): boolean {
    if (!this.#inString) {
      this.#inString = byte === QUOTE
      return this.#inString
    }
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
    return true
  }

  #place(): string {
    const element = `${this.#framed ? 'objects' : ''}[${this.#index}]`
    return this.#document > 1 ? `document ${this.#document} ${element}` : element
  }

  #emit(place: string, capture: ByteCapture): void {
    this.#out.push(this.#parsed(place, capture))
  }

  #parsed(place: string, capture: ByteCapture): JsonElement {
    const text = capture.shown()
    if (capture.overflowed) {
      return { kind: 'broken', place, reason: `the object is larger than ${capture.bytesMax} bytes`, text }
    }
    if (this.#tooDeep) {
      return { kind: 'broken', place, reason: `the object is nested deeper than ${ELEMENT_DEPTH_MAX} levels`, text }
    }
    try {
      const bytes = capture.bytes()
      return { kind: 'value', place, value: JSON.parse(fromUtf8(bytes)) as unknown, bytes: bytes.length }
    } catch (cause) {
      const reason = `this is no valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`
      return { kind: 'broken', place, reason, text }
    }
  }

  #broken(place: string, reason: string, capture: ByteCapture): void {
    this.#out.push({ kind: 'broken', place, reason, text: capture.shown() })
  }
}

const OBJECTS_OPENED = /[{,\s]"objects"\s*:\s*\[$/

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
