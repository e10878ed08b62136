import { concat, EMPTY, toHex, u8, utf8 } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { AllianceId, Hash, NationId } from '../base/ids.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { mlDsa44 } from '../crypto/mldsa.ts'
import { encode } from '../wire/codec.ts'
import { NodeKey } from '../wire/gen/tocsin.ts'
import { ADDRESS_LENGTH_MAX, ADDRESSES_MAX, SIGNATURE_BYTES } from '../wire/limits.ts'
import { assertLengthOrEmpty, assertRange } from '../wire/strict.ts'
import { assertCount } from './doc-fields.ts'
import { admitEd25519 } from './root-key.ts'

/** The order is the order of distrust: a key's status never falls. */
export const KEY_STATUS = { ACTIVE: 1, RETIRED: 2, COMPROMISED: 3 } as const
export type KeyStatus = (typeof KEY_STATUS)[keyof typeof KEY_STATUS]
export const USE = { INNER: 1, EDGE: 2 } as const
export type Use = (typeof USE)[keyof typeof USE]

/** One node of a nation. An EDGE node has a peer key and nothing else. */
export interface NodeRecord {
  /** SHA-256 of the NodeKey without proofs, addresses and status: what makes it this node. */
  readonly identity: Hash
  readonly identityHex: string
  readonly status: KeyStatus
  readonly use: Use
  readonly addresses: readonly string[]
  /** Each is undefined without its proof of possession: such a key counts for nothing. */
  readonly signPk: Uint8Array | undefined
  readonly witnessPk: Uint8Array | undefined
  readonly peerPk: Uint8Array | undefined
  /** Bound to the node by the proof of `signPk`; undefined without it. */
  readonly mldsa44Pk: Uint8Array | undefined
  /** Every Ed25519 key it names, proved or not. */
  readonly named: readonly Uint8Array[]
}

const POP_LABEL = utf8('tocsin/pop/v1\0')

/**
 * What each key of a node signs to show that it is the nation's own:
 * `"tocsin/pop/v1\0" || alliance_id || u8 length || nation || SHA256(NodeKey with pops, addresses and status empty)`.
 */
export function popInput(allianceId: AllianceId, nation: NationId, identity: Hash): Uint8Array {
  const name = utf8(nation)
  return concat(POP_LABEL, allianceId, u8(name.length), name, identity)
}

export function nodeIdentity(node: NodeKey): Hash {
  const bare = { ...node, addresses: [], status: 0, signPop: EMPTY, witnessPop: EMPTY, peerPop: EMPTY }
  return sha256(encode(NodeKey, bare))
}

/** Checks form and keys, and drops the keys that come without their proof. Throws `wire-*`, `nation-node-form`, `key-invalid`. */
export function parseNode(node: NodeKey, allianceId: AllianceId, nation: NationId): NodeRecord {
  assertRange(node.status, KEY_STATUS.ACTIVE, KEY_STATUS.COMPROMISED, 'status of a node')
  assertRange(node.use, USE.INNER, USE.EDGE, 'use of a node')
  assertAddresses(node.addresses)
  assertForm(node)
  const named = [node.signPk, node.witnessPk, node.peerPk].filter(key => key.length > 0)
  for (const key of named) admitEd25519(key)
  if (node.mldsa44Pk.length > 0) mlDsa44.assertPublicKey(node.mldsa44Pk)
  const identity = nodeIdentity(node)
  const input = popInput(allianceId, nation, identity)
  const proved = (key: Uint8Array, pop: Uint8Array) => (verifyEd25519(key, input, pop) ? key : undefined)
  const signPk = proved(node.signPk, node.signPop)
  return {
    identity,
    identityHex: toHex(identity),
    status: node.status as KeyStatus,
    use: node.use as Use,
    addresses: node.addresses,
    signPk,
    witnessPk: proved(node.witnessPk, node.witnessPop),
    peerPk: proved(node.peerPk, node.peerPop),
    mldsa44Pk: signPk && node.mldsa44Pk,
    named,
  }
}

/** a seized edge must not be able to sign, so no document may give it a key to sign with. */
function assertForm(node: NodeKey): void {
  for (const pop of [node.signPop, node.witnessPop, node.peerPop]) assertLengthOrEmpty(pop, SIGNATURE_BYTES, 'proof')
  const edge = node.use === USE.EDGE
  const extra = [node.signPk, node.mldsa44Pk, node.witnessPk, node.signPop, node.witnessPop]
  if (edge && extra.some(field => field.length > 0)) {
    throw new ProtocolError('nation-node-form', 'an EDGE node has a peer key and nothing else')
  }
  const needed = edge ? [node.peerPk] : [node.signPk, node.mldsa44Pk, node.witnessPk, node.peerPk]
  assertProtocol(
    needed.every(field => field.length > 0),
    'nation-node-form',
    'an INNER node has a signing, a witness, a checkpoint and a peer key, an EDGE node a peer key',
  )
}

/** The form that `net` dials; the peer id follows from `peer_pk`, so `/p2p` has no place in it. */
const ADDRESS = /^(?:\/[!-.0-~]+)+$/

function assertAddresses(addresses: readonly string[]): void {
  assertCount(addresses, 0, ADDRESSES_MAX, 'addresses of a node')
  for (const address of addresses) {
    if (address.length > ADDRESS_LENGTH_MAX || !ADDRESS.test(address) || address.includes('/p2p/')) {
      throw new ProtocolError('wire-text', 'an address of a node is no multiaddr without /p2p')
    }
  }
}
