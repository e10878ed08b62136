import { resolve } from 'node:path'
import { TocsinError, UserError } from '../../base/errors.ts'
import { encodeProposalFile } from '../../node/ceremonies/proposal-file.ts'
import { parseSignatureFile, SIGNATURE_FILE_BYTES_MAX } from '../../node/ceremonies/signature-file.ts'
import { allianceFileOf, openAlliance, readInput } from '../../node/home/founding-alliance.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { documentsOf } from '../../registry/evidence.ts'
import { addSignature, completeProposal, type OpenProposal } from '../../registry/proposal.ts'
import type { CliContext } from '../terminal/context.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { printSeats, readProposal, stemOf } from '../terminal/proposal-view.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'

export interface AssembleOptions {
  readonly outputFile?: string
  readonly output: OutputFormat
}

/**
 * Puts signatures together. One that is refused refuses them all; while some are missing, those that are here are kept in
 * the proposal file, so that they can come one by one.
 */
export async function assembleProposal(
  context: CliContext,
  path: string,
  signaturePaths: readonly string[],
  options: AssembleOptions,
): Promise<void> {
  const { say } = context
  const before = await readProposal(path)
  const open = await addSignatures(context, before, signaturePaths)
  if (!open.isComplete) {
    if (open !== before) await writeWhole(path, encodeProposalFile(open.proposal), { mode: 0o644, replace: true })
    await printSeats(context, options.output, open)
  }
  const { evidence, directory } = openAlliance(documentsOf(completeProposal(open)))
  const file = resolve(options.outputFile ?? `${stemOf(open)}.tocsin`)
  await assertAbsent(file)
  await writeWhole(file, allianceFileOf(evidence), { mode: 0o644 })

  const view = allianceViewOf(directory)
  await printAlliance(context, options.output, view)
  if (open.evidence === undefined) sayHowItSpreads(context, file, view.fingerprint)
  else {
    say(`All signatures are here: ${file} has the new document. Apply it at one member, which hands it on:`)
    say('  tocsin alliance apply FILE')
  }
}

/** A founding names no node yet: somebody has to be the first whom others can dial. */
function sayHowItSpreads({ say }: CliContext, file: string, fingerprint: string): void {
  say(`All signatures are here: ${file} is the alliance. First, at a member whose node the others can dial:`)
  say(`  tocsin alliance apply FILE --trust ${fingerprint}`)
  say('  tocsin alliance invite NATION     for each other member')
  say('Then each other member, with its invite, once the fingerprint was compared by telephone:')
  say(`  tocsin init INVITE --trust ${fingerprint}`)
}

async function addSignatures(
  { say }: CliContext,
  before: OpenProposal,
  paths: readonly string[],
): Promise<OpenProposal> {
  let open = before
  for (const path of paths) {
    const signature = parseSignatureFile(await readInput(path, SIGNATURE_FILE_BYTES_MAX), path)
    const added = naming(path, () => addSignature(open, signature))
    const { kind, name } = added.outcome
    say(kind === 'added' ? `${name} has signed.` : `${name} had signed already, and counts once: ${path}`)
    open = added.open
  }
  return open
}

/** Of several files: which one it was. */
function naming<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof TocsinError)) throw cause
    const { code, message, fix, data } = cause
    throw new UserError(code, `${path}: ${message}`, { ...(fix !== undefined && { fix }), data, cause })
  }
}
