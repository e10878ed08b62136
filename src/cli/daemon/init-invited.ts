import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import { assertVacant, createNodeHome } from '../../node/ceremonies/founding-home.ts'
import { type Alliance, installAlliance, openAlliance, readAllianceFile } from '../../node/home/founding-alliance.ts'
import { exists } from '../../node/home/home.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import { type ApplyOptions, applyAlliance, confirmTrust } from '../alliance/alliance-apply.ts'
import { allianceViewOf, newsOf, printAlliance } from '../alliance/alliance-view.ts'
import type { CliContext } from '../terminal/context.ts'

export interface InitOptions extends ApplyOptions {
  readonly nation?: string
  readonly listen?: readonly string[]
  readonly address?: readonly string[]
  readonly edge?: boolean
  readonly through?: readonly string[]
}

/** With the nation's keys here an invite is applied; without, `--nation` makes the home of a further node of it. */
export async function initInvited(
  context: CliContext,
  invite: string | undefined,
  options: InitOptions,
): Promise<void> {
  if (invite === undefined) {
    throw new UserError('usage-invalid', '"tocsin init" joins an alliance, and no invite is named', {
      fix: 'A new nation begins with "tocsin nation create --nation XXX"; then: tocsin init INVITE --trust FINGERPRINT',
    })
  }
  assertKind(options)
  if (options.nation !== undefined) return initNode(context, invite, parseNationId(options.nation), options)
  if (!(await exists(context.home().config))) {
    throw new UserError('home-missing', `${context.home().path} holds no nation's keys that could join`, {
      fix: 'Make them with "tocsin nation create --nation XXX", or give --nation XXX for a further node of a nation.',
    })
  }
  return applyAlliance(context, invite, options)
}

async function initNode(context: CliContext, invite: string, nation: NationId, options: InitOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  await assertVacant(home)
  const alliance = openAlliance(await readAllianceFile(invite))
  assertMember(alliance, nation, invite)
  for (const line of newsOf(undefined, alliance.directory)) say(line)
  const trust = await confirmTrust(context, alliance, undefined, options)
  const { listen = [], address: announce = [], through: edges = [], edge = false } = options
  const ports = { clock: { now: Date.now }, random: systemRandom }
  await createNodeHome(home, { nation, listen, announce, edges, edge }, ports)
  await installAlliance(home, alliance, trust)

  await printAlliance(context, options.output, allianceViewOf(alliance.directory))
  say(`${home.path} is the home of ${edge ? 'an edge' : 'a further'} node of ${nation} now. Next:`)
  say('  tocsin nation export --node -O node.json     and, where the root key is: tocsin nation add-node node.json')
  if (edge)
    say(
      '  tocsin start                                 "tocsin status" then shows what net.edges of the inner node names',
    )
  else say('  tocsin nation kem-import FILE                with what "tocsin nation kem-export -O FILE" wrote there')
}

/** Before anything is asked. Throws UserError `usage-invalid`. */
function assertKind({ nation, edge, through = [] }: InitOptions): void {
  if (edge === true && through.length > 0) {
    throw new UserError('usage-invalid', 'an edge node has no edges: --edge and --through exclude each other', {
      fix: '--edge is for the outer zone, --through for the node inside.',
    })
  }
  if (nation !== undefined || (edge !== true && through.length === 0)) return
  throw new UserError('usage-invalid', '--edge and --through make a further node of a nation, and none is named', {
    fix: 'Name it: tocsin init INVITE --nation XXX --edge',
  })
}

function assertMember({ directory }: Alliance, nation: NationId, invite: string): void {
  if (directory.member(nation) !== undefined) return
  throw new UserError('registry-not-member', `${nation} is no member of the alliance in ${invite}`, {
    fix: 'Check the id of the nation, or ask a governor for the invite of today.',
  })
}
