import { equalBytes, toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import type { KemSecret } from '../../crypto/node-key-file.ts'
import { type OwnNode, publicAddresses } from '../../node/ceremonies/founding.ts'
import {
  isFurtherNode,
  publicKeysOf,
  readOwnNode,
  requestOf,
  withCurrentRoots,
} from '../../node/ceremonies/founding-own.ts'
import { nodeOfKeys } from '../../node/ceremonies/nation-change.ts'
import { encodeNationFile } from '../../node/ceremonies/nation-file.ts'
import { readHeldAlliance } from '../../node/home/founding-alliance.ts'
import { exists, readKemKeys, writeWhole } from '../../node/home/home.ts'
import { readNodeHome } from '../../node/home/own-nation.ts'
import { ownKemKey } from '../../node/opening/epoch-keys.ts'
import { findAddressFault } from '../../node/problems/own-addresses.ts'
import type { Directory } from '../../registry/directory.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import { KEY_STATUS, type NodeRecord, USE } from '../../registry/node-key.ts'
import { keyName } from '../../registry/phrase.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from '../terminal/output.ts'

/** Ids and public keys in hex; times are milliseconds since the Unix epoch. */
interface OwnNationView {
  readonly nation: string
  readonly label: string
  readonly rootKeyIds: readonly string[]
  /** How many of them sign a document. */
  readonly rootThreshold: number
  readonly governorKeyIds: readonly string[]
  readonly signKey: string
  readonly witnessKey: string
  readonly peerKey: string
  readonly addresses: readonly string[]
  /** Empty where the home belongs to no alliance. */
  readonly alliance: string
  readonly registryVersion: number
  /** 0: none yet. */
  readonly documentVersion: number
  readonly documentExpiresMs: number
  readonly documentAddresses: readonly string[]
  /** As the document in force names them; the first is number 1. */
  readonly nodes: readonly NodeView[]
  readonly kemWindows: readonly KemWindow[]
}

interface NodeView {
  readonly number: number
  readonly signKey: string
  readonly peerKey: string
  readonly use: 'inner' | 'edge'
  readonly status: 'active' | 'retired' | 'compromised'
  /** It is the node of this home. */
  readonly isHere: boolean
  readonly addresses: readonly string[]
}

interface KemWindow {
  readonly keyId: string
  readonly fromMs: number
  readonly untilMs: number
  /** `unnamed`: the document does not name it, and nobody seals to it. */
  readonly use: 'past' | 'now' | 'ahead' | 'given up' | 'unnamed'
}

const NATION: Shape<OwnNationView> = {
  columns: [
    { name: 'nation', cell: view => view.nation },
    { name: 'label', cell: view => view.label },
    { name: 'root_key', cell: view => view.rootKeyIds.map(keyName).join(', ') },
    { name: 'root_threshold', cell: view => view.rootThreshold },
    { name: 'governor_keys', cell: view => view.governorKeyIds.map(keyName).join(', ') },
    { name: 'sign_key', cell: view => view.signKey },
    { name: 'witness_key', cell: view => view.witnessKey },
    { name: 'peer_key', cell: view => view.peerKey },
    { name: 'addresses', cell: view => view.addresses.join(' ') },
    { name: 'alliance', cell: view => view.alliance },
    { name: 'registry_version', cell: view => view.registryVersion || '' },
    { name: 'document_version', cell: view => view.documentVersion || '' },
    { name: 'document_expires', cell: view => timeCell(view.documentExpiresMs) },
  ],
}

const NODES: Shape<NodeView> = {
  columns: [
    { name: 'node', cell: view => view.number },
    { name: 'sign key', cell: view => view.signKey.slice(0, 16) },
    { name: 'peer key', cell: view => view.peerKey.slice(0, 16) },
    { name: 'use', cell: view => view.use },
    { name: 'status', cell: view => view.status },
    { name: 'here', cell: view => (view.isHere ? 'yes' : '') },
    { name: 'addresses', cell: view => view.addresses.join(' ') },
  ],
}

const KEM_WINDOWS: Shape<KemWindow> = {
  columns: [
    { name: 'kem key', cell: window => window.keyId.slice(0, 16) },
    { name: 'from', cell: window => timeCell(window.fromMs) },
    { name: 'until', cell: window => timeCell(window.untilMs) },
    { name: 'use', cell: window => window.use },
  ],
}

export async function showNation(context: CliContext, output: OutputFormat): Promise<void> {
  const { out, say } = context
  const view = await readView(context)
  await printRecord(out, output, view, NATION)
  if (output === 'table') {
    await out.write('\n')
    if (view.nodes.length > 0) {
      await printRows(out, output, view.nodes, NODES)
      await out.write('\n')
    }
    await printRows(out, output, view.kemWindows, KEM_WINDOWS)
  }
  const here = view.nodes.find(node => node.isHere && node.status === 'active')
  const fault = here && findAddressFault(view.addresses, here.addresses)
  if (fault === undefined) return
  say(`${fault.message}.`)
  say(`→ ${fault.fix}`)
}

async function readView(context: CliContext): Promise<OwnNationView> {
  const home = context.home()
  const alliance = await readHeldAlliance(home)
  const directory = alliance?.directory
  if (!(await isFurtherNode(home))) {
    const own = await readOwnNode(home, context.environment)
    const { label, roots, rootThreshold, governor } = withCurrentRoots(own.nationFile, alliance)
    const governors = [governor.primary, ...(governor.recovery === undefined ? [] : [governor.recovery])]
    return viewOf(
      { ...own, nation: own.nationFile.nation, label, roots, rootThreshold, governors },
      directory,
      Date.now(),
    )
  }
  const { nation, nodeKeys, config } = await readNodeHome(home, context.environment)
  const member = directory?.member(nation)
  const { roots = [], rootThreshold = 0 } = member?.doc ?? {}
  const kemKeys = (await exists(home.kemKeys)) ? await readKemKeys(home) : []
  const addresses = publicAddresses(config)
  const own = { nation, label: member?.label ?? '', roots, rootThreshold, governors: [], nodeKeys, kemKeys, addresses }
  return viewOf(own, directory, Date.now())
}

/** What a home holds, of a first node or of a further one. */
interface Held extends Pick<OwnNode, 'nodeKeys' | 'kemKeys' | 'addresses'> {
  readonly nation: NationId
  readonly label: string
  readonly roots: readonly RootKeyRecord[]
  readonly rootThreshold: number
  readonly governors: readonly RootKeyRecord[]
}

function viewOf(own: Held, directory: Directory | undefined, nowMs: number): OwnNationView {
  const node = publicKeysOf(own.nodeKeys, own.addresses)
  const doc = directory?.member(own.nation)?.doc
  const here = doc && nodeOfKeys(doc, own.nodeKeys)
  return {
    nation: own.nation,
    label: own.label,
    rootKeyIds: own.roots.map(root => root.idHex),
    rootThreshold: own.rootThreshold,
    governorKeyIds: own.governors.map(key => key.idHex),
    ...node,
    alliance: directory?.registry.name ?? '',
    registryVersion: directory?.registry.version ?? 0,
    documentVersion: doc?.version ?? 0,
    documentExpiresMs: doc?.expiresMs ?? 0,
    documentAddresses: doc?.nodes.flatMap(each => each.addresses) ?? [],
    nodes: doc?.nodes.map((each, i) => nodeView(each, i + 1, each === here)) ?? [],
    kemWindows: own.kemKeys.map(secret => windowOf(secret, doc, nowMs)),
  }
}

function windowOf(secret: KemSecret, doc: ParsedNationDoc | undefined, nowMs: number): KemWindow {
  const { keyId } = ownKemKey(secret)
  const { fromMs, untilMs } = secret
  const named = doc?.kems.find(kem => equalBytes(kem.keyId, keyId))
  const isUnnamed = doc !== undefined && named === undefined && untilMs > nowMs
  const use = untilMs <= nowMs ? 'past' : fromMs <= nowMs ? 'now' : 'ahead'
  const isGivenUp = named !== undefined && named.status !== KEY_STATUS.ACTIVE
  return { keyId: toHex(keyId), fromMs, untilMs, use: isGivenUp ? 'given up' : isUnnamed ? 'unnamed' : use }
}

function nodeView({ signPk, peerPk, use, status, addresses }: NodeRecord, number: number, isHere: boolean): NodeView {
  return {
    number,
    signKey: signPk === undefined ? '' : toHex(signPk),
    peerKey: peerPk === undefined ? '' : toHex(peerPk),
    use: use === USE.EDGE ? 'edge' : 'inner',
    status: STATUS_WORDS[status],
    isHere,
    addresses,
  }
}

export const STATUS_WORDS = {
  [KEY_STATUS.ACTIVE]: 'active',
  [KEY_STATUS.RETIRED]: 'retired',
  [KEY_STATUS.COMPROMISED]: 'compromised',
} as const

export async function exportRequest(context: CliContext, outputFile: string): Promise<void> {
  const { out, say } = context
  const home = context.home()
  const own = await readOwnNode(home, context.environment)
  const nationFile = withCurrentRoots(own.nationFile, await readHeldAlliance(home))
  const text = encodeNationFile(requestOf({ ...own, nationFile }))
  if (outputFile === '-') await out.write(text)
  else await writeWhole(outputFile, text, { mode: 0o644 })
  say(
    'The file is public, and proves nothing: read this key by telephone to the governor who gets it, and sees it before signing.',
  )
  for (const root of nationFile.roots) say(`  ${nationFile.nation}  ${keyName(root.idHex)}`)
}
