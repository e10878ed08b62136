import type { ClaimDraft } from '../../indicator/claim.ts'
import { type DraftMarking, type ImportRow, refusedRow } from '../import-row.ts'
import { markingOfText, stricterMarking } from '../marking-text.ts'
import { advisoryWords, isTitle, titleOf } from './advisory-line.ts'
import { isDefanged } from './defang.ts'
import { readHtmlLines } from './html-text.ts'
import { type Line, readLines } from './text-decoding.ts'
import { type AcceptedValue, readGuessedValue, readValue } from './value-text.ts'

export interface AdvisoryOptions {
  readonly markup: 'html' | 'text'
}

/** Rows that wait for a marking further down, such as a footer; beyond this they go on with what was said so far. */
const WAITING_MAX = 20_000

/**
 * Advisories as people write them: text, Markdown or a web page. A row is a word that names an indicator, or that looks
 * like one and is none: a file, a link to read, a name in prose. Whoever defangs a word says that it is one.
 */
export async function* importAdvisory(
  chunks: AsyncIterable<Uint8Array>,
  { markup }: AdvisoryOptions,
): AsyncGenerator<ImportRow> {
  const advisory = new Advisory()
  for await (const lines of markup === 'html' ? readHtmlLines(chunks) : readLines(chunks)) {
    for (const line of lines) advisory.push(line)
    if (advisory.waiting() > WAITING_MAX) yield* advisory.rows()
  }
  yield* advisory.rows()
}

/** Headings under which stands what to read, not what to block. */
const READING =
  /\b(?:references?|sources?|links?|further reading|resources|bibliography|footnotes|see also|about us|contacts?)\b/i

class Advisory {
  #rows: ImportRow[] = []
  #title: string | undefined
  #marking: DraftMarking | undefined
  #reading = false
  /** Once somebody defangs, what is not defanged is meant to be followed. */
  #defangs = false
  #wordBefore = ''

  waiting(): number {
    return this.#rows.length
  }

  *rows(): Generator<ImportRow> {
    const facts: Partial<ClaimDraft> = {
      ...(this.#title !== undefined && { name: this.#title }),
      ...(this.#marking !== undefined && { marking: this.#marking }),
    }
    for (const row of this.#rows.splice(0))
      yield row.kind === 'claim' ? { ...row, draft: { ...facts, ...row.draft } } : row
  }

  push(line: Line): void {
    const place = `line ${line.number}`
    if (line.kind === 'refused') {
      this.#rows.push(refusedRow(place, line.code, line.reason, line.text))
      return
    }
    const said = markingOfText(line.text.replace(/^[#>*_`\s]+|[*_`\s]+$/g, ''))
    if (said !== undefined) this.#marking = stricterMarking(this.#marking, said)
    if (isTitle(line.text)) {
      this.#title ??= titleOf(line.text)
      this.#reading = READING.test(line.text)
    }
    for (const { text, alone } of advisoryWords(line.text)) {
      this.#word(place, text, alone, line.guessed)
      this.#wordBefore = text
    }
  }

  #word(place: string, text: string, alone: boolean, guessed: boolean): void {
    const defanged = isDefanged(text)
    // A word of a sentence: nothing in it could be a value.
    if (!defanged && !/[.:\\@-]|\d.{7}|^[A-Za-z\d]{25,}$/.test(text)) return
    const read = guessed ? readGuessedValue(text) : readValue(text)
    if (read.kind === 'refused') {
      if (defanged || read.code === 'import-not-an-indicator')
        this.#rows.push(refusedRow(place, read.code, read.reason, text))
      return
    }
    if (defanged) this.#defangs = true
    const objection = defanged ? undefined : this.#objection(read, text, alone)
    if (objection !== undefined) this.#rows.push(refusedRow(place, ...objection, text))
    else this.#rows.push({ kind: 'claim', place, draft: draftOf(read), warnings: read.warnings })
  }

  /** Why a word that was not defanged is no indicator where it stands. */
  #objection(
    read: AcceptedValue,
    text: string,
    alone: boolean,
  ): ['import-in-prose' | 'import-not-an-indicator', string] | undefined {
    switch (read.type) {
      case 'ipv4':
      case 'cidr':
        return VERSION.test(this.#wordBefore) ? ['import-not-an-indicator', 'this is a version'] : undefined
      case 'ipv6':
        return alone ? undefined : ['import-in-prose', 'this stands in prose and is not defanged']
      case 'domain':
      case 'url':
      case 'email':
        break
      default:
        return undefined
    }
    if (FILE_LIKE.test(text) && read.type === 'domain')
      return ['import-not-an-indicator', `${text} is the name of a file`]
    if (this.#reading) return ['import-in-prose', 'this stands among what to read']
    if (this.#defangs) return ['import-in-prose', 'this is not defanged, as others here are: a link to follow']
    return alone ? undefined : ['import-in-prose', 'this stands in prose and is not defanged']
  }
}

const VERSION = /^(?:v|ver|version|release|build|update|firmware|and|to|through|before|prior)\.?$/i
/** Extensions that are top-level domains as well: who writes of a host with such a name defangs it. */
const FILE_LIKE = /\.(?:md|sh|py|pl|rs|zip|so|ps|cc|app|mov|pub|net|do|cs|ai|js)$/i

function draftOf({ type, value, original, labels }: AcceptedValue): ClaimDraft {
  return { type, value, ...(original !== undefined && { original }), ...(labels.length > 0 && { labels }) }
}
