import { EMPTY } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { AllianceId, NationId } from '../../base/ids.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import { createMlDsa44Signer } from '../../crypto/mldsa-signer.ts'
import type { KemSecret, NodeKeys } from '../../crypto/node-key-file.ts'
import { createXWingKey } from '../../crypto/xwing.ts'
import { buildInnerNode, buildNationDoc } from '../../registry/build-nation.ts'
import { buildFoundingRegistry, type Founding } from '../../registry/build-registry.ts'
import { governorsOf } from '../../registry/council.ts'
import { documentsOf } from '../../registry/evidence.ts'
import { kemKeyIdOf, SUITE_XWING } from '../../registry/kem-key.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { DEFAULT_POLICY } from '../../registry/policy.ts'
import { draftOf, type Proposal } from '../../registry/proposal.ts'
import { firstRoles, type ParsedRegistryDoc, parseRegistryDoc, STATUS } from '../../registry/registry-doc.ts'
import { rootSetOf } from '../../registry/root-set.ts'
import { DOC_TYPE, signedDocOf } from '../../registry/signed-doc.ts'
import type { KemKey, NodeKey } from '../../wire/gen/tocsin.ts'
import type { Config } from '../config/config.ts'
import { type Alliance, openAlliance } from '../home/founding-alliance.ts'
import { assertKeyOf, type OpenKeyFile, type SignOptions, signRecorded } from './founding-keys.ts'
import type { NationFile } from './nation-file.ts'
import { seatOfKey } from './proposal-signing.ts'

export interface FoundingWish {
  readonly name: string
  readonly nations: readonly NationFile[]
  readonly governors: readonly NationId[]
  /** Governors that must sign a change; undefined: the smallest majority. */
  readonly threshold: number | undefined
  /** Nations that may lie before a quorum of witnesses does; undefined: as many as their number allows. */
  readonly byzantineNations: number | undefined
  readonly nowMs: number
}

/** Version 1 of a registry as it is to be signed, for people to read first. */
export interface FoundingPlan {
  readonly docBytes: Uint8Array
  readonly registry: ParsedRegistryDoc
}

/** The keys of an inner node and where others reach it: what goes into its nation's document. */
export interface OwnNode {
  readonly nationFile: NationFile
  readonly nodeKeys: NodeKeys
  readonly kemKeys: readonly KemSecret[]
  readonly addresses: readonly string[]
}

const NO_CEILING = 0
/** The longest that allows. */
const VALID_DAYS = 400

/** Throws UserError `doc-nation-repeated` or `wire-text`, and ProtocolError where nobody would accept the document. */
export function planFounding(wish: FoundingWish): FoundingPlan {
  const nations = byNation(wish.nations)
  const founding: Founding = {
    name: wish.name,
    governors: wish.governors.map(id => ({ nation: id, ...memberOf(nations, id).governor })),
    threshold: wish.threshold ?? Math.floor(wish.governors.length / 2) + 1,
    nations: [...nations.values()].map(({ nation, label, rootThreshold, roots, observer }) => ({
      nation,
      label,
      status: STATUS.ACTIVE,
      roles: firstRoles(observer),
      rootThreshold,
      roots,
      maxTlp: NO_CEILING,
    })),
    policy: { ...DEFAULT_POLICY, byzantineNations: wish.byzantineNations },
    issuedMs: wish.nowMs,
    validDays: VALID_DAYS,
  }
  const { docBytes } = buildFoundingRegistry(founding)
  return { docBytes, registry: parseRegistryDoc(signedDocOf(DOC_TYPE.REGISTRY, docBytes)) }
}

/** The proposal of version 1, for governors who sign elsewhere. */
export function foundingProposal({ docBytes }: FoundingPlan): Proposal {
  return draftOf(DOC_TYPE.REGISTRY, docBytes, [])
}

/**
 * Signs the plan with the governors' keys that are here, which note it (R-1.5).
 * Throws UserError `doc-threshold`, `key-file-other` or `key-signed-another`.
 */
export async function signFounding(
  { docBytes, registry }: FoundingPlan,
  keys: readonly OpenKeyFile[],
  options: SignOptions = {},
): Promise<Alliance> {
  const signing = new Set(keys.map(key => seatOfKey([governorsOf(registry)], key)))
  if (signing.size < registry.threshold) {
    throw new UserError(
      'doc-threshold',
      `${signing.size} of ${registry.governors.length} governors sign here, and ${registry.threshold} must`,
      { fix: 'Name key files of different governors with --governor-key, or none: then each signs at its own place.' },
    )
  }
  const doc = { type: DOC_TYPE.REGISTRY, allianceIdField: EMPTY, version: 1, docBytes, allianceName: registry.name }
  return openAlliance([await signRecorded(doc, keys, options)])
}

