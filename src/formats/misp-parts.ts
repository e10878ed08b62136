import { fromUtf8 } from '../base/bytes.ts'
import { ByteCapture } from './byte-capture.ts'
import { readUtf8 } from './text-decoding.ts'

/**
 * A piece of a MISP document: one element of a list of an event, or the event itself without its lists, which comes
 * after all of them.
 */
export type MispPart =
  | {
      readonly kind: 'element'
      readonly list: string
      readonly index: number
      readonly value: unknown
      readonly bytes: number
    }
  | {
      readonly kind: 'event'
      readonly place: string
      readonly value: Readonly<Record<string, unknown>>
      readonly lists: number
    }
  | { readonly kind: 'broken'; readonly place: string; readonly reason: string; readonly text: string }

const ELEMENT_BYTES_MAX = 1024 * 1024
/** Of an event without its lists. */
const FRAME_BYTES_MAX = 256 * 1024
const DEPTH_MAX = 64
const KEY_BYTES_MAX = 64

/**
 * Takes MISP JSON apart as it comes: `{"Event": …}`, `{"response": [{"Event": …}]}`, a list of events or attributes, one
 * event or attribute. Memory holds one element and the scalars of an event, however long its lists are.
 */
export async function* readMispParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly MispPart[]> {
  const scanner = new MispScanner()
  for await (const piece of readUtf8(chunks)) {
    const parts = scanner.push(piece)
    if (parts.length > 0) yield parts
  }
  const last = scanner.end()
  if (last.length > 0) yield last
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** Keys under which an event stands in an answer of the API or in a file of a feed, and how deep. */
const WRAPPERS: ReadonlySet<string> = new Set(['Event', 'response'])
const WRAPPED_LEVELS_MAX = 3
const EMPTY_OBJECT = new Uint8Array([OPEN_OBJECT, CLOSE_OBJECT])
const EMPTY_ARRAY = new Uint8Array([OPEN_ARRAY, CLOSE_ARRAY])

/** `events`: an array whose elements are events. `event`: an object that is read key by key. `list`: an array in one. */
type Level =
  | { readonly kind: 'events'; index: number }
  | { readonly kind: 'event'; readonly place: string; readonly frame: ByteCapture; lists: number; tooDeep: boolean }
  | { readonly kind: 'list'; readonly name: string; index: number }

class MispScanner {
  readonly #levels: Level[] = []
  readonly #element = new ByteCapture(ELEMENT_BYTES_MAX)
  readonly #key = new ByteCapture(KEY_BYTES_MAX)
  /** Brackets open inside of what is taken whole: an element, or a value of an event. */
  #depth = 0
  #inString = false
  #escaped = false
  /** Within a string of an event; and whether it may be a key. */
  #afterColon = false
  #inElement = false
  #documents = 0
  #dead = false
  #out: MispPart[] = []

  push(piece: Uint8Array): readonly MispPart[] {
    this.#out = []
    for (let at = 0; at < piece.length && !this.#dead; ) at = this.#advance(piece, at)
    return this.#out
  }

  end(): readonly MispPart[] {
    this.#out = []
    if (!this.#dead && this.#levels.length > 0)
      this.#broken('end of file', 'the file ends in the middle of the JSON', '')
    return this.#out
  }

  #advance(piece: Uint8Array, at: number): number {
    if (this.#inElement) return this.#takeElement(piece, at)
    const level = this.#levels.at(-1)
    switch (level?.kind) {
      case undefined:
        return this.#root(piece, at)
      case 'events':
      case 'list':
        return this.#betweenElements(piece, at, level)
      case 'event':
        return this.#inEvent(piece, at, level)
    }
  }

  #root(piece: Uint8Array, at: number): number {
    const byte = piece[at]!
    if (isSpace(byte)) return at + 1
    this.#documents++
    if (byte === OPEN_OBJECT) this.#openEvent()
    else if (byte === OPEN_ARRAY) this.#levels.push({ kind: 'events', index: 0 })
    else {
      this.#dead = true
      this.#broken(`after document ${this.#documents - 1}`, 'this is neither a JSON object nor a JSON array', '')
    }
    return at + 1
  }

  #betweenElements(piece: Uint8Array, at: number, level: Extract<Level, { kind: 'events' | 'list' }>): number {
    const byte = piece[at]!
    if (isSpace(byte) || byte === COMMA) return at + 1
    if (byte === CLOSE_ARRAY) {
      this.#levels.pop()
      return at + 1
    }
    if (level.kind === 'events' && byte === OPEN_OBJECT) {
      this.#openEvent()
      level.index++
      return at + 1
    }
    this.#inElement = true
    this.#depth = 0
    this.#element.clear()
    // A brace that closes nothing is an element of its own, and a broken one.
    return byte === CLOSE_OBJECT ? this.#endElement(piece.subarray(at, at + 1), at + 1) : at
  }

  #openEvent(): void {
    const frame = new ByteCapture(FRAME_BYTES_MAX)
    frame.add(EMPTY_OBJECT.subarray(0, 1))
    this.#levels.push({ kind: 'event', place: this.#eventPlace(), frame, lists: 0, tooDeep: false })
    this.#awaitKey()
    this.#depth = 0
  }

  /** `event`, or `event 3` in a list of them. */
  #eventPlace(): string {
    const events = this.#levels.findLast(level => level.kind === 'events')
    const number = events === undefined ? this.#documents : events.index + (this.#levels.at(-1) === events ? 1 : 0)
    return number === 1 && events === undefined ? 'event' : `event ${number}`
  }

  /** Up to the end of the piece or to where another level begins or this one ends. */
  #inEvent(piece: Uint8Array, from: number, event: Extract<Level, { kind: 'event' }>): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#skipsString(byte)) {
        if (!this.#afterColon && this.#depth === 0) this.#key.add(piece.subarray(at, at + 1))
        continue
      }
      if (byte === COLON && this.#depth === 0) this.#afterColon = true
      else if (byte === COMMA && this.#depth === 0) this.#awaitKey()
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (this.#depth === 0 && this.#opensLevel(byte, event)) {
          event.frame.add(piece.subarray(from, at))
          event.frame.add(byte === OPEN_OBJECT ? EMPTY_OBJECT : EMPTY_ARRAY)
          this.#open(byte)
          return at + 1
        }
        if (++this.#depth > DEPTH_MAX) event.tooDeep = true
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (--this.#depth >= 0) continue
        event.frame.add(piece.subarray(from, at + 1))
        this.#endEvent(event)
        return at + 1
      }
    }
    event.frame.add(piece.subarray(from))
    return piece.length
  }

  #awaitKey(): void {
    this.#afterColon = false
    this.#key.clear()
  }

  #opensLevel(byte: number, event: Extract<Level, { kind: 'event' }>): boolean {
    if (!this.#afterColon) return false
    if (byte === OPEN_ARRAY) return true
    // An event in an event is a related one, which is told of elsewhere.
    return WRAPPERS.has(this.#keyName()) && this.#levels.indexOf(event) < WRAPPED_LEVELS_MAX
  }

  #open(byte: number): void {
    const key = this.#keyName()
    if (byte === OPEN_OBJECT) this.#openEvent()
    else if (key === 'response') this.#levels.push({ kind: 'events', index: 0 })
    else this.#levels.push({ kind: 'list', name: key, index: 0 })
    this.#awaitKey()
  }

  #keyName(): string {
    return this.#key.shown().replaceAll('"', '')
  }

  #endEvent(event: Extract<Level, { kind: 'event' }>): void {
    this.#levels.pop()
    this.#depth = 0
    this.#awaitKey()
    const { place, frame, lists, tooDeep } = event
    const value = tooDeep ? 'the event is nested too deeply' : parsed(frame)
    if (typeof value === 'string') this.#broken(place, value, frame.shown())
    else this.#out.push({ kind: 'event', place, value: value.json as Readonly<Record<string, unknown>>, lists })
  }

  #takeElement(piece: Uint8Array, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#skipsString(byte)) continue
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth++
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
    this.#inElement = false
    this.#depth = 0
    const level = this.#levels.at(-1) as Extract<Level, { kind: 'events' | 'list' }>
    const list = level.kind === 'list' ? level.name : ''
    const index = level.index++
    const event = this.#levels.findLast(one => one.kind === 'event')
    if (event !== undefined) event.lists++
    const value = parsed(this.#element)
    if (typeof value === 'string') this.#broken(`${list}[${index}]`, value, this.#element.shown())
    else this.#out.push({ kind: 'element', list, index, value: value.json, bytes: this.#element.bytes().length })
    return next
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

  #broken(place: string, reason: string, text: string): void {
    this.#out.push({ kind: 'broken', place, reason, text })
  }
}

/** What is parsed, or why it is not. */
function parsed(capture: ByteCapture): { readonly json: unknown } | string {
  if (capture.overflowed) return `the object is larger than ${capture.bytesMax} bytes`
  try {
    return { json: JSON.parse(fromUtf8(capture.bytes())) as unknown }
  } catch (cause) {
    return `this is no valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
