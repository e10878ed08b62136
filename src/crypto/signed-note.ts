import { concat, fromBase64, fromUtf8, readU32be, toBase64, u8, u32be, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'

/** C2SP signed notes (https://c2sp.org/signed-note): a text, an empty line, and signature lines. */

const NOTE_TEXT_BYTES_MAX = 4096
/** What we write; Go's `note.Open` stops at 100. */
const NOTE_LINES_WRITTEN_MAX = 64
const NOTE_LINES_READ_MAX = 100
/** A post-quantum line of type 0x06 has about 3,300 characters. */
const NOTE_LINE_BYTES_MAX = 4096
const NOTE_BYTES_MAX = NOTE_TEXT_BYTES_MAX + 1 + NOTE_LINES_READ_MAX * NOTE_LINE_BYTES_MAX

export const NOTE_TYPE_ED25519 = 0x01
export const NOTE_TYPE_ED25519_COSIGNATURE = 0x04
export const NOTE_TYPE_MLDSA44_COSIGNATURE = 0x06

const LINE_START = '\u2014 '
/** U+0000 to U+001F but for the newline. */
const CONTROL_CHARACTER = /[^\P{Cc}\n\u007f-\u009f]/u
const KEY_NAME = /^[^\p{White_Space}+]+$/u

export interface NoteSignature {
  readonly name: string
  /** The four bytes that, with the name, say which key made the signature, as a number. */
  readonly keyId: number
  /** What follows the key id; its form hangs on the type of the key. */
  readonly signature: Uint8Array
}

export interface SignedNote {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** SHA-256(name || 0x0A || type || public key), the first four bytes. */
export function noteKeyId(name: string, type: number, publicKey: Uint8Array): number {
  return readU32be(sha256(concat(utf8(`${name}\n`), u8(type), publicKey)))
}

/** Parses a whole note; verifies nothing. Throws `note-malformed`. */
export function parseSignedNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > NOTE_BYTES_MAX) throw malformed('is too large')
  const note = decodeText(bytes)
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) throw malformed('has no signatures')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2, -1).split('\n')
  if (utf8(text).length > NOTE_TEXT_BYTES_MAX) throw malformed('has too long a text')
  if (lines.length > NOTE_LINES_READ_MAX) throw malformed('has too many signatures')
  return { text, signatures: lines.map(parseLine) }
}

/** Throws `note-malformed` where the text or a name cannot stand in a note, or the caps are passed. */
export function encodeSignedNote(note: SignedNote): Uint8Array {
  const { text, signatures } = note
  if (!text.endsWith('\n') || CONTROL_CHARACTER.test(text)) throw malformed('has a text that cannot be signed')
  if (utf8(text).length > NOTE_TEXT_BYTES_MAX) throw malformed('has too long a text')
  if (signatures.length === 0) throw malformed('has no signatures')
  if (signatures.length > NOTE_LINES_WRITTEN_MAX) throw malformed('has too many signatures')
  return utf8(`${text}\n${signatures.map(signature => `${formatLine(signature)}\n`).join('')}`)
}

/** One signature line without its newline, as cosignatures travel (R-2.8). Throws `note-malformed`. */
export function parseSignatureLine(bytes: Uint8Array): NoteSignature {
  if (bytes.length > NOTE_LINE_BYTES_MAX) throw malformed('has too long a signature line')
  return parseLine(decodeText(bytes))
}

export function encodeSignatureLine(signature: NoteSignature): Uint8Array {
  return utf8(formatLine(signature))
}

function decodeText(bytes: Uint8Array): string {
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    throw malformed('is not UTF-8')
  }
  if (CONTROL_CHARACTER.test(text)) throw malformed('contains a control character')
  return text
}

function parseLine(line: string): NoteSignature {
  const [name, encoded, ...rest] = line.slice(LINE_START.length).split(' ')
  if (!line.startsWith(LINE_START) || name === undefined || encoded === undefined || rest.length > 0) {
    throw malformed('has a line that is no signature')
  }
  if (!KEY_NAME.test(name)) throw malformed('has a signature without a proper key name')
  const decoded = decodeBase64(encoded)
  if (decoded.length < 5) throw malformed('has a signature that is too short')
  return { name, keyId: readU32be(decoded), signature: decoded.subarray(4) }
}

function formatLine({ name, keyId, signature }: NoteSignature): string {
  if (!KEY_NAME.test(name)) throw malformed('has a signature without a proper key name')
  return `${LINE_START}${name} ${toBase64(concat(u32be(keyId), signature))}`
}

function decodeBase64(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw malformed('has a signature that is not canonical base64')
  }
}

function malformed(fault: string): ProtocolError {
  return new ProtocolError('note-malformed', `the signed note ${fault}`)
}
