import type { Line } from './text-decoding.ts'
import { LINE_BYTES_MAX, readUtf8 } from './text-decoding.ts'
import { characterOf } from './xml.ts'

/** A tag that is longer is passed over. */
const TAG_LENGTH_MAX = 64 * 1024
const LINE_LENGTH_MAX = LINE_BYTES_MAX / 4

/** Elements that stay within a line of text; all others part it. */
const INLINE: ReadonlySet<string> = new Set(
  'a abbr b bdi bdo cite data dfn em font i ins label mark q s small span strong sub sup time u var wbr'.split(' '),
)
/** Text in these is a value and no prose: it is put between backticks, as in Markdown. */
const CODE: ReadonlySet<string> = new Set(['code', 'kbd', 'samp', 'tt'])
const HEADING = /^h[1-6]$/
/** What is in them is no text. */
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'noscript', 'template', 'svg', 'math'])
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['period', '.'],
  ['lsqb', '['],
  ['rsqb', ']'],
  ['lbrack', '['],
  ['rbrack', ']'],
  ['lpar', '('],
  ['rpar', ')'],
  ['colon', ':'],
  ['sol', '/'],
  ['commat', '@'],
  ['hyphen', '-'],
  ['dash', '-'],
  ['ndash', '\u2013'],
  ['mdash', '\u2014'],
  ['shy', ''],
  ['zwnj', ''],
  ['ZeroWidthSpace', ''],
])

/**
 * The text of a web page as lines of Markdown: a line for each block, cell or item, with the number of the line in the
 * file where it begins; headings behind `#`, code between backticks. Whatever the tags are like, nothing is thrown.
 */
export async function* readHtmlLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const page = new Page()
  const decoder = new TextDecoder()
  for await (const piece of readUtf8(chunks)) {
    const lines = page.push(decoder.decode(piece, { stream: true }))
    if (lines.length > 0) yield lines
  }
  yield page.end(decoder.decode())
}

class Page {
  /** A tag or entity of which the end has not come. */
  #rest = ''
  #line = 1
  /** The text of the line so far, and where it began. */
  #text = ''
  #textLine = 1
  /** The element whose content is passed over. */
  #raw = ''
  /** What ends the tag or comment that is passed over. */
  #passing = ''
  #preformatted = 0
  #out: Line[] = []

  push(piece: string): readonly Line[] {
    this.#out = []
    const text = this.#rest + piece
    let at = 0
    for (;;) {
      const next = this.#advance(text, at)
      if (next === undefined) break
      at = next
    }
    this.#rest = text.slice(at)
    if (this.#rest.length > TAG_LENGTH_MAX) this.#giveUp()
    return this.#out
  }

  end(piece: string): readonly Line[] {
    const lines = [...this.push(piece)]
    this.#out = []
    if (this.#raw === '' && !this.#rest.startsWith('<')) this.#add(this.#rest)
    this.#flush()
    return [...lines, ...this.#out]
  }

  /** Passes over a tag or comment that has grown too long. */
  #giveUp(): void {
    this.#passing = this.#rest.startsWith('<!--') ? '-->' : '>'
    this.#flush()
    this.#rest = this.#rest.slice(-this.#passing.length)
  }

  /** Takes one run of text or one tag; undefined where more has to come. */
  #advance(text: string, at: number): number | undefined {
    if (at >= text.length) return undefined
    if (this.#passing !== '') return this.#passTag(text, at)
    if (this.#raw !== '') return this.#passOver(text, at)
    if (text[at] !== '<') return this.#run(text, at)
    if (text.startsWith('<!--', at)) return this.#countTo(text, at, after(text.indexOf('-->', at + 4), 3))
    if (text.length - at < 4) return undefined
    if (!/[A-Za-z/!?]/.test(text[at + 1]!)) {
      this.#add('<')
      return at + 1
    }
    const end = after(text.indexOf('>', at), 1)
    if (end !== undefined) this.#tag(text.slice(at, end))
    return this.#countTo(text, at, end)
  }

  #run(text: string, at: number): number | undefined {
    const tag = text.indexOf('<', at)
    let end = tag < 0 ? text.length : tag
    if (tag < 0) {
      // An entity may be cut in two.
      const entity = text.lastIndexOf('&')
      if (entity >= at && text.length - entity < 32 && !text.includes(';', entity)) end = entity
      if (end === at) return undefined
    }
    this.#add(text.slice(at, end))
    return this.#countTo(text, at, end)
  }

  #passTag(text: string, at: number): number | undefined {
    const end = after(text.indexOf(this.#passing, at), this.#passing.length)
    if (end !== undefined) this.#passing = ''
    // The last characters may be the beginning of what ends it.
    const kept = text.length - this.#passing.length
    return this.#countTo(text, at, end ?? (kept > at ? kept : undefined))
  }

  #passOver(text: string, at: number): number | undefined {
    const close = `</${this.#raw}`
    const index = text.toLowerCase().indexOf(close, at)
    if (index < 0)
      return this.#countTo(text, at, Math.max(at, text.length - close.length)) === at
        ? undefined
        : text.length - close.length
    const end = after(text.indexOf('>', index), 1)
    if (end === undefined) return undefined
    this.#raw = ''
    return this.#countTo(text, at, end)
  }

  #countTo(text: string, from: number, to: number | undefined): number | undefined {
    if (to === undefined) return undefined
    for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) this.#line++
    return to
  }

  #tag(tag: string): void {
    const [, slash = '', written = ''] = /^<(\/?)([A-Za-z][A-Za-z0-9-]*)/.exec(tag) ?? []
    const name = written.toLowerCase()
    if (name === '' || INLINE.has(name)) return
    if (CODE.has(name)) {
      this.#add('`')
      return
    }
    this.#flush()
    if (name === 'pre' || name === 'textarea') this.#preformatted += slash === '' ? 1 : this.#preformatted > 0 ? -1 : 0
    if (slash === '' && HEADING.test(name)) this.#add('# ')
    if (slash === '' && RAW.has(name) && !tag.endsWith('/>')) this.#raw = name
  }

  #add(text: string): void {
    const decoded = text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,31}));/gi, (entity, decimal, hex, name) => {
      return (name === undefined ? characterOf(decimal, hex) : ENTITIES.get(name)) ?? entity
    })
    if (this.#preformatted === 0) {
      this.#append(decoded.replace(/\s+/g, ' '))
      return
    }
    const [first = '', ...others] = decoded.split(/\r\n|\r|\n/)
    this.#append(first)
    for (const line of others) {
      this.#flush()
      this.#append(line)
    }
  }

  #append(text: string): void {
    if (this.#text.trim() === '') this.#textLine = this.#line
    this.#text += text
    if (this.#text.length > LINE_LENGTH_MAX) this.#flush()
  }

  #flush(): void {
    const text = this.#text.trim()
    this.#text = ''
    if (text === '' || text === '#') return
    const number = this.#textLine
    if (text.includes('\0')) {
      this.#out.push({
        kind: 'refused',
        number,
        code: 'import-not-text',
        reason: 'the line contains a NUL byte',
        text: text.slice(0, 512),
      })
    } else this.#out.push({ kind: 'text', number, text, guessed: text.includes('\ufffd') })
  }
}

function after(index: number, length: number): number | undefined {
  return index < 0 ? undefined : index + length
}
