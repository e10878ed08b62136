/**
 * Names that are written to be taken for another. For authors only: it follows the Unicode tables of the machine, and
 * nothing that is received depends on it.
 */

const LETTERS = /\p{Letter}/gu
const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
]
/** Letters of other alphabets that look like Latin ones in most typefaces. */
const LATIN_LOOKALIKES =
  /^[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0578\u057d\u0585]+$/u

/** How a name in A-labels is read where one of its labels looks like another; undefined where none does. */
export function homographOf(name: string): string | undefined {
  if (!name.includes('xn--')) return undefined
  const labels = name
    .split('.')
    .map(label => (label.startsWith('xn--') ? (decodePunycode(label.slice(4)) ?? label) : label))
  return labels.some(isDeceptive) ? labels.join('.') : undefined
}

function isDeceptive(label: string): boolean {
  const letters = label.match(LETTERS)?.join('') ?? ''
  if (letters === '') return false
  return SCRIPTS.filter(script => script.test(letters)).length > 1 || LATIN_LOOKALIKES.test(letters)
}

/** RFC 3492 §5, of a label without `xn--`: `bcher-kva` is `bücher`. Undefined for what is no Punycode. */
export function decodePunycode(text: string): string | undefined {
  const delimiter = text.lastIndexOf('-')
  const points = [...text.slice(0, Math.max(0, delimiter))].map(char => char.codePointAt(0)!)
  let point = 128
  let index = 0
  let bias = 72
  for (let at = delimiter + 1; at < text.length; ) {
    const before = index
    let weight = 1
    for (let threshold = 36; ; threshold += 36) {
      const digit = digitOf(text.charCodeAt(at++))
      if (digit === undefined) return undefined
      index += digit * weight
      const limit = Math.min(26, Math.max(1, threshold - bias))
      if (digit < limit) break
      weight *= 36 - limit
    }
    const count = points.length + 1
    bias = adapted(index - before, count, before === 0)
    point += Math.floor(index / count)
    index %= count
    if (point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    points.splice(index++, 0, point)
  }
  return String.fromCodePoint(...points)
}

function digitOf(code: number): number | undefined {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61
  return code >= 0x30 && code <= 0x39 ? code - 0x30 + 26 : undefined
}

function adapted(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? 700 : 2))
  rest += Math.floor(rest / count)
  let steps = 0
  for (; rest > 455; steps += 36) rest = Math.floor(rest / 35)
  return steps + Math.floor((36 * rest) / (rest + 38))
}
