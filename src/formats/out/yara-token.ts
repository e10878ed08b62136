/** The words of YARA, as far as telling rules apart takes it. */

export type YaraTokenKind = 'word' | 'string-id' | 'number' | 'text' | 'regex' | 'hex' | 'mark'

export interface YaraToken {
  readonly kind: YaraTokenKind
  /** As it stands there. */
  readonly text: string
  /** Where it stands in the text of the rules. */
  readonly at: number
}

export const YARA_MODIFIERS: ReadonlySet<string> = new Set(
  'nocase wide ascii xor base64 base64wide fullword private'.split(' '),
)
const NUMBERS: readonly string[] = ['int', 'uint'].flatMap(kind =>
  ['8', '16', '32', '8be', '16be', '32be'].map(size => kind + size),
)
/** No name of anything. */
export const YARA_KEYWORDS: ReadonlySet<string> = new Set([
  ...NUMBERS,
  ...YARA_MODIFIERS,
  ...(
    'all and any at condition contains defined endswith entrypoint false filesize for global icontains iendswith iequals ' +
    'import in include istartswith matches meta none not of or rule startswith strings them true'
  ).split(' '),
])

const SKIPPED = /(?:[ \t\r\n]+|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y
const TOKENS: readonly (readonly [YaraTokenKind, RegExp])[] = [
  ['word', /[A-Za-z_][A-Za-z0-9_]{0,127}(?![A-Za-z0-9_])/y],
  ['string-id', /(?:[$#@]|!(?!=))[A-Za-z0-9_]*\*?/y],
  ['number', /(?:0x[0-9A-Fa-f]+|0o[0-7]+|\d+(?:\.\d+)?(?:KB|MB)?)(?![A-Za-z0-9_])/y],
  ['text', /"(?:[^"\\\n\r]|\\(?:[tnr"\\]|x[0-9A-Fa-f]{2}))*"/y],
  ['regex', /\/(?![/*])(?:[^/\\\n\r]|\\[^\n\r])+\/i?s?/y],
  ['mark', /==|!=|<=|>=|<<|>>|\.\.|[-{}()[\]:=.,<>+*\\%&|^~]/y],
]
/** Bytes, jumps and alternatives; comments may stand among them. */
const HEX = /\{(?:[0-9A-Fa-f?~[\]()|\s-]|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*\}/y

/** Undefined where the text holds what is no word of YARA. */
export function yaraTokens(text: string): readonly YaraToken[] | undefined {
  const tokens: YaraToken[] = []
  let at = matchAt(SKIPPED, text, 0).length
  while (at < text.length) {
    const token = tokenAt(text, at, tokens)
    if (token === undefined) return undefined
    tokens.push(token)
    at += token.text.length
    at += matchAt(SKIPPED, text, at).length
  }
  return tokens
}

function tokenAt(text: string, at: number, before: readonly YaraToken[]): YaraToken | undefined {
  if (text[at] === '{' && opensHex(before)) {
    const hex = matchAt(HEX, text, at)
    return hex === '' ? undefined : { kind: 'hex', text: hex, at }
  }
  for (const [kind, pattern] of TOKENS) {
    const found = matchAt(pattern, text, at)
    if (found !== '') return { kind, text: found, at }
  }
  return undefined
}

/** `$a = {`: a brace is the beginning of a rule everywhere else. */
function opensHex(before: readonly YaraToken[]): boolean {
  return before.at(-1)?.text === '=' && before.at(-2)?.kind === 'string-id'
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}
