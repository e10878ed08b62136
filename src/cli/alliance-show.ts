import { UserError } from '../base/errors.ts'
import { type HeldAlliance, readHeldAlliance } from '../node/founding-alliance.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'
import type { CliContext } from './context.ts'
import type { OutputFormat } from './output.ts'
import { drawTrust } from './qr-code.ts'

export interface ShowOptions {
  readonly output: OutputFormat
  readonly qr?: boolean
}

/** The running daemon keeps the file of the home equal to what it holds. */
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

/** Throws UserError `registry-missing`. */
export async function requireAlliance(context: CliContext): Promise<HeldAlliance> {
  const home = context.home()
  const held = await readHeldAlliance(home)
  if (held !== undefined) return held
  throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
    fix: 'Run "tocsin alliance found …" or "tocsin init INVITE --trust FINGERPRINT" first.',
  })
}