/** What the alliance lacks before `nation` can take part in it from here. */
export type OwnPlace = 'no-member' | 'document-missing' | 'complete'

/** Throws UserError `alliance-other-root` where the registry names root keys for the nation that are not its own. */
export function checkOwnPlace({ directory }: Alliance, { nation, rootThreshold, roots }: NationFile): OwnPlace {
  const member = directory.member(nation)
  if (member === undefined) return 'no-member'
  if (member.doc !== undefined) return 'complete'
  const own = rootSetOf(
    rootThreshold,
    roots.map(root => root.id),
  )
  if (member.roots === own) return 'document-missing'
  throw new UserError('alliance-other-root', `the registry names other root keys for ${nation} than are here`, {
    fix: 'The founder had another request, or somebody exchanged it on its way: send it again, and compare its key ids by telephone.',
  })
}

/** Signs version 1 of the nation's own document and adds it. Throws UserError `key-file-other` or `key-signed-another`. */
export async function signOwnNation(
  alliance: Alliance,
  own: OwnNode,
  rootKey: OpenKeyFile,
  nowMs: number,
  options: SignOptions = {},
): Promise<Alliance> {
  const { allianceId } = alliance.directory
  const { nation, roots, rootThreshold } = own.nationFile
  assertKeyOf(rootKey, 'root', nation)
  const docBytes = buildNationDoc({
    allianceId,
    nation,
    prev: undefined,
    issuedMs: nowMs,
    validDays: VALID_DAYS,
    rootThreshold,
    roots,
    nodes: [buildNodeKey(allianceId, nation, own.nodeKeys, own.addresses)],
    kems: own.kemKeys.map(toKemKey),
    bounds: [],
    contacts: [],
  })
  const allianceName = alliance.directory.registry.name
  const doc = { type: DOC_TYPE.NATION, allianceIdField: allianceId, version: 1, docBytes, allianceName }
  const signed = await signRecorded(doc, [rootKey], options)
  return openAlliance([...documentsOf(alliance.evidence), signed])
}

/** How a document names an inner node, each key with its proof. Throws UserError `key-file-other` for an edge's. */
export function buildNodeKey(
  allianceId: AllianceId,
  nation: NationId,
  { peerSeed, inner }: NodeKeys,
  addresses: readonly string[],
): NodeKey {
  if (inner === undefined) {
    throw new UserError('key-file-other', 'these are the keys of an edge node, which cannot stand for its nation', {
      fix: 'Run this at the home of an inner node.',
    })
  }
  const signers = {
    sign: createEd25519Signer(inner.signSeed),
    witness: createEd25519Signer(inner.witnessSeed),
    peer: createEd25519Signer(peerSeed),
    mldsa44Pk: createMlDsa44Signer(inner.mldsa44Seed).publicKey,
  }
  return buildInnerNode(allianceId, nation, signers, addresses)
}

/** The addresses that a nation's document may name: what is announced, else what is listened on and can be
 * dialled. A node behind edges is dialled by nobody. */
export function publicAddresses({ net }: Config): readonly string[] {
  if (net.announce.length > 0 || net.edges.length > 0) return net.announce
  return net.listen.filter(address => !/^\/(ip4\/0\.0\.0\.0|ip6\/::)\/|\/tcp\/0$/.test(address))
}

function byNation(files: readonly NationFile[]): ReadonlyMap<NationId, NationFile> {
  const nations = new Map<NationId, NationFile>()
  for (const file of files) {
    if (nations.has(file.nation)) {
      throw new UserError('doc-nation-repeated', `${file.nation} is named twice among the nations`, {
        fix: 'Give the request of each nation once, and none for the nation of this home.',
      })
    }
    nations.set(file.nation, file)
  }
  return nations
}

function memberOf(nations: ReadonlyMap<NationId, NationFile>, nation: NationId): NationFile {
  const member = nations.get(nation)
  if (member !== undefined) return member
  throw new UserError('wire-text', `${nation} is to be a governor and is not among the nations`, {
    fix: 'Give its request too, or leave it out of --governors.',
  })
}

export function toKemKey({ seed, fromMs, untilMs }: KemSecret): KemKey {
  const { publicKey: pk } = createXWingKey(seed)
  return { keyId: kemKeyIdOf(SUITE_XWING, pk), suite: SUITE_XWING, pk, fromMs, untilMs, status: KEY_STATUS.ACTIVE }
}
