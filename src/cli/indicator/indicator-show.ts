import { UserError } from '../../base/errors.ts'
import { refang } from '../../formats/in/defang.ts'
import type { IndicatorView } from '../../node/reading/indicator-reading.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRecord, printRows, type Shape } from '../terminal/output.ts'
import { CLAIMS, INDICATORS, OPINIONS, SIGHTINGS, WITHDRAWN } from './indicator-shape.ts'

export interface ShowOptions {
  readonly output: OutputFormat
  readonly receipts?: boolean
  readonly explain?: boolean
}

/** One indicator with all that is said of it. */
export async function showIndicator(
  context: CliContext,
  idOrValue: string,
  { output, receipts, explain }: ShowOptions,
): Promise<void> {
  const asked = refang(idOrValue.trim())
  if (asked === '') throw new UserError('usage-invalid', 'the value is empty', { fix: 'Give a value or an id.' })
  const view = await context.client().show(asked)
  const claims = [...view.claims, ...(view.aside ?? [])]
  if (receipts === true) return (await import('../entry-run.ts')).showReceipts(context, output, claims)
  if (explain === true) return printExplanation(context, output, view)
  if (output === 'csv') return printRows(context.out, output, claims, CLAIMS)
  await printRecord(context.out, output, view, INDICATORS)
  if (output !== 'table') return
  await printEach(context, claims, CLAIMS)
  await printEach(context, view.withdrawn, WITHDRAWN)
  await printEach(context, view.opinions, OPINIONS)
  await printEach(context, view.sightings, SIGHTINGS)
}

async function printEach<Row>(context: CliContext, rows: readonly Row[], shape: Shape<Row>): Promise<void> {
  for (const row of rows) {
    await context.out.write('\n')
    await printRecord(context.out, 'table', row, shape)
  }
}

const EXPLANATION: Shape<{ readonly step: string }> = { columns: [{ name: 'step', cell: ({ step }) => step }] }

async function printExplanation(context: CliContext, output: OutputFormat, view: IndicatorView): Promise<void> {
  const warnings = view.warnings.map(
    ({ action, list, entry }) => `on the warninglist "${list}" (${action}, ${entry}), which stands beside the score`,
  )
  const origins = `independent origins: ${view.origins} (${view.corroboration})`
  const lines = [...(view.explanation ?? []), origins, ...warnings]
  if (output === 'table') return context.out.write(lines.map(line => `${line}\n`).join(''))
  await printRows(
    context.out,
    output,
    lines.map(step => ({ step })),
    EXPLANATION,
  )
}
