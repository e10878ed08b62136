import { visibleText } from '../../base/visible-text.ts'
import type { Column, CsvMapping } from '../../formats/in/csv-mapping.ts'
import { explainImport, type ImportOptions, type ImportPlan } from '../../formats/in/import.ts'
import { type OutputFormat, type OutputSink, printRows, type Shape } from '../terminal/output.ts'

type Explanation = ImportPlan & { readonly file: string }

const EXPLANATIONS: Shape<Explanation> = {
  columns: [
    { name: 'file', cell: plan => plan.file },
    { name: 'format', cell: plan => plan.format },
    { name: 'how', cell: plan => describePlan(plan) },
    { name: 'columns', cell: plan => (plan.format === 'csv' ? describeColumns(plan.mapping) : '') },
  ],
}

const COLUMNS: Shape<Column> = {
  columns: [
    { name: 'column', cell: column => column.index + 1 },
    { name: 'name', cell: column => column.name },
    { name: 'is', cell: column => column.role },
    { name: 'read as', cell: column => (column.role === 'value' ? column.hint : '') },
    { name: 'because', cell: column => column.why },
  ],
}

/** Tells how a file would be read; each as a text of its own but for JSON lines and CSV. */
export async function explainFile(
  out: OutputSink,
  output: OutputFormat,
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<void> {
  const plan: Explanation = { file, ...(await explainImport(chunks, options)) }
  if (output !== 'table') {
    await printRows(out, output, [plan], EXPLANATIONS)
    return
  }
  await out.write(`${visibleText(file)}: ${describePlan(plan)}\n`)
  if (plan.format !== 'csv') return
  await printRows(out, output, plan.mapping.columns, COLUMNS)
  await out.write(`To read it otherwise: --map ${mapOf(plan.mapping)}\n`)
}

function describePlan(plan: ImportPlan): string {
  switch (plan.format) {
    case 'stix':
      return 'STIX 2: indicators become claims, other objects go along as context'
    case 'misp':
      return 'MISP events: attributes become claims, with the tags of their event'
    case 'openioc':
      return 'OpenIOC: items become claims, those that hold only together become patterns'
    case 'advisory':
      return `an advisory ${plan.markup === 'html' ? 'as a web page' : 'as text or Markdown'}: defanged words and hashes become claims`
    case 'list':
      return plan.packageNames ? 'a list of names of software packages, which are no hosts' : 'a list, one value a line'
    case 'csv': {
      const delimiter = plan.delimiter === '\t' ? 'tabs' : `"${plan.delimiter}"`
      return `a table, columns separated by ${delimiter}, ${plan.mapping.header ? 'the first row names them' : 'without a header'}`
    }
    case 'unsupported':
      return `cannot be read: ${plan.reason}`
  }
}

function describeColumns({ columns }: CsvMapping): string {
  return columns.map(({ name, role }) => `${name}=${role}`).join('; ')
}

/** What `--map` would have to be for the same reading. */
function mapOf({ columns }: CsvMapping): string {
  const used = columns.filter(({ role }) => role !== 'ignore')
  const roles = used.map(({ role, hint, index }) => `${role === 'value' && hint !== 'any' ? hint : role}=${index + 1}`)
  return roles.length === 0 ? 'value=COLUMN' : roles.join(',')
}
