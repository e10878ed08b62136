import { isPlainYara } from './yara-plain.ts'
import { YARA_KEYWORDS, YARA_MODIFIERS, type YaraToken, yaraTokens } from './yara-token.ts'

/**
 * YARA rules of another nation, taken apart so that they can stand beside those of others: one that does not compile
 * spoils all that are compiled with it, and a `global` one decides over them. What a rule says is not judged.
 */

export interface YaraRule {
  readonly name: string
  /** Places in the text. */
  readonly nameAt: number
  /** After the colon of `meta`, or after the opening brace. */
  readonly metaAt: number
  readonly hasMeta: boolean
}

export interface YaraRules {
  /** It compiles for sure, and so may be compiled with others. */
  readonly isPlain: boolean
  readonly rules: readonly YaraRule[]
  /** Where conditions name rules from above. */
  readonly references: readonly { readonly name: string; readonly at: number }[]
}

export type CheckedYara = YaraRules | { readonly left: string }

export function checkYaraRules(text: string): CheckedYara {
  const tokens = yaraTokens(text)
  if (tokens === undefined || tokens.length === 0) return { left: 'the text is no YARA' }
  try {
    return { ...new Reader(tokens).read(), isPlain: isPlainYara(tokens) }
  } catch (error) {
    if (error instanceof Refusal) return { left: error.message }
    throw error
  }
}

/** A sentence on why a rule is left out. */
class Refusal extends Error {}

