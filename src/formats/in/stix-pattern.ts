import { PatternSyntaxError } from './stix-pattern-error.ts'
import { type PatternToken, tokenizePattern } from './stix-pattern-token.ts'

/** Parser for the STIX Patterning language, version 2.1 §9, which also reads 2.0. */

export const PATTERN_LENGTH_MAX = 64 * 1024
const DEPTH_MAX = 32

/** Where something stands in the pattern's text: `text.slice(start, end)`. */
interface Span {
  readonly start: number
  readonly end: number
}

export type Operator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | 'LIKE'
  | 'MATCHES'
  | 'ISSUBSET'
  | 'ISSUPERSET'
  | 'EXISTS'

export interface Comparison extends Span {
  readonly kind: 'comparison'
  /** `file` of `file:hashes.'SHA-256'`. */
  readonly objectType: string
  /** `['hashes', 'SHA-256']`; list steps are `[0]` and `[*]`. */
  readonly path: readonly string[]
  readonly operator: Operator
  readonly negated: boolean
  /** One, or several for IN, none for EXISTS. Strings are unescaped; the text of other literals is kept as it is. */
  readonly values: readonly PatternLiteral[]
}

export interface PatternLiteral {
  readonly kind: 'string' | 'number' | 'boolean' | 'hex' | 'binary' | 'timestamp'
  readonly text: string
}

export interface Combination<T> extends Span {
  readonly kind: 'AND' | 'OR' | 'FOLLOWEDBY'
  readonly parts: readonly T[]
}

export type ComparisonExpression = Comparison | Combination<ComparisonExpression>

export interface Observation extends Span {
  readonly kind: 'observation'
  readonly expression: ComparisonExpression
}

/** An observation that must come so often, or in such a time. */
export interface Qualified extends Span {
  readonly kind: 'qualified'
  readonly inner: Pattern
}

export type Pattern = Observation | Qualified | Combination<Pattern>

/** Throws PatternSyntaxError. */
export function parseStixPattern(text: string): Pattern {
  if (text.length > PATTERN_LENGTH_MAX) {
    throw new PatternSyntaxError(`the pattern is longer than ${PATTERN_LENGTH_MAX} characters`, PATTERN_LENGTH_MAX)
  }
  return new Parser(tokenizePattern(text)).pattern()
}

