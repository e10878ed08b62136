import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { assertKeyOf, type OpenKeyFile, openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import {
  assertNonePending,
  assertSigners,
  forgetPending,
  keepPending,
  mayBeEnough,
  proposeChange,
  signChange,
} from '../../node/ceremonies/nation-change.ts'
import { encodeProposalFile } from '../../node/ceremonies/proposal-file.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import type { OwnNation } from '../../node/home/own-nation.ts'
import type { NationChange } from '../../registry/next-nation.ts'
import type { OpenProposal } from '../../registry/proposal.ts'
import { type Effect, takeEffect } from '../alliance/alliance-effect.ts'
import type { CliContext } from '../terminal/context.ts'
import { createPassphrasePrompt, type PassphraseOptions } from '../terminal/passphrase.ts'
import { proposalWords, stemOf } from '../terminal/proposal-view.ts'
import { assertConfirmed } from '../terminal/question.ts'

export interface DecisionOptions extends PassphraseOptions {
  readonly rootKey?: readonly string[]
  readonly propose?: boolean
  readonly outputFile?: string
  readonly validDays?: number
  readonly abandon?: string
  readonly yes?: boolean
}

/** What belongs to the change and is no part of the document. */
export interface DecisionParts {
  /**
   * Makes durable what the document will name, before it is signed. Returns new root keys, which sign it too: as many as
   * `newRoots` says.
   */
  readonly prepare?: () => Promise<readonly OpenKeyFile[]>
  readonly newRoots?: number
}

export type Decision = Effect | 'proposed'

/**
 * The next document of the nation: shown in plain words, confirmed, signed with the root keys at hand and put in force.
 * Or, where others must sign too, written as a proposal. Until it is signed nothing is changed.
 */
export async function decide(
  context: CliContext,
  own: OwnNation,
  changes: readonly NationChange[],
  options: DecisionOptions,
  parts: DecisionParts = {},
): Promise<Decision> {
  const { home } = own
  await assertNonePending(own)
  const open = await proposeChange(own, changes, { nowMs: Date.now(), validDays: options.validDays })
  const paths = options.rootKey ?? [home.rootKey]
  const isEnough = mayBeEnough(open, paths.length, parts.newRoots ?? 0)
  // What is signed is never passed over, whatever --quiet says.
  for (const line of proposalWords(open)) context.stderr.write(`${line}\n`)
  if (options.propose === true || (options.rootKey === undefined && !isEnough)) {
    return propose(context, open, options, parts)
  }
  if (!isEnough) throw tooFew(paths.length)
  await assertConfirmed(context, options.yes === true, 'Sign this with the root key?')

  const ask = createPassphrasePrompt(context, options)
  const signing = options.abandon === undefined ? {} : { abandon: options.abandon }
  const keys: OpenKeyFile[] = []
  for (const path of paths) keys.push(await openKeyFile(path, ask))
  for (const key of keys) assertKeyOf(key, 'root', own.nation)
  assertSigners(own, open, keys, signing)
  if (parts.prepare !== undefined) keys.push(...(await parts.prepare()))
  const alliance = await signChange(own, open, keys, signing)
  await keepPending(home, alliance)
  const effect = await takeEffect(context, home, alliance, own.trust)
  await forgetPending(home)
  context.say(EFFECTS[effect])
  return effect
}

const EFFECTS: Readonly<Record<Effect, string>> = {
  live: 'The running daemon has it in force, and hands it on to the others.',
  installed: 'It takes effect when the daemon starts, which hands it on to the others: tocsin start',
}

async function propose(
  { say }: CliContext,
  open: OpenProposal,
  options: DecisionOptions,
  { prepare }: DecisionParts,
): Promise<'proposed'> {
  const file = resolve(options.outputFile ?? `${stemOf(open)}.proposal`)
  await assertAbsent(file)
  await prepare?.()
  await writeWhole(file, encodeProposalFile(open.proposal), { mode: 0o644 })
  say(`Nothing is changed yet. ${file} is to be signed by the holders of the root keys, each on a machine of its own:`)
  say('  tocsin alliance sign PROPOSAL --key ROOT-KEY-FILE')
  say('  tocsin alliance assemble PROPOSAL SIGNATURE…     and then: tocsin alliance apply FILE')
  return 'proposed'
}

function tooFew(count: number): UserError {
  return new UserError('doc-threshold', `${count} root key files are named, and more must sign`, {
    fix: 'Name the others with --root-key too, or write a proposal for their holders to sign with --propose.',
  })
}
