import { indicatorText } from '../../indicator/type.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { stixTime } from '../stix-time.ts'
import { csvRow, plainCell } from './csv-cells.ts'
import { choiceOf } from './export-parameter.ts'

const PARAMETERS = {
  formulas: {
    default: 'defused',
    label:
      'defused: cells that a spreadsheet would compute get an apostrophe before them; verbatim: values as they are, for programs',
  },
} as const

/** A table of all columns, a row for each indicator. */
export const csvTable: ExportFormat = {
  name: 'csv',
  label: 'CSV with a header, for spreadsheets and scripts: one row for each indicator',
  shape: 'file',
  extension: '.csv',
  types: undefined,
  withdrawn: false,
  removals: false,
  parameters: PARAMETERS,
  start: context => new TableWriter(context),
}

const SEPARATOR = '; '
/** Of what is put together: a spreadsheet takes no more in a cell. */
const CELL_LENGTH_MAX = 32_000

type Column = readonly [name: string, cell: (indicator: ExportedIndicator) => string]

const COLUMNS: readonly Column[] = [
  ['type', ({ type }) => type],
  ['value', indicatorText],
  ['score', ({ score }) => String(score)],
  ['confidence', ({ confidence }) => (confidence === null ? '' : String(confidence))],
  ['tlp', ({ tlp }) => tlp],
  ['pap', ({ claims }) => joined(claims.map(({ pap }) => pap))],
  ['nations', ({ nations }) => joined(nations)],
  ['origins', ({ origins }) => String(origins)],
  ['first_seen', ({ firstSeenMs }) => timeCell(firstSeenMs)],
  ['last_seen', ({ lastSeenMs }) => timeCell(lastSeenMs)],
  ['valid_until', ({ validUntilMs }) => timeCell(validUntilMs)],
  ['published', ({ claims }) => timeCell(claims.reduce((last, { publishedMs }) => Math.max(last, publishedMs), 0))],
  ['name', ({ claims }) => joined(claims.map(({ name }) => name))],
  ['description', ({ claims }) => joined(claims.map(({ description }) => description))],
  ['labels', ({ labels }) => joined(labels)],
  ['source', ({ claims }) => joined(claims.map(({ source }) => source))],
  ['reference', ({ claims }) => joined(claims.flatMap(({ references }) => references.map(({ url }) => url)))],
  ['sightings', ({ sightings }) => String(sightings.reduce((sum, { count }) => sum + count, 0))],
  ['false_positives', ({ opinions }) => String(opinions.filter(isFalsePositive).length)],
  ['exercise', ({ claims }) => (claims.some(({ exercise }) => exercise) ? 'yes' : '')],
  ['indicator_id', ({ id }) => id],
]

class TableWriter implements ExportWriter {
  readonly #written: (cell: string) => string

  constructor(context: ExportContext) {
    const isDefused = choiceOf(context, PARAMETERS, 'formulas', ['defused', 'verbatim']) === 'defused'
    this.#written = isDefused ? plainCell : cell => cell
  }

  begin(): readonly ExportPiece[] {
    return [{ file: '', text: csvRow(COLUMNS.map(([name]) => name)) }]
  }

  add(indicator: ExportedIndicator): Written {
    return { pieces: [{ file: '', text: csvRow(COLUMNS.map(([, cell]) => this.#written(cell(indicator)))) }] }
  }

  end(): readonly ExportPiece[] {
    return []
  }
}

function joined(texts: readonly string[]): string {
  let cell = ''
  for (const text of new Set(texts.filter(one => one !== ''))) {
    if (cell.length + SEPARATOR.length + text.length > CELL_LENGTH_MAX)
      return cell === '' ? text.slice(0, CELL_LENGTH_MAX).toWellFormed() : cell
    cell = cell === '' ? text : `${cell}${SEPARATOR}${text}`
  }
  return cell
}

function timeCell(timeMs: number): string {
  return timeMs === 0 ? '' : stixTime(timeMs)
}

function isFalsePositive({ opinion }: ExportedIndicator['opinions'][number]): boolean {
  return opinion === 'false-positive'
}