/** Recursive descent: one method for each rule of the grammar, loosest binding first. */
class Parser {
  readonly #tokens: readonly PatternToken[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly PatternToken[]) {
    this.#tokens = tokens
  }

  pattern(): Pattern {
    const pattern = this.#followedBy()
    if (!this.#peek('end')) this.#fail('an operator between observations')
    return pattern
  }

  #followedBy(): Pattern {
    return this.#chain('FOLLOWEDBY', () => this.#observationsOr())
  }

  #observationsOr(): Pattern {
    return this.#chain('OR', () => this.#observationsAnd())
  }

  #observationsAnd(): Pattern {
    return this.#chain('AND', () => this.#qualified())
  }

  #qualified(): Pattern {
    let inner = this.#observation()
    for (let end = this.#qualifier(); end !== undefined; end = this.#qualifier()) {
      inner = { kind: 'qualified', inner, start: inner.start, end }
    }
    return inner
  }

  #qualifier(): number | undefined {
    if (this.#accept('word', 'REPEATS')) {
      this.#expect('number')
      return this.#expect('word', 'TIMES').end
    }
    if (this.#accept('word', 'WITHIN')) {
      this.#expect('number')
      return this.#expect('word', 'SECONDS').end
    }
    if (this.#accept('word', 'START')) {
      this.#moment()
      this.#expect('word', 'STOP')
      return this.#moment().end
    }
    return undefined
  }

  /** A timestamp literal; STIX 2.0 writes a plain string. */
  #moment(): PatternToken {
    return this.#accept('timestamp') ?? this.#expect('string')
  }

  #observation(): Pattern {
    if (this.#peek('symbol', '(')) return this.#parenthesised(() => this.#followedBy())
    const { start } = this.#expect('symbol', '[')
    const expression = this.#comparisonsOr()
    return { kind: 'observation', expression, start, end: this.#expect('symbol', ']').end }
  }

  #comparisonsOr(): ComparisonExpression {
    return this.#chain('OR', () => this.#comparisonsAnd())
  }

  #comparisonsAnd(): ComparisonExpression {
    return this.#chain('AND', () => this.#comparison())
  }

  #comparison(): ComparisonExpression {
    if (this.#peek('symbol', '(')) return this.#parenthesised(() => this.#comparisonsOr())
    const exists = this.#accept('word', 'EXISTS')
    const type = this.#expect('word')
    this.#expect('symbol', ':')
    const path = this.#path()
    const base = { kind: 'comparison', objectType: type.text, path, start: exists?.start ?? type.start } as const
    if (exists) return { ...base, operator: 'EXISTS', negated: false, values: [], end: this.#previousEnd() }
    const negated = this.#accept('word', 'NOT') !== undefined
    const operator = this.#operator()
    const values = operator === 'IN' ? this.#set() : [this.#literal()]
    return { ...base, operator, negated, values, end: this.#previousEnd() }
  }

  #path(): string[] {
    const path = [this.#step()]
    for (;;) {
      if (this.#accept('symbol', '.')) path.push(this.#step())
      else if (this.#accept('symbol', '[')) {
        const index = this.#accept('symbol', '*') ?? this.#expect('number')
        this.#expect('symbol', ']')
        path.push(`[${index.text}]`)
      } else return path
    }
  }

  #step(): string {
    return (this.#accept('string') ?? this.#expect('word')).text
  }

  #operator(): Operator {
    const token = this.#accept('operator') ?? this.#expect('word')
    const operator = OPERATORS.get(token.text)
    if (operator === undefined) throw new PatternSyntaxError(`"${token.text}" is no comparison`, token.start)
    return operator
  }

  #set(): PatternLiteral[] {
    this.#expect('symbol', '(')
    const values = [this.#literal()]
    while (this.#accept('symbol', ',')) values.push(this.#literal())
    this.#expect('symbol', ')')
    return values
  }

  #literal(): PatternLiteral {
    for (const kind of ['string', 'number', 'timestamp', 'hex', 'binary'] as const) {
      const token = this.#accept(kind)
      if (token) return { kind, text: token.text }
    }
    const word = this.#accept('word', 'true') ?? this.#accept('word', 'false')
    if (word) return { kind: 'boolean', text: word.text }
    return this.#fail('a value')
  }

  #parenthesised<T>(inside: () => T): T {
    const open = this.#expect('symbol', '(')
    if (++this.#depth > DEPTH_MAX) throw new PatternSyntaxError('the pattern is nested too deeply', open.start)
    const inner = inside()
    this.#depth--
    this.#expect('symbol', ')')
    return inner
  }

  #chain<T extends Span>(operator: Combination<T>['kind'], part: () => T): T | Combination<T> {
    const first = part()
    if (!this.#peek('word', operator)) return first
    const parts = [first]
    while (this.#accept('word', operator)) parts.push(part())
    return { kind: operator, parts, start: first.start, end: parts.at(-1)!.end }
  }

  #peek(kind: PatternToken['kind'], text?: string): boolean {
    const token = this.#tokens[this.#next]!
    return token.kind === kind && (text === undefined || token.text === text)
  }

  #accept(kind: PatternToken['kind'], text?: string): PatternToken | undefined {
    return this.#peek(kind, text) ? this.#tokens[this.#next++] : undefined
  }

  #expect(kind: PatternToken['kind'], text?: string): PatternToken {
    return this.#accept(kind, text) ?? this.#fail(text === undefined ? `a ${kind}` : `"${text}"`)
  }

  #previousEnd(): number {
    return this.#tokens[this.#next - 1]!.end
  }

  #fail(wanted: string): never {
    const token = this.#tokens[this.#next]!
    const found = token.kind === 'end' ? 'the end' : `"${token.text.slice(0, 40)}"`
    throw new PatternSyntaxError(`${wanted} is expected instead of ${found}`, token.start)
  }
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['=', '='],
  ['==', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['IN', 'IN'],
  ['LIKE', 'LIKE'],
  ['MATCHES', 'MATCHES'],
  ['ISSUBSET', 'ISSUBSET'],
  ['ISSUPERSET', 'ISSUPERSET'],
])
