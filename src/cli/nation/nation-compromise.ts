import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { visibleText } from '../../base/visible-text.ts'
import { encodeNodeKeys } from '../../crypto/node-key-file.ts'
import { type CompromiseState, readCompromise } from '../../node/ceremonies/compromise.ts'
import { buildNodeKey, publicAddresses } from '../../node/ceremonies/founding.ts'
import { planKemCeremony, writeCeremony } from '../../node/ceremonies/kem-ceremony.ts'
import { newNodeKeys } from '../../node/ceremonies/new-keys.ts'
import { mergeAlliance, readAllianceFile } from '../../node/home/founding-alliance.ts'
import { writeWhole } from '../../node/home/home.ts'
import { type OwnNation, readOwnNation } from '../../node/home/own-nation.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import type { Bound } from '../../registry/doc-fields.ts'
import type { NationChange } from '../../registry/next-nation.ts'
import { KEY_STATUS, type NodeRecord } from '../../registry/node-key.ts'
import { shortId } from '../../registry/phrase.ts'
import { takeEffect } from '../alliance/alliance-effect.ts'
import type { CliContext } from '../terminal/context.ts'
import { assertConfirmed } from '../terminal/question.ts'
import { boundOf, logsOfNode } from './nation-bounds.ts'
import { decide } from './nation-decision.ts'
import { findNode, type OntoOption } from './nation-nodes.ts'
import { STATUS_WORDS } from './nation-view.ts'

export interface CompromiseOptions extends OntoOption {
  /** `LOG=SIZE` each. */
  readonly bound?: readonly string[]
  readonly keepKem?: boolean
  readonly revocation?: string
}

const ports = { clock: { now: Date.now }, random: systemRandom }

/**
 * The runbook for keys that others may have. Without a node it tells what to do and whom to call; with one it does what is
 * still to be done, in one document, and says what is left. Run again, it goes on where it stopped.
 */
export async function leadCompromise(
  context: CliContext,
  name: string | undefined,
  options: CompromiseOptions,
): Promise<void> {
  const { say } = context
  const home = context.home()
  let own = await readOwnNation(home, context.environment, options.onto)
  if (name === undefined) return explain(context, own)
  const { identityHex } = findNode(own.doc, name)
  if (options.revocation !== undefined) {
    await applyRevocation(context, own, identityHex, options.revocation, options)
    own = await readOwnNation(home, context.environment, options.onto)
  }
  const node = own.doc.nodes.find(each => each.identityHex === identityHex)!
  const state = await readCompromise(own, node)
  const work = await planWork(context, own, node, state, options)
  if (work.changes.length > 0) {
    const decision = await decide(context, own, work.changes, options, { prepare: work.prepare })
    if (decision === 'proposed') return say('When it is in force, run this command again.')
  }
  await sayWhatIsLeft(context, await readOwnNation(home, context.environment), identityHex, options)
}

/** One document for all of it, so that nothing is half done. */
async function planWork(
  context: CliContext,
  own: OwnNation,
  node: NodeRecord,
  state: CompromiseState,
  options: CompromiseOptions,
) {
  const changes: NationChange[] = []
  const prepared: (() => Promise<void>)[] = []
  if (!state.isRevoked) {
    const bounds = await revocationBounds(context, own, node, options.bound ?? [])
    changes.push({ kind: 'compromise-node', node: node.identityHex, bounds })
  } else if (options.bound !== undefined) {
    changes.push({ kind: 'bounds', bounds: await correctedBounds(context, own, node, options.bound) })
  }
  if (state.newKeys === 'missing') {
    const keys = state.nextKeys ?? newNodeKeys(own.nation, ports)
    const addresses = node.addresses.length > 0 ? node.addresses : publicAddresses(own.config)
    changes.push({ kind: 'add-node', node: buildNodeKey(own.doc.allianceId, own.nation, keys, addresses) })
    prepared.push(() => writeWhole(own.home.nextNodeKeys, encodeNodeKeys(keys), { replace: true }))
  }
  if (state.isKemExposed && options.keepKem !== true) {
    const ceremony = await planKemCeremony(own, true, ports)
    changes.push(...ceremony.changes)
    prepared.push(() => writeCeremony(own, ceremony))
  }
  const prepare = async () => {
    for (const make of prepared) await make()
    return []
  }
  return { changes, prepare }
}

