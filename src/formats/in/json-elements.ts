import { ByteCapture } from './byte-capture.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  FRAME_BYTES_MAX,
  isJsonSpace,
  JSON_DEPTH_MAX,
  JsonStrings,
  JsonValueCapture,
  OPEN_ARRAY,
  OPEN_OBJECT,
  type ParsedJson,
  parseCapture,
} from './json-value.ts'
import { readUtf8 } from './text-decoding.ts'

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

/**
 * `outside`: before, between and after documents · `frame`: in a root object, outside its `objects` · `list`: between
 * the elements · `element`: inside one · `garbage`: after something that is no JSON, up to the end.
 */
type State = 'outside' | 'frame' | 'list' | 'element' | 'garbage'

class ElementScanner {
  #state: State = 'outside'
  /** Of the root object. */
  #strings = new JsonStrings()
  #depth = 0
  #tooDeep = false
  /** Of the current document: its number from 1, whether its list is the `objects` of a root object, the next element. */
  #document = 0
  #framed = false
  #index = 0
  #sawList = false
  readonly #frame = new ByteCapture(FRAME_BYTES_MAX)
  readonly #element = new JsonValueCapture()
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
      this.#broken(this.#place(), 'the file ends in the middle of an object', this.#element.capture)
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
    if (isJsonSpace(byte)) return at + 1
    if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT) {
      this.#frame.clear()
      this.#frame.add(piece.subarray(at))
      this.#broken(`after document ${this.#document}`, 'this is neither a JSON object nor a JSON array', this.#frame)
      this.#state = 'garbage'
      return piece.length
    }
    this.#document++
    this.#index = 0
    this.#sawList = false
    this.#framed = byte === OPEN_OBJECT
    this.#frame.clear()
    this.#strings = new JsonStrings()
    this.#depth = 0
    this.#tooDeep = false
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
      if (this.#strings.takes(byte)) continue
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (++this.#depth > JSON_DEPTH_MAX) this.#tooDeep = true
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
        if (!this.#sawList) this.#emitFrame()
        return at + 1
      }
    }
    this.#frame.add(piece.subarray(from))
    return piece.length
  }

  #inList(piece: Uint8Array, at: number): number {
    const byte = piece[at]!
    if (isJsonSpace(byte) || byte === COMMA) return at + 1
    if (byte !== CLOSE_ARRAY) {
      this.#state = 'element'
      this.#element.clear()
      return at
    }
    this.#state = this.#framed ? 'frame' : 'outside'
    // The frame keeps the array without its elements: its `[` was taken, this `]` closes it.
    return this.#framed ? at : at + 1
  }

  #inElement(piece: Uint8Array, from: number): number {
    const end = this.#element.take(piece, from)
    if (end === undefined) return piece.length
    this.#emit(this.#place(), this.#element.capture, this.#element.parsed())
    this.#index++
    this.#state = 'list'
    return end
  }

  #place(): string {
    const element = `${this.#framed ? 'objects' : ''}[${this.#index}]`
    return this.#document > 1 ? `document ${this.#document} ${element}` : element
  }

  #emitFrame(): void {
    const place = this.#document === 1 ? 'object' : `object ${this.#document}`
    this.#emit(place, this.#frame, parseCapture(this.#frame, this.#tooDeep))
  }

  #emit(place: string, capture: ByteCapture, parsed: ParsedJson): void {
    if ('reason' in parsed) this.#broken(place, parsed.reason, capture)
    else this.#out.push({ kind: 'value', place, value: parsed.json, bytes: parsed.bytes })
  }

  #broken(place: string, reason: string, capture: ByteCapture): void {
    this.#out.push({ kind: 'broken', place, reason, text: capture.shown() })
  }
}

const OBJECTS_OPENED = /[{,\s]"objects"\s*:\s*\[$/
