import { readUtf8 } from './text-decoding.ts'

/**
 * As much of XML 1.0 as indicators come in: elements, attributes, text, CDATA. A document type declaration is refused,
 * and with it every entity but the five of XML: nothing expands, nothing is fetched. (Written here rather than taken
 * from a library: what is needed is small, and it has to stream with caps.)
 */
export type XmlEvent =
  /** `name` without its namespace prefix, `line` from 1. */
  | {
      readonly kind: 'open'
      readonly name: string
      readonly attributes: ReadonlyMap<string, string>
      readonly line: number
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'close'; readonly name: string }

/** What is wrong with a document, and where. */
export class XmlSyntaxError extends SyntaxError {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** Of a tag, of text without a tag in it. */
const TOKEN_LENGTH_MAX = 1024 * 1024
const DEPTH_MAX = 64
const ATTRIBUTES_MAX = 64
const NAME = /^[A-Za-z_:][\w:.-]*/
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/** The events of a document as it comes, a batch for each piece of input. Throws XmlSyntaxError. */
export async function* readXml(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly XmlEvent[]> {
  const scanner = new XmlScanner()
  const decoder = new TextDecoder()
  for await (const piece of readUtf8(chunks)) {
    const events = scanner.push(decoder.decode(piece, { stream: true }))
    if (events.length > 0) yield events
  }
  yield scanner.end(decoder.decode())
}

class XmlScanner {
  #text = ''
  #line = 1
  readonly #open: string[] = []
  #sawRoot = false

  push(piece: string): readonly XmlEvent[] {
    this.#text += piece
    const out: XmlEvent[] = []
    let at = 0
    for (;;) {
      const end = this.#tokenEnd(at)
      if (end === undefined) break
      this.#token(this.#text.slice(at, end), out)
      at = end
    }
    this.#text = this.#text.slice(at)
    if (this.#text.length > TOKEN_LENGTH_MAX) this.#fail(`a tag or text is longer than ${TOKEN_LENGTH_MAX} characters`)
    return out
  }

  end(piece: string): readonly XmlEvent[] {
    const events = this.push(piece)
    if (this.#text.trim() !== '' || this.#open.length > 0) this.#fail('the file ends in the middle of the XML')
    return events
  }

  /** Where the token at `at` ends; undefined where more has to come. */
  #tokenEnd(at: number): number | undefined {
    const text = this.#text
    if (at >= text.length) return undefined
    if (text[at] !== '<') return indexOrMore(text.indexOf('<', at), 0)
    if (text.startsWith('<!--', at)) return indexOrMore(text.indexOf('-->', at + 4), 3)
    if (text.startsWith('<![CDATA[', at)) return indexOrMore(text.indexOf(']]>', at + 9), 3)
    if (text.startsWith('<?', at)) return indexOrMore(text.indexOf('?>', at + 2), 2)
    // What begins so may yet become a comment or CDATA.
    if (text.length - at < 9 && '<![CDATA['.startsWith(text.slice(at))) return undefined
    if (text.length - at < 4 && '<!--'.startsWith(text.slice(at))) return undefined
    if (text.startsWith('<!', at)) this.#fail('a document type declaration is not read: it could expand without end')
    return indexOrMore(text.indexOf('>', at), 1)
  }

  #token(token: string, out: XmlEvent[]): void {
    if (token.startsWith('<![CDATA[')) out.push({ kind: 'text', text: token.slice(9, -3) })
    else if (token.startsWith('</')) this.#close(token.slice(2, -1).trim(), out)
    else if (token.startsWith('<') && !token.startsWith('<!--') && !token.startsWith('<?')) this.#element(token, out)
    else if (!token.startsWith('<')) this.#characters(token, out)
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) this.#line++
  }

  #characters(token: string, out: XmlEvent[]): void {
    if (this.#open.length > 0) out.push({ kind: 'text', text: this.#unescape(token) })
    else if (token.trim() !== '') this.#fail('text stands outside of the document')
  }

  #element(token: string, out: XmlEvent[]): void {
    const name = NAME.exec(token.slice(1))?.[0]
    if (name === undefined) this.#fail(`"${token.slice(0, 40)}" is no tag`)
    if (this.#open.length === 0 && this.#sawRoot) this.#fail('a second document follows the first')
    this.#sawRoot = true
    if (this.#open.length === DEPTH_MAX) this.#fail(`elements stand deeper than ${DEPTH_MAX} in each other`)
    const attributes = this.#attributes(token, 1 + name.length)
    out.push({ kind: 'open', name: localName(name), attributes, line: this.#line })
    if (token.endsWith('/>')) out.push({ kind: 'close', name: localName(name) })
    else this.#open.push(name)
  }

  #attributes(token: string, from: number): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>()
    ATTRIBUTE.lastIndex = from
    let end = from
    for (let match = ATTRIBUTE.exec(token); match !== null; match = ATTRIBUTE.exec(token)) {
      attributes.set(localName(match[1]!), this.#unescape(match[2] ?? match[3] ?? ''))
      end = ATTRIBUTE.lastIndex
      if (attributes.size > ATTRIBUTES_MAX) this.#fail(`an element has more than ${ATTRIBUTES_MAX} attributes`)
    }
    if (!/^\s*\/?>$/.test(token.slice(end))) this.#fail(`"${token.slice(0, 40)}" is no tag`)
    return attributes
  }

  #close(name: string, out: XmlEvent[]): void {
    const open = this.#open.pop()
    if (open !== name) this.#fail(`</${name.slice(0, 40)}> closes <${open ?? ''}>`)
    out.push({ kind: 'close', name: localName(name) })
  }

  #unescape(text: string): string {
    if (!text.includes('&')) return text
    return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,32}));|&/gi, (_, decimal, hex, name) => {
      const character = name === undefined ? characterOf(decimal, hex) : ENTITIES.get(name)
      return character ?? this.#fail('an entity is none of the five of XML')
    })
  }

  #fail(message: string): never {
    throw new XmlSyntaxError(message, this.#line)
  }
}

function indexOrMore(index: number, length: number): number | undefined {
  return index < 0 ? undefined : index + length
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}

/** Of a numeric character reference; undefined where it names none. */
export function characterOf(decimal: string | undefined, hex: string | undefined): string | undefined {
  const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16)
  return code > 0 && code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : undefined
}
