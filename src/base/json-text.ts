import { fromUtf8 } from './bytes.ts'

const DEPTH_MAX = 128
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

/**
 * `JSON.parse` of what came from outside, of which the length alone says little: three bytes `{},` take seventy of
 * memory, and deep nesting takes minutes. Throws SyntaxError, or TypeError where it is no UTF-8.
 */
export function parseJsonText(bytes: Uint8Array, valuesMax: number): unknown {
  let values = 1
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === COMMA) values++
    else if (isOpening(byte)) {
      values++
      if (++depth > DEPTH_MAX) throw new SyntaxError(`it is nested deeper than ${DEPTH_MAX}`)
    } else if (isClosing(byte)) depth--
    if (values > valuesMax) throw new SyntaxError(`it holds more than ${valuesMax} values`)
  }
  return JSON.parse(fromUtf8(bytes))
}

/** Where its closing quote is. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) return at
    if (bytes[at] === BACKSLASH) at++
  }
  return bytes.length
}

/** `[` or `{`. */
function isOpening(byte: number): boolean {
  return byte === 0x5b || byte === 0x7b
}

function isClosing(byte: number): boolean {
  return byte === 0x5d || byte === 0x7d
}
