import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { assertFits, seatOfKey, signProposal } from '../../node/ceremonies/proposal-signing.ts'
import { encodeSignatureFile } from '../../node/ceremonies/signature-file.ts'
import { readHeldAlliance } from '../../node/home/founding-alliance.ts'
import { assertAbsent, exists, writeWhole } from '../../node/home/home.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import type { CliContext } from '../terminal/context.ts'
import { createPassphrasePrompt } from '../terminal/passphrase.ts'
import { proposalWords, readProposal, stemOf } from '../terminal/proposal-view.ts'
import { assertConfirmed } from '../terminal/question.ts'

export interface SignProposalOptions {
  readonly key?: string
  readonly outputFile?: string
  readonly abandon?: string
  readonly yes?: boolean
  readonly passphraseFile?: string
}

/** Needs no network, no daemon and no home, but for the key file. Everything is shown and judged before the passphrase. */
export async function signProposalFile(context: CliContext, path: string, options: SignProposalOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  const open = await readProposal(path)
  assertFits(await readHeldAlliance(home), open)
  const keyPath = options.key ?? (open.change.type === DOC_TYPE.REGISTRY ? home.governorKey : home.rootKey)
  await assertThere(keyPath)
  if (options.outputFile !== undefined) await assertAbsent(resolve(options.outputFile))
  // What is signed is never passed over, whatever --quiet says.
  for (const line of proposalWords(open)) context.stderr.write(`${line}\n`)
  await assertConfirmed(context, options.yes === true, 'Sign this?')

  const key = await openKeyFile(keyPath, createPassphrasePrompt(context, options))
  const seat = seatOfKey(open.councils, key)
  const file = resolve(options.outputFile ?? `${stemOf(open)}.${seat.replaceAll(' ', '-')}.signature`)
  await assertAbsent(file)
  const signature = await signProposal(open, key, options.abandon === undefined ? {} : { abandon: options.abandon })
  await writeWhole(file, encodeSignatureFile(signature), { mode: 0o644 })
  say(`Signed for ${seat}; the key file has it on record. Send ${file} to who assembles the proposal:`)
  say('  tocsin alliance assemble PROPOSAL SIGNATURE…')
}

/** A signer's machine often has no home: what is missing is to be named. */
async function assertThere(keyPath: string): Promise<void> {
  if (await exists(keyPath)) return
  throw new UserError('key-file-unreadable', `there is no key file ${keyPath}`, {
    fix: 'Name the key file that signs with --key FILE.',
  })
}
