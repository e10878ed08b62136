import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { checkOwnPlace, type OwnNode, signOwnNation } from '../../node/ceremonies/founding.ts'
import { openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { isFurtherNode, readOwnNode } from '../../node/ceremonies/founding-own.ts'
import { parseClaim } from '../../node/ceremonies/founding-trust.ts'
import { nodeOfKeys } from '../../node/ceremonies/nation-change.ts'
import {
  type Alliance,
  allianceFileOf,
  type HeldAlliance,
  mergeAlliance,
  pinAlliance,
  readAllianceFile,
  readHeldAlliance,
} from '../../node/home/founding-alliance.ts'
import type { Home } from '../../node/home/home.ts'
import { readNodeHome } from '../../node/home/own-nation.ts'
import type { Directory } from '../../registry/directory.ts'
import type { Trust } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { createPassphrasePrompt } from '../terminal/passphrase.ts'
import { askLine, assertConfirmed, isAnswerable } from '../terminal/question.ts'
import { takeEffect } from './alliance-effect.ts'
import { whatIsNext } from './alliance-next.ts'
import { allianceViewOf, newsOf, printAlliance } from './alliance-view.ts'

export interface ApplyOptions {
  readonly trust?: string
  readonly abandon?: string
  readonly yes?: boolean
  readonly passphraseFile?: string
  readonly output: OutputFormat
}

/** Verifies the whole file, has it confirmed, and signs for the own nation where that is still missing. */
export async function applyAlliance(context: CliContext, file: string, options: ApplyOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  const isFurther = await isFurtherNode(home)
  const own = isFurther ? undefined : await readOwnNode(home, context.environment)
  const nation = own?.nationFile.nation ?? (await readNodeHome(home, context.environment)).nation
  const held = await readHeldAlliance(home)
  const offered = mergeAlliance(held, await readAllianceFile(file))
  if (offered.directory.member(nation) === undefined) throw noMember(nation, file)
  const isUnsigned = own !== undefined && checkOwnPlace(offered, own.nationFile) === 'document-missing'
  for (const line of newsOf(held?.directory, offered.directory)) say(line)
  const trust = await confirmTrust(context, offered, held, options)

  const complete = isUnsigned ? await signOwn(context, home, own, offered, options) : offered
  const alliance = pinAlliance(complete.evidence, trust)
  const isKnown = isSame(held, alliance, trust)
  const effect = isKnown ? undefined : await takeEffect(context, home, alliance, trust)
  await printAlliance(context, options.output, allianceViewOf(alliance.directory))
  if (alliance.directory.split !== undefined)
    say('It was taken in. What to do about the split: tocsin alliance resolve')
  else say(EFFECTS[effect ?? 'known'])
  if (own !== undefined && !isNamed(alliance.directory, own)) for (const line of NAME_IT) say(line)
  for (const line of whatIsNext(alliance.directory, nation)) say(line)
}

/** Otherwise after a reset: the root keys of a new home speak for a nation whose document is of the home before. */
function isNamed({ member }: Directory, { nationFile, nodeKeys }: OwnNode): boolean {
  const doc = member(nationFile.nation)?.doc
  return doc === undefined || nodeOfKeys(doc, nodeKeys) !== undefined
}

const NAME_IT = [
  'The document of this nation does not name this node yet. Name it, replace the KEM keys, and retire nodes that are gone:',
  '  tocsin nation export --node -O FILE     and: tocsin nation add-node FILE',
  '  tocsin nation rotate kem --compromised',
  '  tocsin nation retire-node NODE',
] as const

const EFFECTS = {
  known: 'All of this was known here already.',
  live: 'The running daemon has it in force.',
  installed: 'It takes effect when the daemon starts: tocsin start',
} as const

/** nothing of a registry is used until the operator has confirmed it, once, out of band. */
export async function confirmTrust(
  context: CliContext,
  offered: Alliance,
  held: HeldAlliance | undefined,
  { trust }: ApplyOptions,
): Promise<Trust> {
  if (trust !== undefined) return parseClaim(trust, offered)
  if (held?.trust !== undefined) return held.trust
  if (!isAnswerable(context)) {
    throw new UserError('trust-unconfirmed', 'nobody has confirmed yet that this is the right registry', {
      fix: 'Call the founder, and give what he reads to you from "tocsin alliance show" with --trust.',
    })
  }
  context.say('Call the founder. Type what he reads to you: the fingerprint, the 16 words, or the trust string.')
  return parseClaim(await askLine(context, 'He reads: '), offered)
}

async function signOwn(
  context: CliContext,
  home: Home,
  own: OwnNode,
  alliance: Alliance,
  options: ApplyOptions,
): Promise<Alliance> {
  const { nation } = own.nationFile
  const where = own.addresses.length === 0 ? 'which nobody can dial' : `reached at ${own.addresses.join(', ')}`
  context.say(`The document of ${nation} is still missing; it names the keys of this node, ${where}.`)
  await assertConfirmed(context, options.yes === true, 'Sign it with the root key?')
  const rootKey = await openKeyFile(home.rootKey, createPassphrasePrompt(context, options))
  const signing = options.abandon === undefined ? {} : { abandon: options.abandon }
  return signOwnNation(alliance, own, rootKey, Date.now(), signing)
}

function isSame(held: HeldAlliance | undefined, alliance: Alliance, trust: Trust): boolean {
  return held?.trust?.hash === trust.hash && allianceFileOf(held.evidence) === allianceFileOf(alliance.evidence)
}

function noMember(nation: NationId, file: string): UserError {
  return new UserError('registry-not-member', `${nation} is no member of the alliance in ${file}`, {
    fix: 'Send what "tocsin nation export" prints to the governors, and apply the file that they send back.',
  })
}
