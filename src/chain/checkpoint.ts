import { fromHex } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import type { AllianceId, LogId } from '../base/ids.ts'
import { checkpointOrigin, openCheckpoint, signCheckpoint } from '../crypto/checkpoint.ts'
import { checkEd25519Cosignature, cosignEd25519 } from '../crypto/cosignature.ts'
import { encodeSignatureLine, type NoteSignature, parseSignatureLine } from '../crypto/signed-note.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'
import { COSIGNATURE_LINE_BYTES_MAX, NOTE_BYTES_MAX } from '../wire/limits.ts'
import type { LogIdentity } from './genesis.ts'
import type { TreeHead } from './tree-head.ts'
import { namePrefix, witnessName } from './witness-note.ts'

declare const verified: unique symbol

/** A tree head that the author of the log has signed. Made in this file alone. */
export interface VerifiedCheckpoint extends TreeHead {
  readonly logId: LogId
  /** The note as it travels: three lines, an empty one, the author's signature. */
  readonly note: Uint8Array
  /** What witnesses sign: the three lines. */
  readonly text: string
  readonly [verified]: true
}

export interface VerifiedCosignature {
  readonly witnessPk: Uint8Array
  /** POSIX time that the witness gives. */
  readonly timeSeconds: number
  /** The signature line, without its newline. */
  readonly line: Uint8Array
}

/**
 * Verifies an author's checkpoint of `log`. The author's is its only line: cosignatures travel one by one.
 * Throws ProtocolError `note-malformed`, `checkpoint-malformed`, `signature-invalid` or `wire-too-large`.
 */
export function verifyCheckpoint(note: Uint8Array, log: LogIdentity, allianceId: AllianceId): VerifiedCheckpoint {
  assertProtocol(note.length <= NOTE_BYTES_MAX, 'wire-too-large', `a note of ${note.length} bytes`)
  const { head, text, signatures } = openCheckpoint(note, checkpointOrigin(allianceId, log.logId), log.signPk)
  assertProtocol(
    signatures.length === 1,
    'checkpoint-malformed',
    'a checkpoint travels with the one line of its author',
  )
  assertProtocol(head.size > 0, 'checkpoint-malformed', 'a log has no checkpoint before its GENESIS')
  return { logId: log.logId, size: head.size, root: head.root, note, text } as VerifiedCheckpoint
}

/** The note of a log's tree, signed by its key. */
export function buildCheckpointNote(
  allianceId: AllianceId,
  logId: LogId,
  { size, root }: TreeHead,
  signer: Ed25519Signer,
): Uint8Array {
  return signCheckpoint({ origin: checkpointOrigin(allianceId, logId), size, root }, signer)
}

/** A cosignature line of type 0x04 without its newline. What it states is; that it is true is the caller's care. */
export function buildCosignature(
  allianceId: AllianceId,
  checkpoint: VerifiedCheckpoint,
  witness: Ed25519Signer,
  timeSeconds: number,
): Uint8Array {
  const name = witnessName(allianceId, witness.publicKey)
  return encodeSignatureLine(cosignEd25519(checkpoint.text, name, witness, timeSeconds))
}

/** The key that a cosignature line says it is by: for sorting out unknown witnesses before anything is verified. */
export function parseWitnessKey(line: Uint8Array, allianceId: AllianceId): Uint8Array {
  return witnessKeyOf(parseLine(line), allianceId)
}

/** Verifies one cosignature line over a checkpoint. Whether that witness counts is the quorum's question. */
export function verifyCosignature(
  line: Uint8Array,
  checkpoint: VerifiedCheckpoint,
  allianceId: AllianceId,
): VerifiedCosignature {
  const parsed = parseLine(line)
  const witnessPk = witnessKeyOf(parsed, allianceId)
  const check = checkEd25519Cosignature(checkpoint.text, { name: parsed.name, publicKey: witnessPk }, parsed)
  if (check.kind === 'valid') return { witnessPk, timeSeconds: check.timeSeconds, line }
  throw new ProtocolError('cosignature-invalid', 'a cosignature does not verify under the key that it names')
}

function parseLine(line: Uint8Array): NoteSignature {
  assertProtocol(line.length <= COSIGNATURE_LINE_BYTES_MAX, 'wire-too-large', `a cosignature of ${line.length} bytes`)
  return parseSignatureLine(line)
}

function witnessKeyOf({ name }: NoteSignature, allianceId: AllianceId): Uint8Array {
  const prefix = `${namePrefix(allianceId)}witness/`
  const key = name.slice(prefix.length)
  assertProtocol(
    name.startsWith(prefix) && /^[0-9a-f]{64}$/.test(key),
    'cosignature-invalid',
    'the name of a cosignature is not that of a witness of this alliance',
  )
  return fromHex(key)
}
