import { once } from 'node:events'
import type { Writable } from 'node:stream'
import Table from 'cli-table3'
import { Option } from 'commander'
import { visibleJson, visibleText } from '../../base/visible-text.ts'
import { isoTime } from '../../registry/phrase.ts'

/** Where data goes, which is standard output. */
export interface OutputSink {
  /** Somebody looks at it: values are defanged. */
  readonly terminal: boolean
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>
}

const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const
export type OutputFormat = (typeof FORMATS)[number]

type Cell = string | number | boolean | null

/** How rows of one kind look as a table or as CSV; JSON has the rows whole. */
export interface Shape<Row> {
  readonly columns: readonly Column<Row>[]
  /** The row with its values broken, for a terminal. */
  readonly defanged?: (row: Row) => Row
}

interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => Cell
}

export interface RowWriter<Row> {
  write(rows: readonly Row[]): Promise<void>
  end(): Promise<void>
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print data').choices(FORMATS).default('table')
}

export function openOutput(stream: Writable & { readonly isTTY?: boolean }): OutputSink {
  return {
    terminal: stream.isTTY === true,
    async write(text) {
      if (text !== '' && !stream.write(text)) await once(stream, 'drain')
    },
  }
}

/** Writes rows as they come, so that a listing may be longer than memory. A table starts anew with each `write`. */
export function createRowWriter<Row>(out: OutputSink, format: OutputFormat, shape: Shape<Row>): RowWriter<Row> {
  const shown = (row: Row) => (out.terminal && shape.defanged !== undefined ? shape.defanged(row) : row)
  let count = 0

  async function write(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const before = count
    count += rows.length
    await out.write(encodeRows(rows.map(shown), before))
  }

  function encodeRows(rows: readonly Row[], before: number): string {
    switch (format) {
      case 'table':
        return `${before === 0 ? '' : '\n'}${tableOf(rows, shape.columns)}`
      case 'json':
        return rows.map((row, index) => `${before + index === 0 ? '[' : ','}\n${jsonOf(row)}`).join('')
      case 'ndjson':
        return rows.map(row => `${jsonOf(row)}\n`).join('')
      case 'csv':
        return `${before === 0 ? csvHead() : ''}${rows.map(row => csvLine(row)).join('')}`
    }
  }

  const csvHead = () => csvOf(shape.columns.map(column => column.name))
  const csvLine = (row: Row) => {
    const line = csvOf(shape.columns.map(column => column.cell(row)))
    return out.terminal ? `${visibleText(line.slice(0, -1))}\n` : line
  }

  return {
    write,
    async end() {
      if (format === 'json') await out.write(count === 0 ? '[]\n' : '\n]\n')
      if (format === 'csv' && count === 0) await out.write(csvHead())
    },
  }
}

export async function printRows<Row>(
  out: OutputSink,
  format: OutputFormat,
  rows: readonly Row[],
  shape: Shape<Row>,
): Promise<void> {
  const writer = createRowWriter(out, format, shape)
  await writer.write(rows)
  await writer.end()
}

/** One thing: a table shows a line for each of its columns that says something. */
export async function printRecord<Row>(
  out: OutputSink,
  format: OutputFormat,
  record: Row,
  shape: Shape<Row>,
): Promise<void> {
  const shown = out.terminal && shape.defanged !== undefined ? shape.defanged(record) : record
  if (format === 'json') await out.write(`${jsonOf(shown, 2)}\n`)
  else if (format === 'table') await out.write(linesOf(shown, shape.columns))
  else await printRows(out, format, [record], shape)
}

/** ISO 8601 in UTC, to the second; empty for a time that is not said. */
export function timeCell(timeMs: number): string {
  return timeMs === 0 ? '' : isoTime(timeMs).replace(/\.\d+Z$/, 'Z')
}

function jsonOf(value: unknown, indent?: number): string {
  return visibleJson(JSON.stringify(value, null, indent))
}

/** RFC 4180 with the line ends of Unix. */
function csvOf(cells: readonly Cell[]): string {
  const texts = cells.map(cell => {
    const text = cell === null ? '' : String(cell)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  })
  return `${texts.join(',')}\n`
}

function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const body = rows.map(row => columns.map(column => shownCell(column.cell(row))))
  return layOut([columns.map(column => column.name.toUpperCase()), ...body])
}

function linesOf<Row>(record: Row, columns: readonly Column<Row>[]): string {
  return layOut(
    columns.map(({ name, cell }) => [name, shownCell(cell(record))]).filter(([, text]) => text !== '' && text !== '-'),
  )
}

function shownCell(cell: Cell): string {
  return cell === null || cell === '' ? '-' : visibleText(String(cell))
}

const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
}

function layOut(lines: readonly (readonly string[])[]): string {
  if (lines.length === 0) return ''
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true }
  const table = new Table({ chars: NO_BORDERS, style })
  for (const line of lines) table.push([...line])
  const text = table.toString().replace(/ +$/gm, '')
  return `${text}\n`
}
