import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import {
  type FoundingPlan,
  foundingProposal,
  type OwnNode,
  planFounding,
  signFounding,
  signOwnNation,
} from '../../node/ceremonies/founding.ts'
import { type AskPassphrase, openKeyFile, type SignOptions } from '../../node/ceremonies/founding-keys.ts'
import { readOwnNode } from '../../node/ceremonies/founding-own.ts'
import { NATION_FILE_BYTES_MAX, parseNationFile } from '../../node/ceremonies/nation-file.ts'
import { encodeProposalFile } from '../../node/ceremonies/proposal-file.ts'
import { type Alliance, allianceFileOf, installAlliance, readInput } from '../../node/home/founding-alliance.ts'
import { assertAbsent, exists, type Home, writeWhole } from '../../node/home/home.ts'
import { describeRegistryChange } from '../../registry/describe-change.ts'
import { openProposal, proposalTrust } from '../../registry/proposal.ts'
import { fingerprint, trustOf } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { createPassphrasePrompt } from '../terminal/passphrase.ts'
import { fileStem, proposalWords } from '../terminal/proposal-view.ts'
import { assertConfirmed } from '../terminal/question.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'

export interface FoundOptions {
  readonly name: string
  readonly governors?: string
  readonly threshold?: number
  readonly f?: number
  readonly governorKey?: readonly string[]
  readonly outputFile?: string
  readonly abandon?: string
  readonly yes?: boolean
  readonly passphraseFile?: string
  readonly output: OutputFormat
}

/**
 * Everything that can be refused is, before a passphrase is asked for. Where the keys at hand are too few, it becomes a
 * proposal, and nothing is signed or installed here.
 */
export async function foundAlliance(
  context: CliContext,
  requests: readonly string[],
  options: FoundOptions,
): Promise<void> {
  const home = context.home()
  const own = await readOwnNode(home, context.environment)
  await assertVacant(home)
  const plan = await planOf(own, requests, options)
  const keyPaths = keysAtHand(home, own, plan, options)
  const isProposal = keyPaths.length < plan.registry.threshold
  const file = resolve(options.outputFile ?? `${fileStem(options.name)}.${isProposal ? 'proposal' : 'tocsin'}`)
  await assertAbsent(file)
  if (isProposal) await proposeFounding(context, plan, file)
  else await foundHere(context, { home, own, plan, keyPaths, file }, options)
}

/** Governors who sign here: this nation, where it is one, and those whose key files are named. */
function keysAtHand(home: Home, { nationFile }: OwnNode, { registry }: FoundingPlan, { governorKey }: FoundOptions) {
  const isGovernor = registry.governors.some(({ nation }) => nation === nationFile.nation)
  return [...(isGovernor ? [home.governorKey] : []), ...(governorKey ?? [])]
}

async function proposeFounding({ say }: CliContext, plan: FoundingPlan, file: string): Promise<void> {
  const open = openProposal(foundingProposal(plan), plan.registry.issuedMs)
  await writeWhole(file, encodeProposalFile(open.proposal), { mode: 0o644 })
  for (const line of proposalWords(open)) say(line)
  say(`Nothing is signed or installed yet. Give ${file} to the governors, who each run, where the governor key is:`)
  say('  tocsin alliance sign PROPOSAL')
  say('With the signatures, whoever has them makes the alliance file, and is told how it reaches every member:')
  say('  tocsin alliance assemble PROPOSAL SIGNATURE…')
  say(`Every member compares this fingerprint by telephone: ${fingerprint(proposalTrust(open))}`)
}

interface FoundingHere {
  readonly home: Home
  readonly own: OwnNode
  readonly plan: FoundingPlan
  readonly keyPaths: readonly string[]
  readonly file: string
}

/** The home is written before the file to hand on. */
async function foundHere(context: CliContext, here: FoundingHere, options: FoundOptions): Promise<void> {
  const { say } = context
  const { home, own, plan, file } = here
  for (const line of describeRegistryChange(undefined, plan.registry)) say(line)
  if (own.addresses.length === 0)
    say('Nobody can dial this node: set net.announce in config.yaml to its address first.')
  await assertConfirmed(context, options.yes === true, 'Found this alliance, and sign it with the governor key?')

  const alliance = await sign(here, options, createPassphrasePrompt(context, options))
  const trust = trustOf(alliance.directory.registry)
  await installAlliance(home, alliance, trust)
  await writeWhole(file, allianceFileOf(alliance.evidence), { mode: 0o644 })

  await printAlliance(context, options.output, allianceViewOf(alliance.directory))
  say(`Give ${file} to every member, by whatever way. Read the fingerprint or the words to each by telephone; there:`)
  say(`  tocsin alliance apply FILE --trust ${fingerprint(trust)}`)
  say('Then everybody runs: tocsin start')
}

async function assertVacant(home: Home): Promise<void> {
  if (!(await exists(home.alliance))) return
  throw new UserError('alliance-exists', `${home.path} belongs to an alliance already`, {
    fix: 'Look at it with "tocsin alliance show"; another alliance needs another home.',
  })
}

async function planOf(own: OwnNode, requests: readonly string[], options: FoundOptions): Promise<FoundingPlan> {
  const others = await Promise.all(
    requests.map(async path => parseNationFile(await readInput(path, NATION_FILE_BYTES_MAX), path)),
  )
  const governors = options.governors?.split(',').map(id => parseNationId(id.trim())) ?? [own.nationFile.nation]
  return planFounding({
    name: options.name,
    nations: [own.nationFile, ...others],
    governors,
    threshold: options.threshold,
    byzantineNations: options.f,
    nowMs: Date.now(),
  })
}

async function sign(
  { home, own, plan, keyPaths }: FoundingHere,
  { abandon }: FoundOptions,
  ask: AskPassphrase,
): Promise<Alliance> {
  const keys = []
  for (const path of keyPaths) keys.push(await openKeyFile(path, ask))
  const rootKey = await openKeyFile(home.rootKey, ask)
  const signing: SignOptions = abandon === undefined ? {} : { abandon }
  const founded = await signFounding(plan, keys, signing)
  return signOwnNation(founded, own, rootKey, Date.now(), signing)
}
