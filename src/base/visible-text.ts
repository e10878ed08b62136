/**
 * Text of others may hold what steers a terminal or reorders what it shows: control characters and marks of direction.
 * They are shown as escapes, so that what one sees is what is there.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

export function visibleText(text: string): string {
  return text.replace(STEERING, escaped)
}

/** JSON text in which `JSON.stringify` left some of them; the value stays the same. */
export function visibleJson(json: string): string {
  return json.replace(STEERING, char => (char === '\n' ? char : escaped(char)))
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
