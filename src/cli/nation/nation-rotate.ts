import { existsSync } from 'node:fs'
import { copyFile, link, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { encryptKeyFile, type RootSecrets } from '../../crypto/key-file.ts'
import { encodeNodeKeys, type NodeKeys } from '../../crypto/node-key-file.ts'
import { buildNodeKey, publicAddresses } from '../../node/ceremonies/founding.ts'
import { type AskPassphrase, type OpenKeyFile, openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { planKemCeremony, writeCeremony } from '../../node/ceremonies/kem-ceremony.ts'
import { nodeOfKeys } from '../../node/ceremonies/nation-change.ts'
import {
  encodeNationFile,
  NATION_FILE_BYTES_MAX,
  type NationFile,
  parseNationFile,
} from '../../node/ceremonies/nation-file.ts'
import { newNodeKeys, newRootSecrets, publicKeyOf } from '../../node/ceremonies/new-keys.ts'
import { assertHoldsKeys } from '../../node/home/edge-home.ts'
import { readInput } from '../../node/home/founding-alliance.ts'
import { exists, type Home, readNextNodeKeys, writeWhole } from '../../node/home/home.ts'
import { type OwnNation, readOwnNation } from '../../node/home/own-nation.ts'
import { systemRandom } from '../../node/mechanisms/random-system.ts'
import type { NationChange } from '../../registry/next-nation.ts'
import { KEY_STATUS, type NodeRecord, USE } from '../../registry/node-key.ts'
import { keyName } from '../../registry/phrase.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import type { CliContext } from '../terminal/context.ts'
import { askNewPassphrase, createPassphrasePrompt } from '../terminal/passphrase.ts'
import { assertConfirmed } from '../terminal/question.ts'
import { closingBounds, logsOfNode } from './nation-bounds.ts'
import { decide } from './nation-decision.ts'
import type { OntoOption } from './nation-nodes.ts'

const ports = { clock: { now: Date.now }, random: systemRandom }

export interface RotateKemOptions extends OntoOption {
  readonly compromised?: boolean
}

/** the ceremony of the year. The secrets are on the disk before a document names them. */
export async function rotateKem(context: CliContext, options: RotateKemOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  assertHoldsKeys(own.nodeKeys)
  const ceremony = await planKemCeremony(own, options.compromised === true, ports)
  const prepare = async () => {
    await writeCeremony(own, ceremony)
    return []
  }
  await decide(context, own, ceremony.changes, options, { prepare })
  context.say(
    `${ceremony.added} KEM keys were made. Other sites of the nation need them, and an escrow if you keep one:`,
  )
  context.say('  tocsin nation kem-export -O FILE     and there: tocsin nation kem-import FILE')
}

export interface RotateNodeOptions extends OntoOption {
  readonly keepOld?: boolean
}

/**
 * in three steps, each of which this command finds by itself: the document names new keys beside the old, the
 * node takes them at its next start, a document retires the old.
 */
export async function rotateNode(context: CliContext, options: RotateNodeOptions): Promise<void> {
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  assertHoldsKeys(own.nodeKeys)
  const next = await readNextNodeKeys(own.home)
  if (next !== undefined && nodeOfKeys(own.doc, next) !== undefined) {
    context.say('The document in force names the new keys already. They are taken at the next start of the daemon:')
    context.say('  tocsin stop, then tocsin start; and then this command again, which retires the old ones.')
    return
  }
  const old = next === undefined ? await leftBehind(context, own) : []
  if (old.length > 0) return retireAll(context, own, old, options)
  await nameNextKeys(context, own, next ?? newNodeKeys(own.nation, ports), options)
}

async function nameNextKeys(context: CliContext, own: OwnNation, keys: NodeKeys, options: RotateNodeOptions) {
  const { home, nation, doc, nodeKeys } = own
  const addresses = nodeOfKeys(doc, nodeKeys)?.addresses ?? publicAddresses(own.config)
  const node = buildNodeKey(doc.allianceId, nation, keys, addresses)
  const prepare = async () => {
    await writeWhole(home.nextNodeKeys, encodeNodeKeys(keys), { replace: true })
    if (options.keepOld === true) await copyFile(home.nodeKeys, datedName(home.nodeKeys))
    return []
  }
  const decision = await decide(context, own, [{ kind: 'add-node', node }], options, { prepare })
  if (decision !== 'proposed')
    context.say('The node takes the new keys when it starts: tocsin stop, then tocsin start.')
  context.say(
    'It closes its old log then. After that run "tocsin nation rotate node" again, which retires the old keys.',
  )
}

async function retireAll(context: CliContext, own: OwnNation, nodes: readonly NodeRecord[], options: OntoOption) {
  context.say('The node uses its new keys. What is left is to retire the old ones.')
  const changes: NationChange[] = []
  for (const node of nodes) {
    const bounds = await closingBounds(context, own, node)
    changes.push({ kind: 'retire-node', node: node.identityHex, bounds })
  }
  await decide(context, own, changes, options)
}

/** Nodes that this one was, or another of the nation: their newest log is closed, and the key is ACTIVE still. */
async function leftBehind(context: CliContext, own: OwnNation): Promise<readonly NodeRecord[]> {
  const ours = nodeOfKeys(own.doc, own.nodeKeys)
  const others = own.doc.nodes.filter(
    node => node.status === KEY_STATUS.ACTIVE && node.use === USE.INNER && node.identityHex !== ours?.identityHex,
  )
  const left: NodeRecord[] = []
  for (const node of others) {
    const logs = await logsOfNode(context, own.nation, node)
    const newest = logs?.toSorted((a, b) => b.incarnation - a.incarnation)[0]
    // Where no log tells: two nodes at one address are one.
    const isSame = newest === undefined && node.addresses.some(address => ours?.addresses.includes(address))
    if (newest?.closed === true || isSame) left.push(node)
  }
  return left
}

export interface RotateRootOptions extends OntoOption {
  readonly lost?: boolean
}

/**
 * For roots that are lost or in other hands: a new one that the governors have to bind the nation to. The old file
 * is put aside. Nothing is signed.
 */
async function replaceRoot(context: CliContext, options: RotateRootOptions): Promise<void> {
  const { say } = context
  const home = context.home()
  const file = parseNationFile(await readInput(home.nation, NATION_FILE_BYTES_MAX), home.nation)
  await assertConfirmed(
    context,
    options.yes === true,
    'Make a new root key, which counts only once the governors say so?',
  )
  const secrets = newRootSecrets('root', '', file.nation, ports)
  await writeNextRoot(context, nextRootFile(home), secrets, options)
  const roots = [publicKeyOf(secrets)]
  await installRoot(home, { ...file, roots, rootThreshold: 1 })
  say('Send a new request to a governor, and read this key to him by telephone: tocsin nation export')
  for (const root of roots) say(`  ${file.nation}  ${keyName(root.idHex)}`)
  say('He proposes: tocsin alliance propose reset NATION REQUEST --lost or --compromised.')
  say('When that is in effect here, sign with the new key: tocsin nation renew')
}

/** Signed by the old threshold and the new (R-1.2). Run again, it completes what a crash or others' signatures held up. */
export async function rotateRoot(context: CliContext, options: RotateRootOptions): Promise<void> {
  if (options.lost === true) return replaceRoot(context, options)
  const own = await readOwnNation(context.home(), context.environment, options.onto)
  const { home, doc } = own
  const file = nextRootFile(home)
  const ask = createPassphrasePrompt(context, options)
  const waiting = (await exists(file)) ? await openKeyFile(file, ask) : undefined
  if (waiting !== undefined && doc.roots.some(root => root.idHex === waiting.signer.key.idHex)) {
    await adoptRoot(context, own, doc.roots)
    return
  }
  const old = await rootToReplace(own, ask)
  const secrets = waiting?.secrets ?? newRootSecrets('root', '', own.nation, ports)
  const roots = doc.roots.map(root => (root.idHex === old.idHex ? publicKeyOf(secrets) : root))
  const prepare = async () => [waiting ?? (await writeNextRoot(context, file, secrets, options))]
  const change = { kind: 'roots', roots, threshold: doc.rootThreshold } as const
  const decision = await decide(context, own, [change], options, { prepare, newRoots: 1 })
  if (decision !== 'proposed') return adoptRoot(context, own, roots)
  context.say(`The new key is ${file}; it signs the proposal too. When it is in force, run this command again.`)
}

/** The root key of this home: among several it must be opened to know which one it is. */
async function rootToReplace({ home, doc }: OwnNation, ask: AskPassphrase): Promise<RootKeyRecord> {
  const [only, ...others] = doc.roots
  if (others.length === 0) return only!
  const { signer, path } = await openKeyFile(home.rootKey, ask)
  if (doc.roots.some(root => root.idHex === signer.key.idHex)) return signer.key
  throw new UserError('key-file-other', `${path} holds no root key of the document in force`, {
    fix: 'Run this at the home that holds the root key which is to be replaced.',
  })
}

async function writeNextRoot(
  context: CliContext,
  path: string,
  secrets: RootSecrets,
  options: OntoOption,
): Promise<OpenKeyFile> {
  context.say('The new root key needs a passphrase.')
  const passphrase = await askNewPassphrase(context, options)
  await writeWhole(path, await encryptKeyFile(passphrase, secrets, context.keyFiles))
  return openKeyFile(path, () => Promise.resolve(passphrase))
}

/** The old file stays under the name of the day: it may still have to show what it has signed. */
async function adoptRoot(
  { say }: CliContext,
  { home, doc }: OwnNation,
  roots: readonly RootKeyRecord[],
): Promise<void> {
  const file = parseNationFile(await readInput(home.nation, NATION_FILE_BYTES_MAX), home.nation)
  const old = await installRoot(home, { ...file, roots, rootThreshold: doc.rootThreshold })
  say(`${home.rootKey} is the new root key: keep copies of it offline. The old one is ${old}.`)
}

/** Returns where the key before is. */
async function installRoot(home: Home, file: NationFile): Promise<string> {
  const old = datedName(home.rootKey)
  if (await exists(home.rootKey)) await link(home.rootKey, old)
  await writeWhole(home.nation, encodeNationFile(file), { replace: true })
  await rename(nextRootFile(home), home.rootKey)
  return old
}

function nextRootFile({ keys }: Home): string {
  return join(keys, 'root-next.age')
}

/** `root.age` of the 22nd of November becomes `root-2026-11-22.age`, and with a time where there is one already. */
export function datedName(path: string): string {
  const [, stem, ending] = /^(.*)(\.[^.]+)$/.exec(path)!
  const moment = new Date().toISOString().replaceAll(':', '').slice(0, 17)
  const plain = `${stem}-${moment.slice(0, 10)}${ending}`
  return existsSync(plain) ? `${stem}-${moment}${ending}` : plain
}
