import { concat, readU64be, u8, u64be, utf8 } from '../base/bytes.ts'
import type { TreeHead } from './checkpoint.ts'
import { verifyEd25519 } from './ed25519.ts'
import { mlDsa44 } from './mldsa.ts'
import {
  NOTE_TYPE_ED25519_COSIGNATURE,
  NOTE_TYPE_MLDSA44_COSIGNATURE,
  type NoteSignature,
  noteKeyId,
} from './signed-note.ts'
import type { Ed25519Signer, MlDsaSigner } from './signer.ts'

/**
 * C2SP cosignatures over checkpoints (https://c2sp.org/tlog-cosignature): type 0x04, Ed25519 over the whole note text,
 * by witnesses; type 0x06, ML-DSA-44 over origin, size and root, by the author.
 */

const TIME_BYTES = 8
const MLDSA_LABEL = utf8('subtree/v1\n\0')

/** A key that a reader knows; where it lives in a document is not a matter of this module. */
export interface Cosigner {
  readonly name: string
  /** 32 bytes for type 0x04, 1312 for 0x06. */
  readonly publicKey: Uint8Array
}

export type CosignatureCheck =
  | { readonly kind: 'valid'; readonly timeSeconds: number }
  /** By another key: to be ignored. */
  | { readonly kind: 'other-key' }
  | { readonly kind: 'invalid' }

/** Type 0x04 over `text`, the whole text of a checkpoint note. `timeSeconds` is POSIX time. */
export function cosignEd25519(text: string, name: string, signer: Ed25519Signer, timeSeconds: number): NoteSignature {
  return {
    name,
    keyId: noteKeyId(name, NOTE_TYPE_ED25519_COSIGNATURE, signer.publicKey),
    signature: concat(u64be(timeSeconds), signer.sign(ed25519Message(text, timeSeconds))),
  }
}

/** Whether `line` is the type 0x04 cosignature of this witness over `text`. */
export function checkEd25519Cosignature(text: string, witness: Cosigner, line: NoteSignature): CosignatureCheck {
  return checkLine(witness, NOTE_TYPE_ED25519_COSIGNATURE, line, (timeSeconds, signature) =>
    verifyEd25519(witness.publicKey, ed25519Message(text, timeSeconds), signature),
  )
}

/** Type 0x06 over a whole tree, by the author's ML-DSA-44 key. */
export function cosignMlDsa44(head: TreeHead, name: string, author: MlDsaSigner, timeSeconds: number): NoteSignature {
  return {
    name,
    keyId: noteKeyId(name, NOTE_TYPE_MLDSA44_COSIGNATURE, author.publicKey),
    signature: concat(u64be(timeSeconds), author.sign(mlDsaMessage(head, name, timeSeconds))),
  }
}

/** Whether `line` is the type 0x06 cosignature of this author over `head`. */
export function checkMlDsa44Cosignature(head: TreeHead, author: Cosigner, line: NoteSignature): CosignatureCheck {
  return checkLine(author, NOTE_TYPE_MLDSA44_COSIGNATURE, line, (timeSeconds, signature) =>
    mlDsa44.verify(author.publicKey, mlDsaMessage(head, author.name, timeSeconds), signature),
  )
}

function checkLine(
  cosigner: Cosigner,
  type: number,
  line: NoteSignature,
  verify: (timeSeconds: number, signature: Uint8Array) => boolean,
): CosignatureCheck {
  if (line.name !== cosigner.name || line.keyId !== noteKeyId(cosigner.name, type, cosigner.publicKey)) {
    return { kind: 'other-key' }
  }
  if (line.signature.length <= TIME_BYTES) return { kind: 'invalid' }
  const timeSeconds = readU64be(line.signature)
  if (!Number.isSafeInteger(timeSeconds)) return { kind: 'invalid' }
  return verify(timeSeconds, line.signature.subarray(TIME_BYTES)) ? { kind: 'valid', timeSeconds } : { kind: 'invalid' }
}

function ed25519Message(text: string, timeSeconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`)
}

/** `cosigned_message` of the specification, for a tree that starts at leaf 0. */
function mlDsaMessage(head: TreeHead, name: string, timeSeconds: number): Uint8Array {
  return concat(
    MLDSA_LABEL,
    shortVector(name),
    u64be(timeSeconds),
    shortVector(head.origin),
    u64be(0),
    u64be(head.size),
    head.root,
  )
}

/** `opaque<1..2^8-1>` of RFC 8446: one byte of length, then the bytes. */
function shortVector(text: string): Uint8Array {
  const bytes = utf8(text)
  if (bytes.length === 0 || bytes.length > 255) throw new RangeError('a cosigned name has 1 to 255 bytes')
  return concat(u8(bytes.length), bytes)
}
