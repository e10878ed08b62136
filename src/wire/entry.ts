import { concat, equalBytes, u8, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { labelledHash, sha256 } from '../base/hash.ts'
import type { AllianceId, Hash, LogId } from '../base/ids.ts'
import { parseHash, parseLogId } from '../base/ids.ts'
import { decodeLoose, encode } from './codec.ts'
import { EntryHeader, Envelope } from './gen/tocsin.ts'
import { BODY_BYTES_MAX, ENVELOPE_BYTES_MAX, HEADER_BYTES_MAX, SIGNATURE_BYTES } from './limits.ts'
import { assertLength, assertLengthOrEmpty, decodeStrict } from './strict.ts'

export const HEADER_VERSION = 1
export const KIND = { GENESIS: 1, BATCH: 2, KEY_GRANT: 3, TOMBSTONE: 4, CLOSE: 5, COMPLAINT: 6 } as const

/** One envelope that has the right form. Nothing is known yet of its signature, its log or its place in it. */
export interface ParsedEntry {
  readonly header: EntryHeader
  readonly headerBytes: Uint8Array
  readonly signature: Uint8Array
  /** Empty where the body was pruned, erased or left out. */
  readonly body: Uint8Array
  readonly logId: LogId
  readonly prev: Hash
  /** `SHA256(0x00 || header || signature)`, R-2.2. */
  readonly leaf: Hash
}

/** Parses the bytes of an Envelope. Throws ProtocolError `wire-*`, or `entry-body-mismatch`. */
export function parseEnvelope(bytes: Uint8Array): ParsedEntry {
  return parseEntry(decodeStrict(Envelope, bytes, ENVELOPE_BYTES_MAX))
}

export function parseEntry(envelope: Envelope): ParsedEntry {
  assertLength(envelope.signature, SIGNATURE_BYTES, 'signature')
  const header = parseHeader(envelope.header)
  if (envelope.body.length > 0) assertBodyFits(header, envelope.body)
  return {
    header,
    headerBytes: envelope.header,
    signature: envelope.signature,
    body: envelope.body,
    logId: parseLogId(header.logId),
    prev: parseHash(header.prev, 'prev'),
    leaf: leafOf(envelope.header, envelope.signature),
  }
}

/**
 * Parses a header. Version 1 must be canonical to the byte; of a later version only the frozen fields are read and
 * checked, and whatever else it carries stays in the bytes.
 */
export function parseHeader(bytes: Uint8Array): EntryHeader {
  const header = decodeHeader(bytes)
  assertLength(header.logId, 32, 'log_id')
  assertLength(header.prev, 32, 'prev')
  assertLength(header.bodyHash, 32, 'body_hash')
  assertLengthOrEmpty(header.epochId, 16, 'epoch_id')
  assertLengthOrEmpty(header.salt, 32, 'salt')
  if (header.bodyLen > BODY_BYTES_MAX) {
    throw new ProtocolError('wire-too-large', `the header announces a body of ${header.bodyLen} bytes`)
  }
  return header
}

function decodeHeader(bytes: Uint8Array): EntryHeader {
  if (bytes.length > HEADER_BYTES_MAX) {
    throw new ProtocolError(
      'wire-too-large',
      `header of ${bytes.length} bytes; at most ${HEADER_BYTES_MAX} are allowed`,
    )
  }
  let header: EntryHeader
  try {
    header = decodeLoose(EntryHeader, bytes, true)
  } catch (cause) {
    throw new ProtocolError('wire-undecodable', 'EntryHeader cannot be decoded', { cause })
  }
  if (header.version < HEADER_VERSION) throw new ProtocolError('wire-field-range', 'header version 0')
  // What the lenient decoder skipped or mended is missing here; the strict one says what it was.
  if (header.version > HEADER_VERSION || equalBytes(encode(EntryHeader, header), bytes)) return header
  return decodeStrict(EntryHeader, bytes, HEADER_BYTES_MAX)
}

function assertBodyFits(header: EntryHeader, body: Uint8Array): void {
  if (body.length !== header.bodyLen || !equalBytes(sha256(body), header.bodyHash)) {
    throw new ProtocolError('entry-body-mismatch', 'the body is not the one that the header names')
  }
}

export function leafOf(header: Uint8Array, signature: Uint8Array): Hash {
  return sha256(concat(u8(0), header, signature))
}

const SIGNATURE_LABEL = utf8('tocsin/entry/v1\0')

/** What the sign key signs: `"tocsin/entry/v1\0" || alliance_id || SHA256(header)`, R-2.2. */
export function entrySignatureInput(allianceId: AllianceId, headerBytes: Uint8Array): Uint8Array {
  return concat(SIGNATURE_LABEL, allianceId, sha256(headerBytes))
}

/** */
export function logIdOf(allianceId: AllianceId, genesisBody: Uint8Array): LogId {
  return parseLogId(labelledHash('tocsin/log/v1', allianceId, genesisBody))
}

export function encodeEnvelope(entry: Pick<ParsedEntry, 'headerBytes' | 'signature' | 'body'>): Uint8Array {
  return encode(Envelope, { header: entry.headerBytes, signature: entry.signature, body: entry.body })
}
