import { UserError } from '../base/errors.ts'
import type { ExportFormat } from '../formats/exported.ts'
import { EXPORT_FORMATS } from '../formats/out/export-formats.ts'
import type { CliContext } from './terminal/context.ts'
import { type OutputFormat, printRecord, printRows, type Shape } from './terminal/output.ts'

type FormatRow = Pick<
  ExportFormat,
  'name' | 'label' | 'shape' | 'extension' | 'withdrawn' | 'removals' | 'parameters'
> & {
  /** None: all. */
  readonly types: readonly string[]
}

const FORMATS: Shape<FormatRow> = {
  columns: [
    { name: 'format', cell: row => row.name },
    { name: 'shape', cell: row => row.shape },
    { name: 'what it is', cell: row => row.label },
  ],
}

function formatShape({ parameters }: FormatRow): Shape<FormatRow> {
  return {
    columns: [
      ...FORMATS.columns,
      { name: 'types', cell: row => (row.types.length === 0 ? 'all' : row.types.join(' ')) },
      ...Object.entries(parameters).map(([name, parameter]) => ({
        name: `${name}=${parameter.default}`,
        cell: () => parameter.label,
      })),
    ],
  }
}

/** All of them, or one with its types and parameters. */
export async function listFormats(
  context: CliContext,
  name: string | undefined,
  { output }: { readonly output: OutputFormat },
): Promise<void> {
  if (name === undefined) return printRows(context.out, output, [...EXPORT_FORMATS.values()].map(rowOf), FORMATS)
  const format = EXPORT_FORMATS.get(name)
  if (format === undefined) {
    throw new UserError('usage-invalid', `there is no format "${name}"`, { fix: 'See "tocsin export formats".' })
  }
  const row = rowOf(format)
  await printRecord(context.out, output, row, formatShape(row))
}

function rowOf({ name, label, shape, extension, withdrawn, removals, types, parameters }: ExportFormat): FormatRow {
  return {
    ...{ name, label, shape, extension, withdrawn, removals, parameters },
    types: types === undefined ? [] : [...types],
  }
}
