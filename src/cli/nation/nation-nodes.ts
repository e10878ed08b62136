import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import { peerIdText } from '../../net/peer-key.ts'
import { buildNodeKey, publicAddresses } from '../../node/ceremonies/founding.ts'
import { nodeOfKeys } from '../../node/ceremonies/nation-change.ts'
import { encodeNodeFile, NODE_FILE_BYTES_MAX, parseNodeFile } from '../../node/ceremonies/node-file.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import { writeWhole } from '../../node/home/home.ts'
import { type OwnNation, readNodeHome, readOwnNation } from '../../node/home/own-nation.ts'
import { buildEdgeNode } from '../../registry/build-nation.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { KEY_STATUS, type NodeRecord } from '../../registry/node-key.ts'
import type { CliContext } from '../terminal/context.ts'
import { closingBounds } from './nation-bounds.ts'
import { type DecisionOptions, decide } from './nation-decision.ts'

export interface OntoOption extends DecisionOptions {
  readonly onto?: string
}

/** The keys of this home's node with their proofs, for who holds the root key of its nation. */
export async function exportNode(context: CliContext, outputFile: string): Promise<void> {
  const { out, say } = context
  const { nation, nodeKeys, config, alliance } = await readNodeHome(context.home(), context.environment)
  const { allianceId } = alliance.directory
  const { inner, peerSeed } = nodeKeys
  const addresses = publicAddresses(config)
  const node =
    inner === undefined
      ? buildEdgeNode(allianceId, nation, createEd25519Signer(peerSeed), addresses)
      : buildNodeKey(allianceId, nation, nodeKeys, addresses)
  const text = encodeNodeFile({ allianceId, nation }, node)
  if (outputFile === '-') await out.write(text)
  else await writeWhole(outputFile, text, { mode: 0o644 })
  if (addresses.length === 0) say('It names no address: nobody can dial this node.')
  if (inner === undefined) for (const line of edgeLines(addresses, node.peerPk)) say(line)
  say('The file is public. Where the root key is, compare this key by telephone before it is signed:')
  say(`  ${toHex(inner === undefined ? node.peerPk : node.signPk)}`)
  say('  tocsin nation add-node FILE')
}

/** What the inner node has to know of this one. */
function edgeLines(addresses: readonly string[], peerPk: Uint8Array): readonly string[] {
  if (addresses.length === 0) return []
  const lines = addresses.map(address => `    - ${address}/p2p/${peerIdText(peerPk)}`)
  return ['In config.yaml of the inner node, with an address that it reaches:', '  net:', '   edges:', ...lines]
}

export async function addNode(context: CliContext, file: string, options: OntoOption): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const expected = { allianceId: own.doc.allianceId, nation: own.nation }
  const { node, record } = parseNodeFile(await readInput(file, NODE_FILE_BYTES_MAX), file, expected)
  context.say(`Compare this key by telephone: ${toHex(record.signPk ?? record.peerPk ?? new Uint8Array())}`)
  await decide(context, own, [{ kind: 'add-node', node }], options)
}

/** With the bound that keeps all of its logs, where the daemon says what they are. */
export async function retireNode(context: CliContext, name: string, options: OntoOption): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const node = findNode(own.doc, name)
  const bounds = await closingBounds(context, own, node)
  await decide(context, own, [{ kind: 'retire-node', node: node.identityHex, bounds }], options)
}

export interface AddressOptions extends OntoOption {
  readonly node?: string
  readonly set?: readonly string[]
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

/** Without anything said: as config.yaml has it for the node of this home. */
export async function changeAddresses(context: CliContext, options: AddressOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const node = options.node === undefined ? ownNode(own) : findNode(own.doc, options.node)
  const addresses = addressesOf(own, node, options)
  if (addresses.join() === node.addresses.join()) {
    throw new UserError('nation-change-void', `the document says so already: ${addresses.join(' ') || 'no address'}`, {
      fix: 'Name the addresses with --set, --add or --remove, or set net.announce in config.yaml first.',
    })
  }
  await decide(context, own, [{ kind: 'addresses', node: node.identityHex, addresses }], options)
}

export async function renewNation(context: CliContext, options: OntoOption): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  await decide(context, own, [], options)
}

export interface ContactOptions extends OntoOption {
  readonly duty?: string
  readonly reach?: string
  readonly remove?: boolean
}

/** Whom others call when something is wrong; one name is one contact. */
export async function changeContact(context: CliContext, name: string, options: ContactOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const { contacts } = own.doc
  const known = contacts.find(contact => contact.name === name)
  const others = contacts.filter(contact => contact !== known)
  if (options.remove === true && known === undefined) {
    throw new UserError('nation-change-void', `the document names no contact "${name}"`, {
      fix: `It names: ${contacts.map(contact => contact.name).join(', ') || 'none'}`,
    })
  }
  const contact = { name, duty: options.duty ?? known?.duty ?? '', reach: options.reach ?? known?.reach ?? '' }
  const after = options.remove === true ? others : [...others, contact]
  await decide(context, own, [{ kind: 'contacts', contacts: after }], options)
}

function addressesOf(own: OwnNation, node: NodeRecord, { set, add, remove, node: named }: AddressOptions) {
  const isSaid = [set, add, remove].some(list => list !== undefined)
  if (!isSaid && named === undefined) return publicAddresses(own.config)
  const kept = (set ?? node.addresses).filter(address => !remove?.includes(address))
  const absent = remove?.find(address => !node.addresses.includes(address))
  if (absent !== undefined) {
    throw new UserError('nation-change-void', `the document does not name the address ${absent}`, {
      fix: `It names: ${node.addresses.join(' ') || 'none'}`,
    })
  }
  return [...new Set([...kept, ...(add ?? [])])]
}

function ownNode({ doc, nodeKeys }: OwnNation): NodeRecord {
  const node = nodeOfKeys(doc, nodeKeys)
  if (node !== undefined) return node
  throw new UserError('nation-node-unknown', 'the document does not name the node of this home yet', {
    fix: 'Add it: tocsin nation export --node -O FILE here, and tocsin nation add-node FILE where the root key is.',
  })
}

/** By its number in "nation show", or the beginning of its signing or peer key. */
export function findNode({ nodes }: ParsedNationDoc, name: string): NodeRecord {
  const prefix = name.toLowerCase()
  const byNumber = /^\d{1,2}$/.test(name) ? nodes[Number(name) - 1] : undefined
  const byKey = nodes.filter(({ named }) => prefix.length >= 8 && named.some(key => toHex(key).startsWith(prefix)))
  const found = byNumber ?? (byKey.length === 1 ? byKey[0] : undefined)
  if (found !== undefined) return found
  const active = nodes.filter(({ status }) => status === KEY_STATUS.ACTIVE).length
  throw new UserError('nation-node-unknown', `"${name}" names none of the ${nodes.length} nodes (${active} active)`, {
    fix: 'Give its number in "tocsin nation show", or eight or more characters of one of its keys.',
  })
}
