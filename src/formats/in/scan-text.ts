import { concat, EMPTY } from '../../base/bytes.ts'
import type { Matcher } from '../../indicator/matcher.ts'
import { IS_TOKEN, LF } from './scan-bytes.ts'
import { createLineScanner, type Find } from './scan-line.ts'
import type { ByteLine } from './scan-span.ts'

/** An indicator in a text. */
export interface Hit extends Omit<Find, 'start'> {
  /** From 1. */
  readonly line: number
  /** Of the line, where it begins, in bytes from 1. */
  readonly column: number
  /** The line, or what stands around the find where the line is long. */
  readonly text: string
}

/** A longer line is read in parts, each by itself: neither a value nor a pair that stands across two is found. */
export const LINE_BYTES_MAX = 1024 * 1024
/** A long line is parted between tokens, where one ends within so many bytes. */
const TOKEN_BYTES_MAX = 8192
/** Of a line that a hit shows, to either side of the find. */
const TEXT_BYTES = 200

/**
 * Finds indicators in a text in UTF-8 or any encoding that has ASCII in it, whatever bytes stand between. Memory stays
 * flat whatever comes: hits of one part of the text are given before the next is read.
 */
export async function* scanText(matcher: Matcher, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Hit[]> {
  const scanner = createLineScanner(matcher)
  let line = 1
  let column = 1
  for await (const { bytes, endsLine } of partsOf(chunks)) {
    const hits: Hit[] = []
    scanner.scan(bytes, (find, number, at) => {
      hits.push(hitOf(find, line + number, (number === 0 ? column : 1) - at.from, at))
    })
    if (hits.length > 0) yield hits
    line += linesIn(bytes)
    column = endsLine ? 1 : column + bytes.length
  }
}

function hitOf({ start, ...match }: Find, line: number, columnOfLine: number, at: ByteLine): Hit {
  const from = Math.max(at.from, start - TEXT_BYTES)
  const to = Math.min(at.to, start + TEXT_BYTES)
  const text = decoder.decode(at.bytes.subarray(from, to)).replace(/\r$/, '')
  return { ...match, line, column: columnOfLine + start, text }
}

const decoder = new TextDecoder()

function linesIn(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++
  return lines
}

interface Part {
  readonly bytes: Uint8Array
  /** False where it is a part of a line that goes on. */
  readonly endsLine: boolean
}

/** Whole lines, as many as came; parts of those that are too long. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LF) + 1
    if (end > 0) {
      yield { bytes: joined(held, chunk.subarray(0, end)), endsLine: true }
      held = []
      heldBytes = 0
    }
    if (end === chunk.length) continue
    // The source may use its memory again.
    held.push(chunk.slice(end))
    heldBytes += chunk.length - end
    if (heldBytes < LINE_BYTES_MAX) continue
    const bytes = concat(...held)
    const cut = cutBefore(bytes)
    yield { bytes: bytes.subarray(0, cut), endsLine: false }
    held = [bytes.subarray(cut)]
    heldBytes = bytes.length - cut
  }
  yield { bytes: joined(held, EMPTY), endsLine: true }
}

function joined(held: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  return held.length === 0 ? last : concat(...held, last)
}

function cutBefore(bytes: Uint8Array): number {
  for (let at = bytes.length; at > bytes.length - TOKEN_BYTES_MAX; at--) if (IS_TOKEN[bytes[at - 1]!] === 0) return at
  return bytes.length
}