/** Those that every YARA has; others, such as cuckoo or console, want data of their own or write to the terminal. */
const MODULES: ReadonlySet<string> = new Set(['pe', 'elf', 'math', 'hash', 'time', 'dotnet'])
/** Of these only in conditions. */
const NOT_IN_CONDITIONS: ReadonlySet<string> = new Set(
  'import include rule global private strings meta condition entrypoint'.split(' '),
)
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
])
const DEPTH_MAX = 100
/** Between `for` and `in`: a quantity, and few variables. */
const LOOP_TOKENS_MAX = 64
/** Groups that do not capture, look around or back: YARA has none. */
const UNKNOWN_IN_REGEX = /\(\?|\\[1-9]/
const NO_SYNTAX = 'the rule does not keep to the syntax of YARA'

class Reader {
  readonly #tokens: readonly YaraToken[]
  #next = 0
  readonly #modules = new Set<string>()
  readonly #rules: YaraRule[] = []
  readonly #references: { readonly name: string; readonly at: number }[] = []

  constructor(tokens: readonly YaraToken[]) {
    this.#tokens = tokens
  }

  read(): Omit<YaraRules, 'isPlain'> {
    while (this.#next < this.#tokens.length) {
      const word = this.#take('word').text
      if (word === 'include') throw new Refusal('the rule includes a file')
      if (word === 'global') throw new Refusal('the rule is global, and would decide over the rules of others')
      if (word === 'import') this.#import()
      else if (word === 'rule') this.#rule()
      else if (word !== 'private') throw new Refusal(NO_SYNTAX)
    }
    if (this.#rules.length === 0) throw new Refusal(NO_SYNTAX)
    return { rules: this.#rules, references: this.#references }
  }

  #import(): void {
    const module = this.#take('text').text.slice(1, -1)
    if (!MODULES.has(module)) throw new Refusal('the rule imports a module that not every YARA has')
    this.#modules.add(module)
  }

  #rule(): void {
    const name = this.#take('word')
    if (YARA_KEYWORDS.has(name.text)) throw new Refusal(NO_SYNTAX)
    if (this.#rules.some(rule => rule.name === name.text)) throw new Refusal('two of its rules have one name')
    if (this.#isNext(':')) this.#tags()
    const brace = this.#mark('{')
    const meta = this.#section('meta')
    if (meta !== undefined) this.#metaFields()
    const strings = this.#section('strings') === undefined ? new Set<string>() : this.#strings()
    if (this.#section('condition') === undefined) throw new Refusal(NO_SYNTAX)
    this.#condition(strings)
    const start = meta ?? brace
    this.#rules.push({
      name: name.text,
      nameAt: name.at,
      metaAt: start.at + start.text.length,
      hasMeta: meta !== undefined,
    })
  }

  #tags(): void {
    this.#mark(':')
    do this.#take('word')
    while (this.#peek()?.kind === 'word')
  }

  #metaFields(): void {
    while (this.#peek(1)?.text === '=') {
      this.#take('word')
      this.#mark('=')
      if (this.#isNext('-')) this.#mark('-')
      const value = this.#take('text', 'number', 'word')
      if (value.kind === 'word' && !['true', 'false'].includes(value.text)) throw new Refusal(NO_SYNTAX)
    }
  }

  /** Their names without `$`; those of nameless ones are empty. */
  #strings(): Set<string> {
    const names = new Set<string>()
    while (this.#peek()?.kind === 'string-id') {
      const name = this.#take('string-id').text
      if (!/^\$\w*$/.test(name) || (name !== '$' && names.has(name.slice(1)))) throw new Refusal(NO_SYNTAX)
      names.add(name.slice(1))
      this.#mark('=')
      const value = this.#take('text', 'regex', 'hex')
      if (value.text === '""' || (value.kind === 'regex' && UNKNOWN_IN_REGEX.test(value.text)))
        throw new Refusal(NO_SYNTAX)
      while (YARA_MODIFIERS.has(this.#peek()?.text ?? '')) this.#modifier()
    }
    if (names.size === 0) throw new Refusal(NO_SYNTAX)
    return names
  }

  #modifier(): void {
    this.#take('word')
    if (!this.#isNext('(')) return
    while (!this.#isNext(')')) this.#take('mark', 'number', 'text')
    this.#mark(')')
  }

  /** Up to the brace that ends the rule. */
  #condition(strings: ReadonlySet<string>): void {
    const open: string[] = []
    const used = new Set<string>()
    const named = new Set<string>()
    const variables = new Set<string>()
    const from = this.#next
    for (let token = this.#take(); token.text !== '}'; token = this.#take()) {
      if (CLOSING.has(token.text)) open.push(CLOSING.get(token.text)!)
      else if (token.text === ')' || token.text === ']') {
        if (open.pop() !== token.text) throw new Refusal(NO_SYNTAX)
      } else if (token.kind === 'string-id' || token.text === 'them') {
        const name = token.text === 'them' ? '$*' : token.text
        // Each once: looking for all that it stands for takes time.
        if (!named.has(name)) useString(name, strings, used)
        named.add(name)
      } else if (token.kind === 'word') this.#conditionWord(token, variables)
      else if (token.kind === 'hex' || token.text === '{' || token.text === '=') throw new Refusal(NO_SYNTAX)
      if (open.length > DEPTH_MAX) throw new Refusal(NO_SYNTAX)
    }
    if (this.#next - 1 === from || open.length > 0) throw new Refusal(NO_SYNTAX)
    if ([...strings].some(name => !used.has(name))) {
      throw new Refusal('a string of the rule is not used, which YARA takes for a mistake')
    }
  }

  #conditionWord({ text: word, at }: YaraToken, variables: Set<string>): void {
    const before = this.#tokens[this.#next - 2]?.text
    if (before === '.') return
    if (word === 'for') this.#loopVariables(variables)
    if (YARA_KEYWORDS.has(word)) {
      if (NOT_IN_CONDITIONS.has(word)) throw new Refusal(NO_SYNTAX)
    } else if (this.#rules.some(({ name }) => name === word)) this.#references.push({ name: word, at })
    else if (!variables.has(word) && !(this.#modules.has(word) && this.#isNext('.'))) {
      throw new Refusal('the rule uses a name that is not defined in it')
    }
  }

  /** `for all i, j in`: names between the quantity and `in`. */
  #loopVariables(variables: Set<string>): void {
    const ahead: YaraToken[] = []
    for (const token of this.#tokens.slice(this.#next, this.#next + LOOP_TOKENS_MAX)) {
      if (token.text === 'in') break
      if (token.text === 'of' || token.text === ':' || token.text === '}') return
      ahead.push(token)
    }
    while (ahead.at(-1)?.kind === 'word' && !YARA_KEYWORDS.has(ahead.at(-1)!.text)) {
      variables.add(ahead.pop()!.text)
      if (ahead.at(-1)?.text === ',') ahead.pop()
    }
  }

  /** The colon after its word, where the section comes next. */
  #section(name: string): YaraToken | undefined {
    if (!this.#isNext(name) || this.#peek(1)?.text !== ':') return undefined
    this.#take('word')
    return this.#mark(':')
  }

  #peek(further = 0): YaraToken | undefined {
    return this.#tokens[this.#next + further]
  }

  #isNext(text: string): boolean {
    return this.#peek()?.text === text
  }

  #take(...kinds: readonly YaraToken['kind'][]): YaraToken {
    const token = this.#tokens[this.#next++]
    if (token === undefined || (kinds.length > 0 && !kinds.includes(token.kind))) throw new Refusal(NO_SYNTAX)
    return token
  }

  #mark(text: string): YaraToken {
    const token = this.#take('mark')
    if (token.text !== text) throw new Refusal(NO_SYNTAX)
    return token
  }
}

/** `$a`, `#a`, `$a*` or `$` alone, which stands for each of a set. */
function useString(text: string, strings: ReadonlySet<string>, used: Set<string>): void {
  const name = text.slice(1)
  if (name === '') return
  const found = name.endsWith('*') ? [...strings].filter(one => one.startsWith(name.slice(0, -1))) : [name]
  if (found.length === 0 || !found.every(one => strings.has(one))) {
    throw new Refusal('the rule uses a name that is not defined in it')
  }
  for (const one of found) used.add(one)
}
