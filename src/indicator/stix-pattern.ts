import { invalidValue, quoted } from './invalid.ts'
import { hasControls } from './text.ts'

/** Deeper brackets than any real pattern has. */
const DEPTH_MAX = 64
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')' }
const WHITE = /[ \t\r\n\f\v]/

/**
 * One line: white space outside of quotes becomes one space, everything else stays. The check is of form only:
 * quotes and brackets are closed, and there is at least one observation `[...]`.
 */
export function canonicalStixPattern(text: string): string {
  const out: string[] = []
  const open: string[] = []
  let observations = 0
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!
    if (char === "'") {
      const end = endOfString(text, index)
      const literal = text.slice(index, end)
      if (hasControls(literal)) throw invalidValue('the STIX pattern has control characters in a string')
      out.push(literal)
      index = end - 1
      continue
    }
    if (WHITE.test(char)) {
      if (out.length > 0 && out.at(-1) !== ' ') out.push(' ')
      continue
    }
    if (char === '/' && (text[index + 1] === '/' || text[index + 1] === '*')) {
      throw invalidValue('a STIX pattern cannot be shared with a comment in it', 'Take the comment out.')
    }
    if (char === '[' && !open.includes(']')) observations++
    trackBracket(char, open)
    out.push(char)
  }
  if (open.length > 0) throw invalidValue(`the STIX pattern ${quoted(text)} lacks a closing ${quoted(open.at(-1)!)}`)
  if (observations === 0) throw invalidValue(`${quoted(text)}: a STIX pattern has an observation in [ ]`)
  return out.join('').trimEnd()
}

function trackBracket(char: string, open: string[]): void {
  const closing = CLOSING[char]
  if (closing !== undefined) {
    if (open.length === DEPTH_MAX)
      throw invalidValue(`the STIX pattern has more than ${DEPTH_MAX} brackets in each other`)
    open.push(closing)
  } else if (char === ']' || char === ')') {
    if (open.pop() !== char) throw invalidValue(`the STIX pattern has a ${quoted(char)} that closes nothing`)
  }
}

/** The index after the closing quote; `\` escapes the next character. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === "'") return index + 1
  }
  throw invalidValue(`the STIX pattern ${quoted(text)} has a quote that is not closed`)
}