/** what a quorum has witnessed stays in any case; the operator may cut the rest lower. */
async function revocationBounds(
  context: CliContext,
  own: OwnNation,
  node: NodeRecord,
  typed: readonly string[],
): Promise<readonly Bound[]> {
  const { say } = context
  const logs = await logsOfNode(context, own.nation, node)
  if (logs === undefined) {
    if (typed.length > 0) throw boundWrong(typed[0]!, 'needs the daemon, which knows the log')
    say('No daemon runs here to look at its logs: the largest checkpoint that a quorum cosigned counts for each.')
    return []
  }
  const lowered = typed.map(text => parseBound(text))
  for (const { text, log } of lowered) {
    if (logs.filter(({ logId }) => logId.startsWith(log)).length !== 1)
      throw boundWrong(text, 'names no log of this node')
  }
  const bounds: Bound[] = []
  for (const view of logs) {
    const size = lowered.find(({ log }) => view.logId.startsWith(log))?.size
    const here = size === undefined ? view : await treeOf(context, own, node, view.logId, size)
    say(`Log ${shortId(view.logId)}: ${here.size} entries stay trusted; ${view.held.size} are held here.`)
    if (view.basis === 'held') {
      say(
        '  ATTENTION: no quorum has cosigned it, so some of them may be of the thief. Look at the newest ones, and cut',
      )
      say(`  lower with --bound ${view.logId.slice(0, 16)}=SIZE if in doubt.`)
    } else if (here.size < view.size) {
      say(`  A quorum has cosigned ${view.size} entries: these stay trusted whatever is signed here (R-1.8).`)
    }
    bounds.push(boundOf(view, here))
  }
  return bounds
}

/** Of a node that is revoked already, such as by a revocation that was signed before anybody could know its bounds. */
async function correctedBounds(
  context: CliContext,
  own: OwnNation,
  node: NodeRecord,
  typed: readonly string[],
): Promise<readonly Bound[]> {
  const logs = await logsOfNode(context, own.nation, node)
  const bounds: Bound[] = []
  for (const { text, log, size } of typed.map(parseBound)) {
    const [view, ...others] = logs?.filter(({ logId }) => logId.startsWith(log)) ?? []
    if (view === undefined || others.length > 0) throw boundWrong(text, 'names no log of this node that is held here')
    bounds.push(boundOf(view, await treeOf(context, own, node, view.logId, size)))
  }
  return bounds
}

async function treeOf(context: CliContext, own: OwnNation, node: NodeRecord, logId: string, size: number) {
  const [view] = ((await logsOfNode(context, own.nation, node, size)) ?? []).filter(each => each.logId === logId)
  if (view !== undefined && view.held.size === size) return view.held
  throw boundWrong(`${logId.slice(0, 16)}=${size}`, 'asks for more entries than are held')
}

function parseBound(text: string): { readonly text: string; readonly log: string; readonly size: number } {
  const [, log, size] = /^([0-9a-f]{8,64})=(\d{1,15})$/i.exec(text) ?? []
  if (log === undefined) throw boundWrong(text, 'is not LOG=SIZE')
  return { text, log: log.toLowerCase(), size: Number(size) }
}

function boundWrong(text: string, what: string): UserError {
  return new UserError('usage-invalid', `the bound ${text} ${what}`, {
    fix: 'Give eight or more characters of the id of a log and how many of its entries stay, as 0a1b2c3d=120.',
  })
}

