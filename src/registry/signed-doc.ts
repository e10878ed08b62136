import { compareBytes, concat, toHex, u8, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Hash } from '../base/ids.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { mlDsa65 } from '../crypto/mldsa.ts'
import { encode } from '../wire/codec.ts'
import { type DocSig, SignedDoc } from '../wire/gen/tocsin.ts'
import { DOC_SIGNATURES_MAX, SIGNATURE_BYTES, SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'
import { assertLength, decodeStrict } from '../wire/strict.ts'
import type { KeyIdHex, RootKeyRecord } from './root-key.ts'

export const DOC_TYPE = { REGISTRY: 1, NATION: 2 } as const
export type DocType = (typeof DOC_TYPE)[keyof typeof DOC_TYPE]

/** A document in its wrapper. Nothing is known yet of what it says or of who signed it. */
export interface ParsedSignedDoc {
  readonly type: DocType
  /** Exactly as received: hashed and signed so. */
  readonly docBytes: Uint8Array
  /** SHA-256 of `docBytes`: what `prev_hash`, pins and trust strings name. */
  readonly hash: Hash
  readonly sigs: readonly DocSig[]
}

/** Both halves of one root key, as kept in an opened key file or made for a test. */
export interface RootSigner {
  readonly key: RootKeyRecord
  /** Ed25519 (64 bytes) and ML-DSA-65 (3309 bytes) signatures over the same input. */
  sign(input: Uint8Array): { readonly ed25519: Uint8Array; readonly mldsa65: Uint8Array }
}

/** Parses a SignedDoc. Throws ProtocolError `wire-*` or `doc-type`. */
export function parseSignedDoc(bytes: Uint8Array): ParsedSignedDoc {
  // documents are kept for long, so their views must not keep the frame that they came in
  const { type, doc, sigs } = decodeStrict(SignedDoc, bytes.slice(), SIGNED_DOC_BYTES_MAX)
  if (!isDocType(type)) {
    throw new ProtocolError('doc-type', `a signed document of type ${type} is not known here`, {
      fix: 'Update this software if others in the alliance can read it.',
    })
  }
  if (sigs.length > DOC_SIGNATURES_MAX) {
    throw new ProtocolError('wire-too-large', `${sigs.length} signatures; at most ${DOC_SIGNATURES_MAX} are allowed`)
  }
  for (const sig of sigs) {
    assertLength(sig.keyId, 32, 'key_id')
    assertLength(sig.ed25519, SIGNATURE_BYTES, 'ed25519')
    assertLength(sig.mldsa65, mlDsa65.signatureBytes, 'mldsa65')
  }
  return { type, docBytes: doc, hash: sha256(doc), sigs }
}

export function encodeSignedDoc(signed: ParsedSignedDoc): Uint8Array {
  return encode(SignedDoc, { type: signed.type, doc: signed.docBytes, sigs: signed.sigs })
}

/** A document that nobody has signed yet. */
export function signedDocOf(type: DocType, docBytes: Uint8Array): ParsedSignedDoc {
  return { type, docBytes, hash: sha256(docBytes), sigs: [] }
}

const INPUT_LABEL = utf8('tocsin/doc/v1\0')
/** Stands for the alliance id that registry v1 cannot contain yet. */
const NO_ALLIANCE = new Uint8Array(32)

/** What both halves sign: `"tocsin/doc/v1\0" || u8 type || alliance_id || SHA256(doc)`, R-1.1. */
function docSignatureInput(type: DocType, allianceIdField: Uint8Array, hash: Hash): Uint8Array {
  return concat(INPUT_LABEL, u8(type), allianceIdField.length === 0 ? NO_ALLIANCE : allianceIdField, hash)
}

/** Signs a document. `allianceIdField` is the field as the document has it, empty in registry v1. */
export function signDoc(
  type: DocType,
  allianceIdField: Uint8Array,
  docBytes: Uint8Array,
  signers: readonly RootSigner[],
): ParsedSignedDoc {
  const hash = sha256(docBytes)
  const input = docSignatureInput(type, allianceIdField, hash)
  const sigs = signers.map(signer => ({ keyId: signer.key.id, ...signer.sign(input) }))
  return { type, docBytes, hash, sigs: sigs.sort(compareSignatures) }
}

/**
 * The signatures of `signed` that hold under one of `keys`, by key id. Everything else in the list is skipped.
 * A key that signed more than once counts once, with the lesser signature, so that every node keeps the same bytes.
 */
export function validSignatures(
  signed: ParsedSignedDoc,
  allianceIdField: Uint8Array,
  keys: readonly RootKeyRecord[],
): ReadonlyMap<KeyIdHex, DocSig> {
  const byId = new Map(keys.map(key => [key.idHex, key]))
  const input = docSignatureInput(signed.type, allianceIdField, signed.hash)
  const valid = new Map<KeyIdHex, DocSig>()
  for (const sig of signed.sigs) {
    const key = byId.get(toHex(sig.keyId) as KeyIdHex)
    if (key === undefined) continue
    const other = valid.get(key.idHex)
    if (other !== undefined && compareSignatures(sig, other) >= 0) continue
    if (bothHalvesVerify(key, input, sig)) valid.set(key.idHex, sig)
  }
  return valid
}

function bothHalvesVerify(key: RootKeyRecord, input: Uint8Array, sig: DocSig): boolean {
  return verifyEd25519(key.edPk, input, sig.ed25519) && mlDsa65.verify(key.mldsa65Pk, input, sig.mldsa65)
}

/** The signatures of both lists, each once, in the order of their bytes. */
export function mergeSignatures(a: readonly DocSig[], b: readonly DocSig[]): readonly DocSig[] {
  const sorted = [...a, ...b].sort(compareSignatures)
  return sorted.filter((sig, i) => i === 0 || compareSignatures(sig, sorted[i - 1]!) !== 0)
}

/** Whether two lists in the order of `mergeSignatures` are the same. */
export function isSameSignatures(a: readonly DocSig[], b: readonly DocSig[]): boolean {
  return a.length === b.length && a.every((sig, i) => compareSignatures(sig, b[i]!) === 0)
}

function compareSignatures(a: DocSig, b: DocSig): number {
  return compareBytes(a.keyId, b.keyId) || compareBytes(a.ed25519, b.ed25519) || compareBytes(a.mldsa65, b.mldsa65)
}

function isDocType(type: number): type is DocType {
  return type === DOC_TYPE.REGISTRY || type === DOC_TYPE.NATION
}
