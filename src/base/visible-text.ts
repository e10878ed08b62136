/**
 * Text of others may hold what steers a terminal, reorders what it shows, or is not seen at all: control and format
 * characters. They are shown as escapes, so that what one sees is what is there.
 */

const STEERING = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

export function visibleText(text: string): string {
  return text.replace(STEERING, escaped)
}

/** JSON text in which `JSON.stringify` left some of them; the value stays the same. */
export function visibleJson(json: string): string {
  return json.replace(STEERING, char => (char === '\n' ? char : escaped(char)))
}

function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
