import { concat, EMPTY, fromUtf8, utf8 } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'

/** A longer line is refused; the lines after it go in. */
export const LINE_BYTES_MAX = 64 * 1024
const PIECE_BYTES_MAX = 64 * 1024
const SHOWN_BYTES_MAX = 512

export interface TextLine {
  readonly kind: 'text'
  /** From 1. */
  readonly number: number
  readonly text: string
  /**
   * The bytes are not UTF-8 and were read as Windows-1252, which is a guess: good enough for a comment, for a space
   * stuck to a hash (0xA0), never for a letter of an indicator.
   */
  readonly guessed: boolean
}

export interface RefusedLine {
  readonly kind: 'refused'
  readonly number: number
  readonly code: ErrorCode
  readonly reason: string
  readonly text: string
}

export type Line = TextLine | RefusedLine

const LF = 0x0a
const CR = 0x0d
const LINE_END = /\r\n|\n|\r/
const windows1252 = new TextDecoder('windows-1252')

/**
 * The input as UTF-8 without a byte order mark, in pieces of at most 64 KiB. UTF-16 is recognised by its mark, or
 * by a NUL beside its first character; its unpaired surrogates become U+FFFD, which no indicator survives.
 */
export async function* readUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = EMPTY
  let decoding: Decoding | undefined
  for await (const chunk of chunks) {
    let bytes = chunk
    if (decoding === undefined) {
      head = concat(head, chunk)
      if (head.length < 3) continue
      decoding = decodingOf(head)
      bytes = head.subarray(decoding.markBytes)
    }
    for (let at = 0; at < bytes.length; at += PIECE_BYTES_MAX) {
      yield decoding.recode(bytes.subarray(at, at + PIECE_BYTES_MAX))
    }
  }
  if (decoding === undefined) {
    decoding = decodingOf(head)
    yield decoding.recode(head.subarray(decoding.markBytes))
  }
  yield decoding.end()
}

interface Decoding {
  readonly markBytes: number
  recode(bytes: Uint8Array): Uint8Array
  end(): Uint8Array
}

function decodingOf(head: Uint8Array): Decoding {
  if (head[0] === 0xff && head[1] === 0xfe) return utf16('utf-16le')
  if (head[0] === 0xfe && head[1] === 0xff) return utf16('utf-16be')
  // Without a mark: no text in ASCII begins with a NUL in its first two bytes.
  if (head[0] !== 0 && head[1] === 0) return utf16('utf-16le', 0)
  if (head[0] === 0 && head[1] !== undefined && head[1] !== 0) return utf16('utf-16be', 0)
  const marked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
  return { markBytes: marked ? 3 : 0, recode: bytes => bytes, end: () => EMPTY }
}

function utf16(encoding: 'utf-16le' | 'utf-16be', markBytes = 2): Decoding {
  const decoder = new TextDecoder(encoding)
  return {
    markBytes,
    recode: bytes => utf8(decoder.decode(bytes, { stream: true })),
    end: () => utf8(decoder.decode()),
  }
}

/**
 * The lines of a text, whatever their ends are (LF, CRLF, CR, mixed, none after the last), one batch for each piece of
 * input. Memory stays flat whatever the input; how it is cut into chunks changes nothing.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter()
  for await (const piece of readUtf8(chunks)) {
    const lines = splitter.push(piece)
    if (lines.length > 0) yield lines
  }
  const last = splitter.end()
  if (last.length > 0) yield last
}

/** The text at the start of an input, of whatever encoding, for a look at what it is. */
export function headText(head: Uint8Array): string {
  const decoding = decodingOf(head)
  return new TextDecoder().decode(decoding.recode(head.subarray(decoding.markBytes)))
}

/** The whole lines at the start of `head`, and the last as well if `head` is all there is. */
export function headLines(head: Uint8Array, complete: boolean): readonly TextLine[] {
  const decoding = decodingOf(head)
  const splitter = new LineSplitter()
  const lines = [...splitter.push(decoding.recode(head.subarray(decoding.markBytes)))]
  if (complete) lines.push(...splitter.end())
  return lines.filter(line => line.kind === 'text')
}

