import { fromBase64, toBase64, toHex, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, type Hash, type LogId, logIdHex, parseHash } from '../base/ids.ts'
import { verifyEd25519 } from './ed25519.ts'
import { encodeSignedNote, NOTE_TYPE_ED25519, type NoteSignature, noteKeyId, parseSignedNote } from './signed-note.ts'
import type { Ed25519Signer } from './signer.ts'

/**
 * C2SP tlog-checkpoints (https://c2sp.org/tlog-checkpoint): a Merkle tree head as the text of a signed note.
 * Extension lines, which that document advises against, are refused: a cosignature of type 0x06 would not cover them.
 */

/** Longest origin that a cosignature of type 0x06 can name. */
const ORIGIN_BYTES_MAX = 255

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/

export interface TreeHead {
  readonly origin: string
  readonly size: number
  /** Root hash of the RFC 6962 tree of that size. */
  readonly root: Hash
}

/** The origin of a log's checkpoints, which is also the name of its key. */
export function checkpointOrigin(allianceId: AllianceId, logId: LogId): string {
  return `tocsin/${toHex(allianceId.subarray(0, 8))}/log/${logIdHex(logId)}`
}

/** The three lines of a checkpoint, each with its newline. */
export function buildCheckpoint({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Parses the text of a checkpoint note. Throws `checkpoint-malformed`. */
export function parseCheckpoint(text: string): TreeHead {
  const [origin, size, root, end, ...rest] = text.split('\n')
  if (origin === undefined || size === undefined || root === undefined || end !== '' || rest.length > 0) {
    throw malformed('does not have exactly three lines')
  }
  if (origin === '' || utf8(origin).length > ORIGIN_BYTES_MAX) throw malformed('has no origin of proper length')
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) throw malformed('has a size that is no plain number')
  return { origin, size: Number(size), root: parseRoot(root) }
}

/** A checkpoint note signed by its log (type 0x01), under the origin as key name. */
export function signCheckpoint(head: TreeHead, signer: Ed25519Signer): Uint8Array {
  const text = buildCheckpoint(head)
  const keyId = noteKeyId(head.origin, NOTE_TYPE_ED25519, signer.publicKey)
  const signature = signer.sign(utf8(text))
  return encodeSignedNote({ text, signatures: [{ name: head.origin, keyId, signature }] })
}

export interface OpenedCheckpoint {
  readonly head: TreeHead
  /** What cosigners sign. */
  readonly text: string
  /** All lines of the note, the log's own among them. */
  readonly signatures: readonly NoteSignature[]
}

/**
 * Opens a checkpoint note of the log with this `origin` and sign key. As signed-note asks, the log's signature must be
 * there, and each line under its key must verify. Throws `note-malformed`, `checkpoint-malformed`, `signature-invalid`.
 */
export function openCheckpoint(note: Uint8Array, origin: string, publicKey: Uint8Array): OpenedCheckpoint {
  const { text, signatures } = parseSignedNote(note)
  const head = parseCheckpoint(text)
  if (head.origin !== origin) throw malformed('is of another log')
  const keyId = noteKeyId(origin, NOTE_TYPE_ED25519, publicKey)
  const own = signatures.filter(signature => signature.name === origin && signature.keyId === keyId)
  const signed = utf8(text)
  if (own.length === 0 || !own.every(({ signature }) => verifyEd25519(publicKey, signed, signature))) {
    throw new ProtocolError('signature-invalid', 'the checkpoint is not signed by its log', { data: { origin } })
  }
  return { head, text, signatures }
}

function parseRoot(text: string): Hash {
  try {
    return parseHash(fromBase64(text), 'root')
  } catch {
    throw malformed('has a root that is not the base64 of 32 bytes')
  }
}

function malformed(fault: string): ProtocolError {
  return new ProtocolError('checkpoint-malformed', `the checkpoint ${fault}`)
}
