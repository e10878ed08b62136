import { type ImportRow, refusedRow } from '../import-row.ts'
import type { Column, CsvMapping } from './csv-mapping.ts'
import { type CsvRecord, CsvRecordReader } from './csv-record.ts'
import { CsvRow } from './csv-row.ts'
import { type Line, readLines } from './text-decoding.ts'
import { isPlaceholder, trimValue } from './value-text.ts'

export interface CsvOptions {
  readonly delimiter: string
  readonly mapping: CsvMapping
}

/** A row gives a claim for each value in it; what the row says besides goes to each of them. */
export async function* importCsv(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<ImportRow> {
  const table = new Table(options)
  for await (const lines of readLines(chunks)) {
    for (const line of lines) yield* table.push(line)
  }
  yield* table.end()
}

class Table {
  readonly #reader: CsvRecordReader
  readonly #mapping: CsvMapping
  readonly #values: readonly Column[]
  /** The text of the header row, which comes again where files were put together. */
  #header: string | undefined

  constructor({ delimiter, mapping }: CsvOptions) {
    this.#reader = new CsvRecordReader(delimiter)
    this.#mapping = mapping
    this.#values = mapping.columns.filter(column => column.role === 'value')
  }

  *push(line: Line): Generator<ImportRow> {
    if (line.kind === 'text') {
      for (const record of this.#reader.push(line)) yield* this.#rows(record)
      return
    }
    yield* this.end()
    yield refusedRow(`line ${line.number}`, line.code, line.reason, line.text)
  }

  *end(): Generator<ImportRow> {
    for (const record of this.#reader.end()) yield* this.#rows(record)
  }

  *#rows(record: CsvRecord): Generator<ImportRow> {
    if (isBlank(record) || isComment(record)) return
    if (this.#mapping.header && this.#header === undefined) {
      this.#header = record.text
      return
    }
    const place = `line ${record.line}`
    if (record.text === this.#header) {
      yield refusedRow(place, 'import-not-an-indicator', 'the header comes here again', record.text)
    } else if (this.#values.length === 0) {
      const reason = 'no column of this file was found to hold indicators; name one with --map value=COLUMN'
      yield refusedRow(place, 'import-no-value', reason, record.text)
    } else {
      yield* this.#valueRows(place, record)
    }
  }

  *#valueRows(place: string, record: CsvRecord): Generator<ImportRow> {
    const row = new CsvRow(record, this.#mapping)
    let found = 0
    for (const column of this.#values) {
      const cell = record.cells[column.index] ?? ''
      if (isPlaceholder(trimValue(cell))) continue
      const here = this.#values.length === 1 ? place : `${place} column ${column.name}`
      for (const [text, read] of row.readCell(cell, column)) {
        found++
        if (read.kind === 'refused') yield refusedRow(here, read.code, read.reason, text)
        else yield { kind: 'claim', place: here, draft: row.draft(read), warnings: [...read.warnings, ...row.warnings] }
      }
    }
    if (found === 0) yield refusedRow(place, 'import-no-value', 'the row holds no value', record.text)
  }
}

function isBlank(record: CsvRecord): boolean {
  return record.cells.every(cell => cell.trim() === '')
}

function isComment(record: CsvRecord): boolean {
  return record.text.startsWith('#')
}
