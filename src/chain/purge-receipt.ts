import { compareBytes, fromBase64, fromHex, toBase64 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, type Hash, type LogId, logIdHex, parseHash, parseLogId } from '../base/ids.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'
import { buildWitnessNote, namePrefix, openWitnessNote, parseNumberLine, parseStatement } from './witness-note.ts'

/**
 * A node's word that it has destroyed the ciphertext and what it had opened of an erased entry, as a note under
 * its witness key. Nobody can show that another kept no copy: it is a statement of whoever signs it.
 */
export interface PurgeReceipt {
  /** What was destroyed. */
  readonly target: EntryPlaceOf
  /** Of its header. */
  readonly bodyHash: Hash
  /** The TOMBSTONE by which it was. */
  readonly tombstone: EntryPlaceOf
  /** POSIX time that the node gives. */
  readonly timeSeconds: number
}

export interface VerifiedPurgeReceipt extends PurgeReceipt {
  readonly witnessPk: Uint8Array
  readonly note: Uint8Array
}

interface EntryPlaceOf {
  readonly logId: LogId
  readonly seq: number
}

const LINES = 5

export function buildPurgeReceipt(allianceId: AllianceId, receipt: PurgeReceipt, witness: Ed25519Signer): Uint8Array {
  const { target, bodyHash, tombstone, timeSeconds } = receipt
  const lines = [
    `${originPrefix(allianceId)}${logIdHex(target.logId)}`,
    String(target.seq),
    toBase64(bodyHash),
    `${logIdHex(tombstone.logId)}/${tombstone.seq}`,
    String(timeSeconds),
  ]
  return buildWitnessNote(allianceId, lines.map(line => `${line}\n`).join(''), witness)
}

/**
 * Verifies form and signature. Whose key it is, whether that TOMBSTONE stands and names that entry, and whether the hash
 * is that of its header, are the caller's questions. Throws ProtocolError.
 */
export function verifyPurgeReceipt(note: Uint8Array, allianceId: AllianceId): VerifiedPurgeReceipt {
  const { text, witnessPk } = openWitnessNote(note, allianceId)
  const [origin = '', seq = '', bodyHash = '', tombstone = '', time = ''] = parseStatement(text, LINES)
  const prefix = originPrefix(allianceId)
  const [log = '', at = '', ...rest] = tombstone.split('/')
  if (!origin.startsWith(prefix) || rest.length > 0) throw malformed()
  const receipt: VerifiedPurgeReceipt = {
    target: { logId: logOf(origin.slice(prefix.length)), seq: parseNumberLine(seq) },
    bodyHash: hashOf(bodyHash),
    tombstone: { logId: logOf(log), seq: parseNumberLine(at) },
    timeSeconds: parseNumberLine(time),
    witnessPk,
    note,
  }
  return receipt
}

/** Of two of one nation by one TOMBSTONE the bytewise least stays, so that it is the same whichever came first. */
export function leastReceipt<Receipt extends VerifiedPurgeReceipt>(a: Receipt | undefined, b: Receipt): Receipt {
  return a !== undefined && compareBytes(a.note, b.note) <= 0 ? a : b
}

function originPrefix(allianceId: AllianceId): string {
  return `${namePrefix(allianceId)}erased/`
}

function logOf(text: string): LogId {
  if (!/^[0-9a-f]{64}$/.test(text)) throw malformed()
  return parseLogId(fromHex(text))
}

function hashOf(text: string): Hash {
  try {
    return parseHash(fromBase64(text), 'body_hash')
  } catch {
    throw malformed()
  }
}

function malformed(): ProtocolError {
  return new ProtocolError('note-malformed', 'the statement is no purge receipt')
}
