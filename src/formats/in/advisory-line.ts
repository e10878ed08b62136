/** A word of an advisory; `alone` where it fills a line, an item, a cell or a span of code. */
export interface AdvisoryWord {
  readonly text: string
  readonly alone: boolean
}

const HEADING = /^\s{0,3}(?:#{1,6}|={1,6})\s+/
/** Of the kind that is underlined is only known later; one that ends in a colon announces what follows. */
const ANNOUNCEMENT = /^[^.!?]{3,80}:\s*$/
const BULLET = /^\s*(?:>\s*)*(?:[-*+\u2022\u2023\u00b7]|\d{1,3}[.)])?\s+/
const CODE_SPAN = /`+([^`]+)`+/g
const MARKDOWN_IMAGE = /!\[[^\]]{0,500}\]\([^()\s]{0,2000}(?:\s+"[^"]{0,500}")?\)/g
const MARKDOWN_LINK = /\[([^\][]{1,500})\]\(([^()\s]{1,2000})(?:\s+"[^"]{0,500}")?\)/g
/** Around a word in a sentence. Brackets stay: they may be what defangs it. */
const BEFORE = /^["'\u201c\u2018\u00ab(<*_,;]+/
const AFTER = /["'\u201d\u2019\u00bb>*_,;:!?]+$/
/** How an item goes on after its value: a remark. */
const REMARK = /^(?:[-\u2013\u2014|:(#]|\/\/)/

export function isTitle(line: string): boolean {
  return HEADING.test(line) || ANNOUNCEMENT.test(line)
}

export function titleOf(line: string): string | undefined {
  const title = HEADING.test(line)
    ? line
        .replace(HEADING, '')
        .replace(/[#\s]+$/, '')
        .trim()
    : ''
  return title === '' ? undefined : title.slice(0, 512)
}

/** The words of a line of text or Markdown. The target of a link is none: whoever links wants to be followed. */
export function advisoryWords(line: string): readonly AdvisoryWord[] {
  const text = line.replace(MARKDOWN_IMAGE, ' ').replace(MARKDOWN_LINK, ' $1 ')
  const words: AdvisoryWord[] = []
  const prose = text.replace(CODE_SPAN, (_, code: string) => {
    words.push(...wordsOf(code, true))
    return ' \u0000 '
  })
  for (const cell of cellsOf(prose.replace(HEADING, ''))) words.push(...wordsOf(cell.replace(BULLET, ''), false))
  return words
}

/** The cells of a row of a table, or the line itself. */
function cellsOf(line: string): readonly string[] {
  const cells = line.split(/\t|\|/)
  return cells.length > 2 || line.includes('\t') ? cells : [line]
}

function wordsOf(text: string, code: boolean): readonly AdvisoryWord[] {
  const parts = text.split(/\s+/).filter(part => part !== '' && part !== '\u0000')
  const first = parts.length === 1 || (parts.length > 1 && REMARK.test(parts[1]!))
  return parts.map((part, index) => ({
    text: bareWord(part),
    alone: (code && parts.length === 1) || (first && index === 0),
  }))
}

/** Without the marks of a sentence around it. */
function bareWord(word: string): string {
  const bare = word
    .replace(BEFORE, '')
    .replace(AFTER, '')
    .replace(/(?<!\[)\.+$/, '')
  const closed =
    bare.endsWith(')') && !bare.includes('(')
      ? bare
          .slice(0, -1)
          .replace(AFTER, '')
          .replace(/(?<!\[)\.+$/, '')
      : bare
  return closed
}