/** Made at a ceremony with "nation presign", for the day when the root key is far away. */
async function applyRevocation(
  context: CliContext,
  own: OwnNation,
  identityHex: string,
  file: string,
  options: CompromiseOptions,
): Promise<void> {
  const alliance = mergeAlliance(own.alliance, await readAllianceFile(file))
  const doc = alliance.directory.member(own.nation)?.doc
  const revoked = doc?.nodes.find(node => node.identityHex === identityHex)?.status === KEY_STATUS.COMPROMISED
  if (!revoked) {
    throw new UserError('nation-change-void', `${file} does not bring a document that revokes this node`, {
      fix: 'It was made for another node, or the nation has signed other documents since: run this without --revocation.',
    })
  }
  await assertConfirmed(context, options.yes === true, `Revoke the key of this node, by version ${doc?.version}?`)
  await takeEffect(context, own.home, alliance, own.trust)
  context.say(
    'The key of the node is revoked. Of its logs only what a quorum has cosigned stands; what else is ours is',
  )
  context.say('kept with --bound LOG=SIZE in the next step, or published again. What follows needs the root key.')
}

async function sayWhatIsLeft(
  { say }: CliContext,
  own: OwnNation,
  identityHex: string,
  options: CompromiseOptions,
): Promise<void> {
  const node = own.doc.nodes.find(each => each.identityHex === identityHex)!
  const { isRevoked, isKemExposed, newKeys } = await readCompromise(own, node)
  const steps: readonly (readonly [isDone: boolean, text: string])[] = [
    [isRevoked, `the key of the node is revoked (document version ${own.doc.version})`],
    [!isKemExposed, isKemExposed && options.keepKem ? 'KEM keys: kept, as you said' : 'KEM keys are replaced'],
    [newKeys === 'waiting' || newKeys === 'used', NEW_KEYS[newKeys]],
    [newKeys === 'used', 'the daemon uses the new keys and goes on in a new log: tocsin stop, then tocsin start'],
  ]
  for (const [isDone, text] of steps) say(`${isDone ? '[done]' : '[ to do]'} ${text}`)
  say('[ to do] other sites need the new KEM keys: tocsin nation kem-export, and there kem-import')
  say('[ to do] look at what no longer stands, and publish again what is ours: tocsin nation republish')
  sayWhomToCall(say, own)
}

const NEW_KEYS = {
  elsewhere: 'new keys are made at that site: tocsin nation rotate node there, or a new home and nation add-node',
  missing: 'the document names new keys of the node',
  waiting: 'the document names new keys of the node',
  used: 'the document names new keys of the node',
} as const

function explain({ say }: CliContext, own: OwnNation): void {
  say('What may others have, and what follows?')
  say(
    '  a machine of a node    its signing, witness and peer keys, and the KEM keys of the nation: who has them speaks',
  )
  say(
    '                         as this node and reads what is sealed to the nation. Run: tocsin nation compromise NODE',
  )
  say('  a root key             who has it can replace every key of the nation. If yours still counts, at once:')
  say('                         tocsin nation rotate root. If not, call the governors: alliance propose reset.')
  say('  a governor key         make new ones: tocsin nation rotate governor. It says what the other governors do.')
  say('Before you begin: take the machine off the network, and do not wipe it.')
  own.doc.nodes.forEach(({ status, signPk, peerPk, addresses }, i) => {
    const key = signPk ?? peerPk
    if (key === undefined) return
    say(`  node ${i + 1}  ${STATUS_WORDS[status]}  ${toHex(key).slice(0, 16)}  ${addresses.join(' ')}`)
  })
  sayWhomToCall(say, own)
}

/** The governors can bound the logs and reset the roots; the nation's own people have to know first. */
function sayWhomToCall(say: (line: string) => void, { doc, nation, alliance }: OwnNation): void {
  const { registry, member } = { registry: alliance.directory.registry, member: alliance.directory.member }
  const others = registry.governors.filter(governor => governor.nation !== nation)
  const people = [
    ...doc.contacts.map(contact => ({ nation, ...contact })),
    ...others.flatMap(governor =>
      (member(governor.nation)?.doc?.contacts ?? []).map(contact => ({ nation: governor.nation, ...contact })),
    ),
  ]
  say('Whom to call:')
  for (const { nation: of, name, duty, reach } of people) say(visibleText(`  ${of}  ${name}, ${duty}: ${reach}`))
  if (people.length === 0)
    say(`  no document names a contact; the governors are ${registry.governors.map(g => g.nation).join(', ')}`)
}
