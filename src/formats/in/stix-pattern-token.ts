import { PatternSyntaxError } from './stix-pattern-error.ts'

export interface PatternToken {
  readonly kind: 'string' | 'number' | 'timestamp' | 'hex' | 'binary' | 'word' | 'operator' | 'symbol' | 'end'
  /** What the token says: strings without quotes and escapes, keywords as they are written. */
  readonly text: string
  readonly start: number
  readonly end: number
}

const SPACE = /\s+|\/\*.*?\*\/|\/\/[^\n]*/sy
/** Both escapes of the language; a backslash before anything else stands for itself, as most publishers mean it. */
const STRING = /([thb]?)'([^'\\]*(?:\\.[^'\\]*)*)'/sy
const NUMBER = /[-+]?\d+(?:\.\d+)?(?![\w-])/y
const WORD = /[A-Za-z_][\w-]*/y
const OPERATOR = /==|!=|<>|<=|>=|=|<|>/y
const SYMBOL = /[[\]():.,*]/y

/** The tokens of a pattern, with one of kind `end` after the last. Throws PatternSyntaxError. */
export function tokenizePattern(text: string): PatternToken[] {
  const tokens: PatternToken[] = []
  for (let at = 0; at < text.length; ) {
    const space = matchAt(SPACE, text, at)
    const token = space === undefined ? tokenAt(text, at) : undefined
    if (token !== undefined) tokens.push(token)
    at = token?.end ?? at + space![0].length
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  return tokens
}

const PREFIXED = { '': 'string', t: 'timestamp', h: 'hex', b: 'binary' } as const

function tokenAt(text: string, start: number): PatternToken {
  const string = matchAt(STRING, text, start)
  if (string !== undefined) {
    const kind = PREFIXED[string[1] as keyof typeof PREFIXED]
    return { kind, text: string[2]!.replace(/\\(['\\])/g, '$1'), start, end: start + string[0].length }
  }
  const plain = [
    ['number', NUMBER],
    ['word', WORD],
    ['operator', OPERATOR],
    ['symbol', SYMBOL],
  ] as const
  for (const [kind, expression] of plain) {
    const match = matchAt(expression, text, start)
    if (match !== undefined) return { kind, text: match[0], start, end: start + match[0].length }
  }
  const what = text[start] === "'" ? 'a string has no end' : `"${text[start]}" has no place here`
  throw new PatternSyntaxError(what, start)
}

/** `expression` is sticky: it matches at `at` or not at all. */
function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at
  return expression.exec(text) ?? undefined
}
