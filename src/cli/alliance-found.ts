import { resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { parseNationId } from '../base/ids.ts'
import { type FoundingPlan, type OwnNode, planFounding, signFounding, signOwnNation } from '../node/founding.ts'
import { allianceFileOf, installAlliance, readInput } from '../node/founding-alliance.ts'
import { type AskPassphrase, openKeyFile, type SignOptions } from '../node/founding-keys.ts'
import { readOwnNode } from '../node/founding-own.ts'
import { exists, type Home, writeWhole } from '../node/home.ts'
import { NATION_FILE_BYTES_MAX, parseNationFile } from '../node/nation-file.ts'
import { describeRegistryChange } from '../registry/describe-change.ts'
import { trustOf } from '../registry/trust-string.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'
import type { CliContext } from './context.ts'
import type { OutputFormat } from './output.ts'
import { createPassphrasePrompt } from './passphrase.ts'
import { assertConfirmed } from './question.ts'

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

/** Everything that can be refused is, before a passphrase is asked for; the home is written before the file to hand on. */
export async function foundAlliance(
  context: CliContext,
  requests: readonly string[],
  options: FoundOptions,
): Promise<void> {
  const { say } = context
  const home = context.home()
  const file = resolve(options.outputFile ?? fileNameOf(options.name))
  const own = await readOwnNode(home, context.environment)
  await assertVacant(home, file)
  const plan = await planOf(own, requests, options)
  for (const line of describeRegistryChange(undefined, plan.registry)) say(line)
  if (own.addresses.length === 0)
    say('Nobody can dial this node: set net.announce in config.yaml to its address first.')
  await assertConfirmed(context, options.yes === true, 'Found this alliance, and sign it with the governor key?')

  const ask = createPassphrasePrompt(context, options)
  const alliance = await sign(home, own, plan, options, ask)
  const trust = trustOf(alliance.directory.registry)
  await installAlliance(home, alliance, trust)
  await writeWhole(file, allianceFileOf(alliance.evidence), { mode: 0o644 })

  await printAlliance(context, options.output, allianceViewOf(alliance.directory))
  say(`Give ${file} to every member, by whatever way. Read the fingerprint or the words to each by telephone; there:`)
  say(`  tocsin alliance apply FILE --trust ${allianceViewOf(alliance.directory).fingerprint}`)
  say('Then everybody runs: tocsin start')
}

async function assertVacant(home: Home, file: string): Promise<void> {
  if (await exists(home.alliance)) {
    throw new UserError('alliance-exists', `${home.path} belongs to an alliance already`, {
      fix: 'Look at it with "tocsin alliance show"; another alliance needs another home.',
    })
  }
  if (await exists(file)) {
    throw new UserError('file-exists', `${file} exists already`, { fix: 'Move it away, or name another with -O.' })
  }
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

async function sign(home: Home, own: OwnNode, plan: FoundingPlan, options: FoundOptions, ask: AskPassphrase) {
  const { nation } = own.nationFile
  const isGovernor = plan.registry.governors.some(governor => governor.nation === nation)
  const paths = [...(isGovernor ? [home.governorKey] : []), ...(options.governorKey ?? [])]
  const keys = []
  for (const path of paths) keys.push(await openKeyFile(path, ask))
  const rootKey = await openKeyFile(home.rootKey, ask)
  const signing: SignOptions = options.abandon === undefined ? {} : { abandon: options.abandon }
  const founded = await signFounding(plan, keys, signing)
  return signOwnNation(founded, own, rootKey, Date.now(), signing)
}

/** `Exercise Autumn` becomes `exercise-autumn.tocsin`. */
function fileNameOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return `${plain === '' ? 'alliance' : plain}.tocsin`
}
