import { randomBytes } from 'node:crypto'
import type { AllianceId } from '../../src/base/ids.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import type { NodeKeys } from '../../src/crypto/node-key-file.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { buildInnerNode, buildKemKeys } from '../../src/registry/build-nation.ts'
import type { Bound } from '../../src/registry/doc-fields.ts'
import type { ParsedNationDoc } from '../../src/registry/nation-doc.ts'
import { type NationChange, planNation } from '../../src/registry/next-nation.ts'
import { DOC_TYPE, encodeSignedDoc, parseSignedDoc, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { type NodeKey, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import type { Member, RunningNode } from './node-alliance.ts'

/** What nations and governors do while a member is away: new keys, new addresses, new registry versions. */

const DAY_MS = 86_400_000
const VALID_DAYS = 365
const KEM_WINDOW_DAYS = 300

export interface Changed {
  readonly member: Member
  /** The nation's next SignedDoc. */
  readonly document: Uint8Array
}

/** The member with every key of its node new, at `address`, and its document; its old logs stand up to `bounds`. */
export function rotateNode(
  allianceId: AllianceId,
  member: Member,
  before: ParsedNationDoc,
  { address, issuedMs, bounds }: { address: string; issuedMs: number; bounds: readonly Bound[] },
): Changed {
  const keys: NodeKeys = {
    nation: member.nation,
    createdMs: issuedMs,
    peerSeed: randomBytes(32),
    inner: { signSeed: randomBytes(32), witnessSeed: randomBytes(32), mldsa44Seed: randomBytes(32) },
  }
  const rotated = { ...member, keys, address }
  return renewNation(rotated, before, issuedMs, [
    { kind: 'retire-node', node: before.nodes.at(-1)!.identityHex, bounds },
    { kind: 'add-node', node: nodeOf(allianceId, rotated) },
  ])
}

/** The member's next document with a KEM key more, whose window follows the last, and whatever else changes. */
export function renewNation(
  member: Member,
  before: ParsedNationDoc,
  issuedMs: number,
  changes: readonly NationChange[] = [],
): Changed {
  const fromMs = Math.max(...before.kems.map(kem => kem.untilMs))
  const seed = randomBytes(32)
  const kems = buildKemKeys([createXWingKey(seed).publicKey], fromMs, KEM_WINDOW_DAYS)
  const times = { issuedMs, validDays: VALID_DAYS }
  const { docBytes } = planNation(before, [...changes, { kind: 'add-kems', kems }], times)
  const document = encodeSignedDoc(signDoc(DOC_TYPE.NATION, before.allianceId, docBytes, [member.root]))
  const untilMs = fromMs + KEM_WINDOW_DAYS * DAY_MS
  return { member: { ...member, kemKeys: [...member.kemKeys, { seed, fromMs, untilMs }] }, document }
}

export function nodeOf(allianceId: AllianceId, { nation, keys, address }: Member): NodeKey {
  const inner = keys.inner!
  const signers = {
    sign: createEd25519Signer(inner.signSeed),
    witness: createEd25519Signer(inner.witnessSeed),
    mldsa44Pk: createMlDsa44Signer(inner.mldsa44Seed).publicKey,
    peer: createEd25519Signer(keys.peerSeed),
  }
  return buildInnerNode(allianceId, nation, signers, [address])
}

/** The next version of a registry (SignedDoc bytes), signed by all of `governors`. */
export function nextRegistry(
  allianceId: AllianceId,
  before: Uint8Array,
  governors: readonly RootSigner[],
  issuedMs: number,
  change: (message: RegistryDoc) => Partial<RegistryDoc> = () => ({}),
): Uint8Array {
  const signed = parseSignedDoc(before)
  const message = decodeLoose(RegistryDoc, signed.docBytes, false)
  const docBytes = encode(RegistryDoc, {
    ...message,
    allianceId,
    version: message.version + 1,
    prevHash: signed.hash,
    issuedMs,
    expiresMs: issuedMs + VALID_DAYS * DAY_MS,
    ...change(message),
  })
  return encodeSignedDoc(signDoc(DOC_TYPE.REGISTRY, allianceId, docBytes, governors))
}

/** How far a node's own log stands, under a checkpoint of its own: what its nation binds it to when the key goes. */
export async function boundOf({ node }: RunningNode): Promise<Bound> {
  await node.checkpoint()
  const { logId } = node.ownLog.current()!
  const { size, root } = node.book.newestCheckpoint(logId)!.checkpoint
  return { logId, size, root }
}
