/** Free text from outside, made fit for a signed item: well-formed Unicode, no control characters, within a cap. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROL_BUT_LAYOUT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROL_RUN = /[\0-\x1f\x7f]+/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROL = /[\0-\x1f\x7f]/
const HIGH_SURROGATE_AT_END = /[\ud800-\udbff]$/

/** Tabs and line breaks among them. */
export function hasControls(text: string): boolean {
  return CONTROL.test(text)
}

/** Keeps tabs and line breaks. */
export function cleanText(text: string, lengthMax: number): string {
  return capped(text.toWellFormed().replace(CONTROL_BUT_LAYOUT, '').trim(), lengthMax)
}

/** On one line. */
export function cleanLine(text: string, lengthMax: number): string {
  return capped(text.toWellFormed().replace(CONTROL_RUN, ' ').trim(), lengthMax)
}

/** Cuts to UTF-16 units without leaving half a character. */
function capped(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  return text.slice(0, lengthMax).replace(HIGH_SURROGATE_AT_END, '').trimEnd()
}
