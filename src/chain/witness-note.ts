import { fromHex, toHex, utf8 } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import type { AllianceId } from '../base/ids.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { encodeSignedNote, NOTE_TYPE_ED25519, noteKeyId, parseSignedNote } from '../crypto/signed-note.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'

/**
 * What a node states by itself, as C2SP signed notes under its witness key (type 0x01). Their texts begin with `tocsin/`,
 * what it signs of checkpoints with `cosignature/`: neither can be taken for the other.
 */

/** A statement has a few short lines. */
const NOTE_BYTES_MAX = 2048

export interface WitnessNote {
  readonly text: string
  readonly witnessPk: Uint8Array
}

/** The name on a witness's lines: it holds the key, so that a line is checkable before one knows whose key it is. */
export function witnessName(allianceId: AllianceId, witnessPk: Uint8Array): string {
  return `${namePrefix(allianceId)}witness/${toHex(witnessPk)}`
}

/** What the text of a statement, and the name of a key, begin with. */
export function namePrefix(allianceId: AllianceId): string {
  return `tocsin/${toHex(allianceId.subarray(0, 8))}/`
}

export function buildWitnessNote(allianceId: AllianceId, text: string, witness: Ed25519Signer): Uint8Array {
  const name = witnessName(allianceId, witness.publicKey)
  const keyId = noteKeyId(name, NOTE_TYPE_ED25519, witness.publicKey)
  return encodeSignedNote({ text, signatures: [{ name, keyId, signature: witness.sign(utf8(text)) }] })
}

/** Verifies a note of exactly one line. Whose key it is, is the caller's question. Throws ProtocolError. */
export function openWitnessNote(note: Uint8Array, allianceId: AllianceId): WitnessNote {
  assertProtocol(note.length <= NOTE_BYTES_MAX, 'wire-too-large', `a statement of ${note.length} bytes`)
  const { text, signatures } = parseSignedNote(note)
  const [line, ...further] = signatures
  const key = line?.name.slice(witnessName(allianceId, new Uint8Array(0)).length) ?? ''
  const isWitness = /^[0-9a-f]{64}$/.test(key) && line?.name === witnessName(allianceId, fromHex(key))
  assertProtocol(line !== undefined && further.length === 0 && isWitness, 'note-malformed', 'a statement of no witness')
  const witnessPk = fromHex(key)
  const keyId = noteKeyId(line.name, NOTE_TYPE_ED25519, witnessPk)
  if (line.keyId === keyId && verifyEd25519(witnessPk, utf8(text), line.signature)) return { text, witnessPk }
  throw new ProtocolError('signature-invalid', 'a statement is not signed by the witness that it names')
}

/** The lines of a text, which are exactly `count`. Throws `note-malformed`. */
export function parseStatement(text: string, count: number): readonly string[] {
  const lines = text.split('\n')
  const end = lines.pop()
  assertProtocol(end === '' && lines.length === count, 'note-malformed', `a statement has ${count} lines`)
  return lines
}

const WHOLE = /^(?:0|[1-9][0-9]{0,15})$/

/** Throws `note-malformed`. */
export function parseNumberLine(line: string): number {
  const value = Number(line)
  assertProtocol(WHOLE.test(line) && Number.isSafeInteger(value), 'note-malformed', 'a number of a statement is none')
  return value
}
