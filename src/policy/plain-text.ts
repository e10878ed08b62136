const DEFANGED_DOT = /[[({]\s*(?:\.|dot)\s*[\])}]/gi
/** As patterns and regular expressions write what stands for itself. */
const ESCAPE = /(?<!\\)\\+(?=[.:/-])/g
/** An ASCII character that is percent-encoded, once or several times. */
const ENCODED = /%(?:25)*([2-7][0-9a-f])/gi
const BEYOND_ASCII = /[^\0-\x7f]/
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g

/** A text with its addresses and names as a program would take them. */
export function plainText(text: string): string {
  const folded = BEYOND_ASCII.test(text) ? text.normalize('NFKC').replace(INVISIBLE, '').replaceAll('。', '.') : text
  return folded
    .replace(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(ESCAPE, '')
    .replace(DEFANGED_DOT, '.')
}