class LineSplitter {
  #carry: Uint8Array = EMPTY
  #number = 0
  /** Inside a line that was refused for its length: what follows up to its end is dropped. */
  #dropping = false

  push(piece: Uint8Array): Line[] {
    let bytes = this.#carry.length === 0 ? piece : concat(this.#carry, piece)
    const lines: Line[] = []
    if (this.#dropping) {
      const rest = afterFirstLine(bytes)
      if (rest === undefined) {
        // A CR at the very end is kept: with the next byte it shows whether the line ends here or with an LF.
        this.#carry = bytes.at(-1) === CR ? bytes.slice(-1) : EMPTY
        return lines
      }
      this.#dropping = false
      bytes = rest
    }
    const complete = completeLength(bytes)
    if (complete > 0) this.#split(bytes.subarray(0, complete), lines)
    this.#carry = bytes.slice(complete)
    if (this.#carry.length > LINE_BYTES_MAX + 1) {
      lines.push(this.#tooLong(this.#carry))
      this.#dropping = true
      this.#carry = this.#carry.at(-1) === CR ? this.#carry.slice(-1) : EMPTY
    }
    return lines
  }

  end(): Line[] {
    const lines: Line[] = []
    if (!this.#dropping && this.#carry.length > 0) this.#split(this.#carry, lines)
    this.#carry = EMPTY
    return lines
  }

  /** `bytes` is whole lines; the end of the last may be missing. */
  #split(bytes: Uint8Array, out: Line[]): void {
    const text = decodeStrictly(bytes)
    if (text === undefined) {
      this.#splitBytes(bytes, out)
      return
    }
    const texts = text.split(LINE_END)
    if (texts.at(-1) === '') texts.pop()
    for (const one of texts) out.push(this.#line(one, false))
  }

  /** The slow way, for input in which some line is not UTF-8. */
  #splitBytes(bytes: Uint8Array, out: Line[]): void {
    let rest: Uint8Array | undefined = bytes
    while (rest !== undefined && rest.length > 0) {
      const next: Uint8Array | undefined = afterFirstLine(rest)
      const line = trimLineEnd(next === undefined ? rest : rest.subarray(0, rest.length - next.length))
      const text = decodeStrictly(line)
      out.push(text === undefined ? this.#line(windows1252.decode(line), true) : this.#line(text, false))
      rest = next
    }
  }

  #line(text: string, guessed: boolean): Line {
    if (text.length > LINE_BYTES_MAX / 3 && utf8(text).length > LINE_BYTES_MAX) return this.#tooLong(utf8(text))
    const number = ++this.#number
    if (!text.includes('\0')) return { kind: 'text', number, text, guessed }
    const reason = 'the line contains a NUL byte; this is no text'
    return { kind: 'refused', number, code: 'import-not-text', reason, text: text.slice(0, SHOWN_BYTES_MAX) }
  }

  #tooLong(bytes: Uint8Array): RefusedLine {
    const reason = `the line is longer than ${LINE_BYTES_MAX} bytes`
    const text = windows1252.decode(bytes.subarray(0, SHOWN_BYTES_MAX))
    return { kind: 'refused', number: ++this.#number, code: 'import-line-too-long', reason, text }
  }
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    return undefined
  }
}

/** How many bytes are whole lines. A CR at the very end does not count yet: an LF may follow. */
function completeLength(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0; at--) {
    if (bytes[at] === LF || (bytes[at] === CR && at < bytes.length - 1)) return at + 1
  }
  return 0
}

function afterFirstLine(bytes: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === LF) return bytes.subarray(at + 1)
    if (bytes[at] === CR) {
      if (at + 1 === bytes.length) return undefined
      return bytes.subarray(bytes[at + 1] === LF ? at + 2 : at + 1)
    }
  }
  return undefined
}

function trimLineEnd(line: Uint8Array): Uint8Array {
  let length = line.length
  if (length > 0 && line[length - 1] === LF) length--
  if (length > 0 && line[length - 1] === CR) length--
  return line.subarray(0, length)
}
