import { EXPORT_FORMATS } from '../formats/export-formats.ts'
import type { ExportFormat } from '../formats/exported.ts'
import type { CliContext } from './context.ts'
import { createRowWriter, type OutputFormat, type Shape } from './output.ts'

type FormatRow = Pick<ExportFormat, 'name' | 'label' | 'shape' | 'extension' | 'withdrawn' | 'removals'> & {
  readonly types: readonly string[]
  readonly parameters: ExportFormat['parameters']
}

const FORMATS: Shape<FormatRow> = {
  columns: [
    { name: 'format', cell: row => row.name },
    { name: 'shape', cell: row => row.shape },
    { name: 'what it is', cell: row => row.label },
    { name: 'types', cell: row => (row.types.length === 0 ? 'all' : row.types.join(' ')) },
    {
      name: 'parameters',
      cell: row =>
        Object.entries(row.parameters)
          .map(([name, parameter]) => `${name}=${parameter.default}: ${parameter.label}`)
          .join('\n'),
    },
  ],
}

export async function listFormats(context: CliContext, { output }: { readonly output: OutputFormat }): Promise<void> {
  const writer = createRowWriter(context.out, output, FORMATS)
  await writer.write([...EXPORT_FORMATS.values()].map(rowOf))
  await writer.end()
}

function rowOf({ name, label, shape, extension, withdrawn, removals, types, parameters }: ExportFormat): FormatRow {
  return {
    name,
    label,
    shape,
    extension,
    withdrawn,
    removals,
    parameters,
    types: types === undefined ? [] : [...types],
  }
}
