import { UserError } from '../../base/errors.ts'
import type { CliContext } from '../terminal/context.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { drawTrust } from '../terminal/qr-code.ts'
import { requireAlliance } from './alliance-held.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'

export interface ShowOptions {
  readonly output: OutputFormat
  readonly qr?: boolean
}

export async function showAlliance(context: CliContext, { output, qr }: ShowOptions): Promise<void> {
  const { out } = context
  if (qr === true && output !== 'table') {
    throw new UserError('usage-invalid', `a QR code cannot be printed as ${output}`, { fix: 'Leave out --qr or -o.' })
  }
  const view = allianceViewOf((await requireAlliance(context)).directory)
  await printAlliance(context, output, view)
  if (output !== 'table' || !(qr ?? out.terminal)) return
  await out.write(`\n${drawTrust(view.trust, out.terminal)}`)
}
