import { YARA_KEYWORDS, type YaraToken } from './yara-token.ts'

/**
 * Which rules can stand in one file with those of others. Only a compiler knows whether a rule compiles, and one that does
 * not costs all that are compiled with it; so what is read together holds nothing but what is known for sure: text, bytes
 * and regular expressions without groups, and conditions that count and place them.
 */
export function isPlainYara(tokens: readonly YaraToken[]): boolean {
  try {
    new PlainReader(tokens).read()
    return true
  } catch (error) {
    if (error instanceof NotPlain) return false
    throw error
  }
}

class NotPlain extends Error {}

const NAME_LENGTH_MAX = 100
/** YARA's lexer has a buffer of 8 KiB. */
const TEXT_LENGTH_MAX = 2000
const DEPTH_MAX = 50
const TEXT_MODIFIERS: ReadonlySet<string> = new Set(['nocase', 'wide', 'ascii', 'fullword', 'private'])
const HEX_MODIFIERS: ReadonlySet<string> = new Set(['private'])
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>='])
const INTEGER_AT = /^u?int(?:8|16|32)(?:be)?$/
const NUMBER = /^(?:\d{1,9}|0x[0-9A-Fa-f]{1,8})$/
const SIZE = /^\d{1,9}(?:KB|MB)?$/
const BYTE = '(?:[0-9A-Fa-f]{2}|[0-9A-Fa-f]\\?|\\?[0-9A-Fa-f])'
const HEX = new RegExp(
  `^\\{\\s*${BYTE}(?:\\s*(?:${BYTE}|(?:\\?\\?|\\[\\d{1,2}\\])\\s*${BYTE}|\\(\\s*${BYTE}(?:\\s*${BYTE})*(?:\\s*\\|\\s*${BYTE}(?:\\s*${BYTE})*)+\\s*\\)))*\\s*\\}$`,
)
/** Characters, escapes and classes, each at most once repeated; it begins with what can be looked for. */
const REGEX =
  /^\/[A-Za-z0-9 _@:;,<>=!"'%&#~-]{4}(?:(?:[A-Za-z0-9 _@:;,<>=!"'%&#~-]|\\[.\\/dwsDWSnrt?*+()[\]{}|^$-]|\\x[0-9A-Fa-f]{2}|\.|\[\^?(?:[A-Za-z0-9 _.]|A-Z|a-z|0-9)+\])(?:[*+?]|\{\d{1,2}\})?)*\/[is]?$/

class PlainReader {
  readonly #tokens: readonly YaraToken[]
  readonly #rules = new Set<string>()
  #strings: readonly string[] = []
  #next = 0

  constructor(tokens: readonly YaraToken[]) {
    this.#tokens = tokens
  }

  read(): void {
    while (this.#next < this.#tokens.length) this.#rule()
  }

  #rule(): void {
    if (this.#isNext('private')) this.#next++
    this.#mark('rule')
    const name = this.#name()
    if (this.#isNext(':')) this.#tags()
    this.#mark('{')
    if (this.#isNext('meta')) this.#meta()
    this.#strings = []
    if (this.#isNext('strings')) this.#readStrings()
    this.#mark('condition')
    this.#mark(':')
    this.#or(0)
    this.#mark('}')
    this.#rules.add(name)
  }

  #tags(): void {
    this.#mark(':')
    const tags = new Set<string>()
    for (; !this.#isNext('{'); tags.add(this.#name())) if (tags.has(this.#peek().text)) throw new NotPlain()
  }

  #meta(): void {
    this.#mark('meta')
    this.#mark(':')
    while (this.#peek(1).text === '=') {
      this.#name()
      this.#mark('=')
      this.#skip('-')
      const { kind, text } = this.#peek()
      if (kind === 'number' ? !NUMBER.test(text) : kind === 'text' && text.length > TEXT_LENGTH_MAX)
        throw new NotPlain()
      this.#next++
    }
  }

  #readStrings(): void {
    this.#mark('strings')
    this.#mark(':')
    const names: string[] = []
    while (this.#peek().kind === 'string-id') {
      names.push(this.#take('string-id').slice(1))
      this.#mark('=')
      const { kind, text } = this.#peek()
      if (names.at(-1) === '' || text.length > TEXT_LENGTH_MAX) throw new NotPlain()
      if (kind === 'hex' ? !HEX.test(text) : kind === 'regex' && !REGEX.test(text)) throw new NotPlain()
      this.#next++
      this.#modifiers(kind === 'hex' ? HEX_MODIFIERS : TEXT_MODIFIERS)
    }
    this.#strings = names
  }

  #modifiers(known: ReadonlySet<string>): void {
    const said = new Set<string>()
    while (this.#peek().kind === 'word' && !this.#isNext('condition')) {
      const modifier = this.#take('word')
      if (!known.has(modifier) || said.has(modifier)) throw new NotPlain()
      said.add(modifier)
    }
  }

  #or(depth: number): void {
    do {
      do this.#term(depth)
      while (this.#skip('and'))
    } while (this.#skip('or'))
  }

  #term(depth: number): void {
    if (depth > DEPTH_MAX) throw new NotPlain()
    while (this.#skip('not')) {}
    if (this.#skip('(')) {
      this.#or(depth + 1)
      this.#mark(')')
      return
    }
    const { kind, text } = this.#peek()
    if (kind === 'string-id') this.#string()
    else if (kind === 'number' || text === 'any' || text === 'all') this.#some()
    else this.#word(this.#take('word'))
  }

  #word(word: string): void {
    if (word === 'filesize') this.#compare(SIZE)
    else if (INTEGER_AT.test(word)) {
      this.#mark('(')
      this.#number(NUMBER)
      this.#mark(')')
      this.#compare(NUMBER)
    } else if (word !== 'true' && word !== 'false' && !this.#rules.has(word)) throw new NotPlain()
  }

  /** `$a`, `$a at 0`, `#a > 2`. */
  #string(): void {
    const text = this.#take('string-id')
    if (!this.#strings.includes(text.slice(1))) throw new NotPlain()
    if (text.startsWith('#')) this.#compare(NUMBER)
    else if (!text.startsWith('$')) throw new NotPlain()
    else if (this.#skip('at')) this.#number(NUMBER)
  }

  /** `2 of ($a*, $b)`. */
  #some(): void {
    const { kind, text: quantity } = this.#peek()
    this.#next++
    this.#mark('of')
    let count = this.#strings.length
    if (!this.#skip('them')) {
      this.#mark('(')
      count = 0
      do count += this.#named(this.#take('string-id'))
      while (this.#skip(','))
      this.#mark(')')
    }
    if (count === 0 || (kind === 'number' && !(Number(quantity) >= 1 && Number(quantity) <= count)))
      throw new NotPlain()
  }

  #named(text: string): number {
    const name = text.slice(1)
    const found = name.endsWith('*')
      ? this.#strings.filter(one => one.startsWith(name.slice(0, -1))).length
      : Number(this.#strings.includes(name))
    if (found === 0 || !text.startsWith('$')) throw new NotPlain()
    return found
  }

  #compare(pattern: RegExp): void {
    const { text } = this.#peek()
    if (!COMPARISONS.has(text)) throw new NotPlain()
    this.#next++
    this.#number(pattern)
  }

  #number(pattern: RegExp): void {
    if (!pattern.test(this.#take('number'))) throw new NotPlain()
  }

  #peek(further = 0): YaraToken {
    const token = this.#tokens[this.#next + further]
    if (token === undefined) throw new NotPlain()
    return token
  }

  #isNext(text: string): boolean {
    return this.#peek().text === text
  }

  #skip(text: string): boolean {
    const isNext = this.#isNext(text)
    if (isNext) this.#next++
    return isNext
  }

  #take(kind: YaraToken['kind']): string {
    const token = this.#peek()
    if (token.kind !== kind || (kind !== 'text' && token.text.length > NAME_LENGTH_MAX)) throw new NotPlain()
    this.#next++
    return token.text
  }

  #name(): string {
    const name = this.#take('word')
    if (YARA_KEYWORDS.has(name)) throw new NotPlain()
    return name
  }

  #mark(text: string): void {
    if (!this.#skip(text)) throw new NotPlain()
  }
}
