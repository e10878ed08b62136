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
  parseCapture,
} from './json-value.ts'
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

const COLON = 0x3a
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
  readonly #element = new JsonValueCapture()
  #inElement = false
  readonly #key = new ByteCapture(KEY_BYTES_MAX)
  /** Of an event: brackets that are open in a value that is no level. */
  #depth = 0
  readonly #strings = new JsonStrings()
  /** A string before is a key. */
  #afterColon = false
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
    if (isJsonSpace(byte)) return at + 1
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
    if (isJsonSpace(byte) || byte === COMMA) return at + 1
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
    this.#element.clear()
    return at
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
      if (this.#strings.takes(byte)) {
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
        if (++this.#depth > JSON_DEPTH_MAX) event.tooDeep = true
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
    const parsed = parseCapture(frame, tooDeep)
    if ('reason' in parsed) this.#broken(place, parsed.reason, frame.shown())
    else this.#out.push({ kind: 'event', place, value: parsed.json as Readonly<Record<string, unknown>>, lists })
  }

  #takeElement(piece: Uint8Array, from: number): number {
    const end = this.#element.take(piece, from)
    if (end === undefined) return piece.length
    this.#inElement = false
    const level = this.#levels.at(-1) as Extract<Level, { kind: 'events' | 'list' }>
    const list = level.kind === 'list' ? level.name : ''
    const index = level.index++
    const event = this.#levels.findLast(one => one.kind === 'event')
    if (event !== undefined) event.lists++
    const parsed = this.#element.parsed()
    if ('reason' in parsed) this.#broken(`${list}[${index}]`, parsed.reason, this.#element.capture.shown())
    else this.#out.push({ kind: 'element', list, index, value: parsed.json, bytes: parsed.bytes })
    return end
  }

  #broken(place: string, reason: string, text: string): void {
    this.#out.push({ kind: 'broken', place, reason, text })
  }
}
