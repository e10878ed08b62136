import { LINE_BYTES_MAX, type TextLine } from './text-decoding.ts'

/** One row of a CSV file, which may run over several lines of it. */
export interface CsvRecord {
  /** The number of its first line. */
  readonly line: number
  readonly cells: readonly string[]
  readonly text: string
  /** Some line of it is not UTF-8 (see `TextLine`). */
  readonly guessed: boolean
}

/** A quoted cell that is open for longer than this is taken for a stray quote. */
const RECORD_LINES_MAX = 50
const CELLS_MAX = 1024

/**
 * Joins lines into records, as RFC 4180 has it. A file whose quotes are broken loses nothing: a quote that is never
 * closed, or that is followed by more text, is taken as a letter, and the lines after it are read on their own.
 * (Written here rather than taken from a CSV library: a stray quote must cost no line after it, and each refused row
 * needs its line, its text and whether that was UTF-8.)
 */
export class CsvRecordReader {
  readonly #delimiter: string
  /** Lines of a record whose last quote is open. */
  #open: TextLine[] = []
  #openLength = 0

  constructor(delimiter: string) {
    this.#delimiter = delimiter
  }

  /** The records that `line` completes: none, one, or several where a stray quote held some back. */
  push(line: TextLine): readonly CsvRecord[] {
    if (this.#open.length === 0 && !line.text.includes('"')) {
      return [recordOf([line], line.text.split(this.#delimiter, CELLS_MAX))]
    }
    this.#open.push(line)
    this.#openLength += line.text.length
    // Without a quote in it a line leaves an open cell open.
    if (this.#open.length > 1 && !line.text.includes('"') && !this.#tooLong()) return []
    const split = splitStrictly(textOf(this.#open), this.#delimiter)
    if (split === 'open' && !this.#tooLong()) return []
    if (split !== 'open' && split !== 'broken') return [recordOf(this.#take(), split)]
    return this.#giveUp()
  }

  /** What is still open when the input ends or a line was refused. */
  end(): readonly CsvRecord[] {
    const records: CsvRecord[] = []
    while (this.#open.length > 0) records.push(...this.#giveUp())
    return records
  }

  #tooLong(): boolean {
    return this.#open.length > RECORD_LINES_MAX || this.#openLength > LINE_BYTES_MAX
  }

  #take(): readonly TextLine[] {
    const lines = this.#open
    this.#open = []
    this.#openLength = 0
    return lines
  }

  /** Reads the first open line with its quotes as letters, and the others anew. */
  #giveUp(): readonly CsvRecord[] {
    const [first, ...others] = this.#take()
    const records = [recordOf([first!], splitLeniently(first!.text, this.#delimiter))]
    for (const line of others) records.push(...this.push(line))
    return records
  }
}

function recordOf(lines: readonly TextLine[], cells: readonly string[]): CsvRecord {
  return { line: lines[0]!.number, cells, text: textOf(lines), guessed: lines.some(line => line.guessed) }
}

function textOf(lines: readonly TextLine[]): string {
  return lines.length === 1 ? lines[0]!.text : lines.map(line => line.text).join('\n')
}

/** The cells; `open` if the last quote is not closed, `broken` if a closing quote is followed by text. */
function splitStrictly(text: string, delimiter: string): string[] | 'open' | 'broken' {
  const cells: string[] = []
  let at = 0
  for (;;) {
    const start = skipSpaces(text, at)
    let end: number
    if (text[start] === '"') {
      const close = closingQuote(text, start + 1)
      if (close === undefined) return 'open'
      end = skipSpaces(text, close + 1)
      if (end < text.length && text[end] !== delimiter) return 'broken'
      cells.push(text.slice(start + 1, close).replaceAll('""', '"'))
    } else {
      end = text.indexOf(delimiter, at)
      if (end < 0) end = text.length
      cells.push(text.slice(at, end))
    }
    if (end >= text.length || cells.length === CELLS_MAX) return cells
    at = end + 1
  }
}

function closingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return undefined
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}

function splitLeniently(text: string, delimiter: string): string[] {
  return text.split(delimiter, CELLS_MAX).map(cell => cell.trim().replace(/^"|"$/g, '').replaceAll('""', '"'))
}
