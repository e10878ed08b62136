import { EMPTY, fromHex } from '../base/bytes.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'
import { encode } from '../wire/codec.ts'
import { type Contact, type KemKey, type LogBound, NationDoc, type NodeKey } from '../wire/gen/tocsin.ts'
import { toRootKey } from './build-registry.ts'
import { DAY_MS } from './doc-fields.ts'
import { kemKeyIdOf, SUITE_XWING } from './kem-key.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { KEY_STATUS, nodeIdentity, popInput, USE } from './node-key.ts'
import type { RootKeyRecord } from './root-key.ts'

/** The keys of an INNER node, opened, so that each can prove itself. */
export interface InnerNodeKeys {
  readonly sign: Ed25519Signer
  readonly mldsa44Pk: Uint8Array
  readonly witness: Ed25519Signer
  readonly peer: Ed25519Signer
}

export interface NationDraft {
  readonly allianceId: AllianceId
  readonly nation: NationId
  /** The document that this one follows; undefined for version 1. */
  readonly prev: Pick<ParsedNationDoc, 'version' | 'hash'> | undefined
  readonly issuedMs: number
  /** At most 400. */
  readonly validDays: number
  readonly rootThreshold: number
  readonly roots: readonly RootKeyRecord[]
  /** Every node of the document before, too. */
  readonly nodes: readonly NodeKey[]
  readonly kems: readonly KemKey[]
  readonly bounds: readonly LogBound[]
  readonly contacts: readonly Contact[]
}

/** The bytes of a nation document, to be signed by a threshold of its roots and of those before. */
export function buildNationDoc(draft: NationDraft): Uint8Array {
  return encode(NationDoc, {
    allianceId: draft.allianceId,
    nation: draft.nation,
    version: (draft.prev?.version ?? 0) + 1,
    prevHash: draft.prev === undefined ? EMPTY : fromHex(draft.prev.hash),
    issuedMs: draft.issuedMs,
    expiresMs: draft.issuedMs + draft.validDays * DAY_MS,
    rootThreshold: draft.rootThreshold,
    roots: draft.roots.map(toRootKey),
    nodes: draft.nodes,
    kems: draft.kems.toSorted((a, b) => a.fromMs - b.fromMs),
    bounds: draft.bounds,
    contacts: draft.contacts,
  })
}

/** An active node that opens, signs and cosigns. Addresses are multiaddrs without /p2p. */
export function buildInnerNode(
  allianceId: AllianceId,
  nation: NationId,
  keys: InnerNodeKeys,
  addresses: readonly string[],
): NodeKey {
  const bare: NodeKey = {
    ...NO_NODE,
    signPk: keys.sign.publicKey,
    mldsa44Pk: keys.mldsa44Pk,
    witnessPk: keys.witness.publicKey,
    peerPk: keys.peer.publicKey,
    addresses,
    use: USE.INNER,
  }
  const input = popInput(allianceId, nation, nodeIdentity(bare))
  return {
    ...bare,
    signPop: keys.sign.sign(input),
    witnessPop: keys.witness.sign(input),
    peerPop: keys.peer.sign(input),
  }
}

/** An active node that relays and stores ciphertext, and has nothing but a peer key. */
export function buildEdgeNode(
  allianceId: AllianceId,
  nation: NationId,
  peer: Ed25519Signer,
  addresses: readonly string[],
): NodeKey {
  const bare: NodeKey = { ...NO_NODE, peerPk: peer.publicKey, addresses, use: USE.EDGE }
  return { ...bare, peerPop: peer.sign(popInput(allianceId, nation, nodeIdentity(bare))) }
}

/** X-Wing keys with windows of `windowDays` that follow each other from `fromMs` on, one a public key. */
export function buildKemKeys(publicKeys: readonly Uint8Array[], fromMs: number, windowDays: number): KemKey[] {
  const windowMs = windowDays * DAY_MS
  return publicKeys.map((pk, i) => ({
    keyId: kemKeyIdOf(SUITE_XWING, pk),
    suite: SUITE_XWING,
    pk,
    fromMs: fromMs + i * windowMs,
    untilMs: fromMs + (i + 1) * windowMs,
    status: KEY_STATUS.ACTIVE,
  }))
}

const NO_NODE: NodeKey = {
  signPk: EMPTY,
  mldsa44Pk: EMPTY,
  witnessPk: EMPTY,
  peerPk: EMPTY,
  addresses: [],
  status: KEY_STATUS.ACTIVE,
  use: 0,
  signPop: EMPTY,
  witnessPop: EMPTY,
  peerPop: EMPTY,
}
