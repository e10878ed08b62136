import { resolve } from 'node:path'
import { assertKeyOf, type OpenKeyFile, openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { assertNonePending, proposeChange, signChange } from '../../node/ceremonies/nation-change.ts'
import { allianceFileOf } from '../../node/home/founding-alliance.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { readOwnNation } from '../../node/home/own-nation.ts'
import type { CliContext } from '../terminal/context.ts'
import { createPassphrasePrompt } from '../terminal/passphrase.ts'
import { proposalWords } from '../terminal/proposal-view.ts'
import { assertConfirmed } from '../terminal/question.ts'
import { findNode, type OntoOption } from './nation-nodes.ts'

export type PresignOptions = Omit<OntoOption, 'propose'>

/**
 * A document that revokes a node, signed at a ceremony and put in force by nobody: for the day when the root key is far
 * away. It is the next version, so it holds until the nation signs another.
 */
export async function presignRevocation(context: CliContext, name: string, options: PresignOptions): Promise<void> {
  const { say } = context
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  await assertNonePending(own)
  const node = findNode(own.doc, name)
  const file = resolve(options.outputFile ?? `${own.nation.toLowerCase()}-revocation.tocsin`)
  await assertAbsent(file)
  // without a bound the largest quorate checkpoint counts, which nobody can know today.
  const change = { kind: 'compromise-node', node: node.identityHex, bounds: [] } as const
  const open = await proposeChange(own, [change], { nowMs: Date.now(), validDays: options.validDays })
  for (const line of proposalWords(open)) context.stderr.write(`${line}\n`)
  await assertConfirmed(context, options.yes === true, 'Sign this for the day when it is needed?')

  const ask = createPassphrasePrompt(context, options)
  const keys: OpenKeyFile[] = []
  for (const path of options.rootKey ?? [own.home.rootKey]) keys.push(await openKeyFile(path, ask))
  for (const key of keys) assertKeyOf(key, 'root', own.nation)
  const alliance = await signChange(own, open, keys, options.abandon === undefined ? {} : { abandon: options.abandon })
  await writeWhole(file, allianceFileOf(alliance.evidence))
  say(`${file} revokes the node for whoever has it: keep it where the keys of the node are not.`)
  say('  On the day: tocsin nation compromise NODE --revocation FILE')
  say(
    'The next document that the nation signs takes its place; destroy the file then, give it up by its hash, and make it anew:',
  )
  say(`  --abandon ${open.change.after.hash}`)
}
