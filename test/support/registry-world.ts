import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { concat, fromHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { type AllianceId, type NationId, parseNationId } from '../../src/base/ids.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { buildInnerNode, buildKemKeys } from '../../src/registry/build-nation.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS, docHashHex } from '../../src/registry/doc-fields.ts'
import { allianceIdOf } from '../../src/registry/registry-doc.ts'
import type { Pin } from '../../src/registry/registry-state.ts'
import { parseRootKey } from '../../src/registry/root-key.ts'
import { DOC_TYPE, type ParsedSignedDoc, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import { encode } from '../../src/wire/codec.ts'
import { type KemKey, NationDoc, NationEntry, type NodeKey, RegistryDoc } from '../../src/wire/gen/tocsin.ts'

/** Deterministic keys and documents of small alliances: the same names give the same bytes on every machine. */

export const T0 = Date.UTC(2026, 0, 1)

export function seed(name: string): Uint8Array {
  return sha256(utf8(`tocsin test key ${name}`))
}

export function edSigner(name: string): Ed25519Signer {
  return createEd25519Signer(seed(`${name} ed25519`))
}

const rootSigners = new Map<string, RootSigner>()

/** Signs deterministically, unlike OpenSSL, which hedges ML-DSA. */
export function rootSigner(name: string): RootSigner {
  const known = rootSigners.get(name)
  if (known !== undefined) return known
  const ed = edSigner(name)
  const mldsa = ml_dsa65.keygen(seed(`${name} ml-dsa-65`))
  const signer: RootSigner = {
    key: parseRootKey({ edPk: ed.publicKey, mldsa65Pk: mldsa.publicKey }),
    sign: input => ({
      ed25519: ed.sign(input),
      mldsa65: ml_dsa65.sign(input, mldsa.secretKey, { extraEntropy: false }),
    }),
  }
  rootSigners.set(name, signer)
  return signer
}

export function nation(text: string): NationId {
  return parseNationId(text)
}

/** An active member with every role but OBSERVE, and one root key, `root AAA`. */
export function entry(id: string, fields: Partial<NationEntry> = {}): NationEntry {
  return {
    ...NationEntry.empty(),
    nation: id,
    label: `Nation ${id}`,
    status: 1,
    roles: [1, 2, 3],
    rootThreshold: 1,
    rootKeyIds: [rootSigner(`root ${id}`).key.id],
    ...fields,
  }
}

/** With the keys `gov AAA` and, where asked for, `recovery AAA`. */
export function governor(id: string, withRecovery = false) {
  return {
    nation: id,
    primary: toRootKey(rootSigner(`gov ${id}`).key),
    recovery: withRecovery ? toRootKey(rootSigner(`recovery ${id}`).key) : undefined,
  }
}

/** Governors AAA, BBB and CCC, two of whom decide; the first has a recovery key. Nations AAA and BBB. */
export function firstRegistry(fields: Partial<RegistryDoc> = {}): RegistryDoc {
  return {
    ...RegistryDoc.empty(),
    format: 1,
    version: 1,
    issuedMs: T0,
    expiresMs: T0 + 365 * DAY_MS,
    threshold: 2,
    governors: [governor('AAA', true), governor('BBB'), governor('CCC')],
    nations: [entry('AAA'), entry('BBB')],
    name: 'Test Alliance',
    ...fields,
  }
}

function allianceOf(first: ParsedSignedDoc): AllianceId {
  return allianceIdOf(first.docBytes)
}

/** The message of the version after `prev`, with the same content but for `fields`. */
export function nextRegistry(
  prev: { readonly message: RegistryDoc; readonly signed: ParsedSignedDoc },
  fields: Partial<RegistryDoc> = {},
): RegistryDoc {
  const { message, signed } = prev
  return {
    ...message,
    allianceId: message.version === 1 ? allianceIdOf(signed.docBytes) : message.allianceId,
    version: message.version + 1,
    prevHash: signed.hash,
    issuedMs: message.issuedMs + DAY_MS,
    expiresMs: message.issuedMs + 366 * DAY_MS,
    ...fields,
  }
}

export interface SignedRegistry {
  readonly message: RegistryDoc
  readonly signed: ParsedSignedDoc
}

export const COUNCIL = ['gov AAA', 'gov BBB'] as const

export function signRegistry(message: RegistryDoc, signers: readonly string[] = COUNCIL): SignedRegistry {
  const docBytes = encode(RegistryDoc, message)
  return { message, signed: signDoc(DOC_TYPE.REGISTRY, message.allianceId, docBytes, signers.map(rootSigner)) }
}

export function foundRegistry(fields: Partial<RegistryDoc> = {}): SignedRegistry & { readonly allianceId: AllianceId } {
  const first = signRegistry(firstRegistry(fields))
  return { ...first, allianceId: allianceOf(first.signed) }
}

export function innerNode(allianceId: AllianceId, id: string, name: string, fields: Partial<NodeKey> = {}): NodeKey {
  const keys = {
    sign: edSigner(`${name} sign`),
    mldsa44Pk: ml_dsa44.keygen(seed(`${name} ml-dsa-44`)).publicKey,
    witness: edSigner(`${name} witness`),
    peer: edSigner(`${name} peer`),
  }
  return { ...buildInnerNode(allianceId, nation(id), keys, ['/ip4/192.0.2.1/tcp/4001']), ...fields }
}

export function kemKeys(id: string, count: number, fromMs = T0): KemKey[] {
  const publicKeys = Array.from({ length: count }, (_, i) => createXWingKey(seed(`kem ${id} ${i}`)).publicKey)
  return buildKemKeys(publicKeys, fromMs, 31)
}

/** Version 1 of a nation: one root, one node, no KEM keys. */
export function firstNation(allianceId: AllianceId, id: string, fields: Partial<NationDoc> = {}): NationDoc {
  return {
    ...NationDoc.empty(),
    allianceId,
    nation: id,
    version: 1,
    issuedMs: T0,
    expiresMs: T0 + 365 * DAY_MS,
    rootThreshold: 1,
    roots: [toRootKey(rootSigner(`root ${id}`).key)],
    nodes: [innerNode(allianceId, id, `node ${id}`)],
    ...fields,
  }
}

export interface SignedNation {
  readonly message: NationDoc
  readonly signed: ParsedSignedDoc
}

export function nextNation(prev: SignedNation, fields: Partial<NationDoc> = {}): NationDoc {
  const { message, signed } = prev
  return {
    ...message,
    version: message.version + 1,
    prevHash: signed.hash,
    issuedMs: message.issuedMs + DAY_MS,
    ...fields,
  }
}

export function signNation(message: NationDoc, signers = [`root ${message.nation}`]): SignedNation {
  const docBytes = encode(NationDoc, message)
  return { message, signed: signDoc(DOC_TYPE.NATION, message.allianceId, docBytes, signers.map(rootSigner)) }
}

export function pinOf({ message, signed }: SignedRegistry, from: Pin['from'] = 'operator'): Pin {
  return { version: message.version, hash: docHashHex(signed.hash), from }
}

/** A point of order 8, canonically encoded. */
export const SMALL_ORDER_KEY = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

/** A copy with one bit of one half of one signature turned. */
export function withBadHalf(signed: ParsedSignedDoc, index: number, half: 'ed25519' | 'mldsa65'): ParsedSignedDoc {
  const sigs = signed.sigs.map((sig, i) => {
    if (i !== index) return sig
    const bytes = concat(sig[half])
    bytes[10]! ^= 1
    return { ...sig, [half]: bytes }
  })
  return { ...signed, sigs }
}
