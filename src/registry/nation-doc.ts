import { assertProtocol } from '../base/errors.ts'
import type { AllianceId, LogIdHex, NationId } from '../base/ids.ts'
import { parseAllianceId, parseNationId } from '../base/ids.ts'
import { type Contact, NationDoc } from '../wire/gen/tocsin.ts'
import {
  CONTACTS_MAX,
  KEM_KEYS_MAX,
  LABEL_LENGTH_MAX,
  NODE_KEYS_MAX,
  ROOT_KEYS_MAX,
  SHORT_TEXT_LENGTH_MAX,
  SIGNED_DOC_BYTES_MAX,
} from '../wire/limits.ts'
import { assertText, decodeStrict } from '../wire/strict.ts'
import {
  assertCount,
  assertPeriod,
  type Bound,
  type DocHashHex,
  docHashHex,
  parseBounds,
  parsePrevHash,
} from './doc-fields.ts'
import { assertWindows, type KemRecord, parseKemKey } from './kem-key.ts'
import { type NodeRecord, parseNode } from './node-key.ts'
import { assertRootThreshold } from './registry-doc.ts'
import { assertKeysDistinct, parseRootKey, type RootKeyRecord } from './root-key.ts'
import { type RootSet, rootSetOf } from './root-set.ts'
import { DOC_TYPE, type ParsedSignedDoc } from './signed-doc.ts'

/** A NationDoc of right form, its proofs of possession checked. Who signed it is not known yet. */
export interface ParsedNationDoc {
  readonly signed: ParsedSignedDoc
  readonly hash: DocHashHex
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly version: number
  readonly prevHash: DocHashHex | undefined
  readonly issuedMs: number
  readonly expiresMs: number
  readonly rootThreshold: number
  readonly roots: readonly RootKeyRecord[]
  readonly rootSet: RootSet
  readonly nodes: readonly NodeRecord[]
  readonly kems: readonly KemRecord[]
  /** The nation's own bounds on its logs. */
  readonly bounds: ReadonlyMap<LogIdHex, Bound>
  readonly contacts: readonly Contact[]
}

/** Checks every field of a NationDoc. Throws ProtocolError `wire-*`, `doc-*`, `nation-*` or `key-invalid`. */
export function parseNationDoc(signed: ParsedSignedDoc): ParsedNationDoc {
  assertProtocol(signed.type === DOC_TYPE.NATION, 'doc-type', 'this is no nation document')
  const doc = decodeStrict(NationDoc, signed.docBytes, SIGNED_DOC_BYTES_MAX)
  const allianceId = parseAllianceId(doc.allianceId)
  const nation = parseNationId(doc.nation)
  const prevHash = parsePrevHash(doc.version, doc.prevHash)
  assertPeriod(doc.issuedMs, doc.expiresMs)
  assertContacts(doc.contacts)
  const roots = parseRoots(doc)
  return {
    signed,
    hash: docHashHex(signed.hash),
    allianceId,
    nation,
    version: doc.version,
    prevHash: prevHash && docHashHex(prevHash),
    issuedMs: doc.issuedMs,
    expiresMs: doc.expiresMs,
    rootThreshold: doc.rootThreshold,
    roots,
    rootSet: rootSetOf(
      doc.rootThreshold,
      roots.map(root => root.id),
    ),
    nodes: parseNodes(doc, allianceId, nation, roots),
    kems: parseKems(doc),
    bounds: parseBounds(doc.bounds),
    contacts: doc.contacts,
  }
}

function parseRoots(doc: NationDoc): RootKeyRecord[] {
  assertCount(doc.roots, 1, ROOT_KEYS_MAX, 'root keys')
  assertRootThreshold(doc.rootThreshold, doc.roots.length)
  const roots = doc.roots.map(parseRootKey)
  assertKeysDistinct(
    roots.map(root => root.mldsa65Pk),
    'the list of roots',
  )
  return roots
}

/** One Ed25519 key has one use: what it signs for one could else be taken for another. */
function parseNodes(
  doc: NationDoc,
  allianceId: AllianceId,
  nation: NationId,
  roots: readonly RootKeyRecord[],
): NodeRecord[] {
  assertCount(doc.nodes, 0, NODE_KEYS_MAX, 'nodes')
  const nodes = doc.nodes.map(node => parseNode(node, allianceId, nation))
  assertKeysDistinct(
    [...roots.map(root => root.edPk), ...nodes.flatMap(node => node.named)],
    `the document of ${nation}`,
  )
  return nodes
}

function parseKems(doc: NationDoc): KemRecord[] {
  assertCount(doc.kems, 0, KEM_KEYS_MAX, 'KEM keys')
  const kems = doc.kems.map(parseKemKey)
  assertKeysDistinct(
    kems.map(kem => kem.keyId),
    'the list of KEM keys',
  )
  assertWindows(kems, doc.issuedMs)
  return kems
}

function assertContacts(contacts: readonly Contact[]): void {
  assertCount(contacts, 0, CONTACTS_MAX, 'contacts')
  for (const { name, duty, reach } of contacts) {
    assertText(name, LABEL_LENGTH_MAX, 'name of a contact')
    assertText(duty, LABEL_LENGTH_MAX, 'duty of a contact')
    assertText(reach, SHORT_TEXT_LENGTH_MAX, 'reach of a contact')
  }
}
