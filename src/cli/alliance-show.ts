import { ProtocolError, TocsinError, UserError } from '../base/errors.ts'
import { type Alliance, openAlliance, readAllianceFile, readHeldAlliance } from '../node/founding-alliance.ts'
import { parseClaim } from '../node/founding-trust.ts'
import { type AllianceView, allianceView, allianceViewOf, printAlliance } from './alliance-view.ts'
import type { CliContext } from './context.ts'
import { describeFailure } from './error-text.ts'
import { EXIT_NO } from './exit.ts'
import type { OutputFormat } from './output.ts'

export interface ShowOptions {
  readonly output: OutputFormat
}

export interface VerifyOptions extends ShowOptions {
  readonly trust?: string
}

/** A running daemon knows more than the file in its home: what peers have brought since. */
export async function showAlliance(context: CliContext, { output }: ShowOptions): Promise<void> {
  const view = await heldView(context)
  await printAlliance(context, output, view)
}

async function heldView(context: CliContext): Promise<AllianceView> {
  try {
    return allianceView(await context.client().registry())
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== 'daemon-not-running') throw error
  }
  const home = context.home()
  const held = await readHeldAlliance(home)
  if (held === undefined) {
    throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
      fix: 'Run "tocsin alliance found …" or "tocsin alliance apply FILE" first.',
    })
  }
  return allianceViewOf(held.directory)
}

/** `verify` alone: it cannot be said whether the documents hold. */
const EXIT_UNJUDGED = 2

/** Uses no home and no daemon. A refusal is the answer, not a failure of the command. */
export async function verifyAlliance(
  context: CliContext,
  file: string,
  { trust, output }: VerifyOptions,
): Promise<void> {
  let alliance: Alliance
  try {
    alliance = openAlliance(await readAllianceFile(file))
    if (trust !== undefined) parseClaim(trust, alliance.directory.chain)
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code === 'trust-string-malformed') throw error
    context.stderr.write(describeFailure(error).text)
    const isRefused = error instanceof ProtocolError || error.code === 'registry-fingerprint-mismatch'
    context.setExitStatus(isRefused ? EXIT_NO : EXIT_UNJUDGED)
    return
  }
  await printAlliance(context, output, allianceViewOf(alliance.directory))
  if (trust === undefined)
    context.say('Every signature holds. Whether this is the right alliance, only --trust can tell.')
}
