import { RE2JS } from 're2js'
import { invalidValue } from '../indicator/invalid.ts'

const PATTERN_LENGTH_MAX = 2048
/** Others than these are rather part of the pattern. */
const DELIMITED = /^([/#~!@%;|,])(.*)\1([A-Za-z]*)$/s
/** Of PCRE; `g` is none and stands in real lists, `u` and `D` change nothing here. */
const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
  g: 0,
  u: 0,
  D: 0,
}

export interface Pattern {
  /** Somewhere in the text, in time linear to its length. */
  test(text: string): boolean
}

/**
 * A pattern as MISP writes it, which is PCRE with delimiters and flags: `/^abuse@/i`; one without delimiters is taken
 * whole. Throws ProtocolError `indicator-invalid` for what needs backtracking, such as look-behind and back references.
 */
export function compilePattern(text: string): Pattern {
  const { body, flags } = splitPattern(text)
  if (body.length > PATTERN_LENGTH_MAX) throw invalidValue(`a pattern of ${body.length} characters is too long`)
  try {
    return RE2JS.compile(body.replaceAll('\\/', '/'), flags)
  } catch (cause) {
    throw invalidValue(
      `the pattern cannot be matched in linear time: ${cause instanceof Error ? cause.message : cause}`,
    )
  }
}

function splitPattern(text: string): { readonly body: string; readonly flags: number } {
  const [, , body, letters = ''] = DELIMITED.exec(text) ?? []
  if (body === undefined) return { body: text, flags: 0 }
  const unknown = [...letters].find(letter => FLAGS[letter] === undefined)
  if (unknown !== undefined) throw invalidValue(`the flag ${JSON.stringify(unknown)} of the pattern is not known`)
  return { body, flags: [...letters].reduce((all, letter) => all | FLAGS[letter]!, 0) }
}
