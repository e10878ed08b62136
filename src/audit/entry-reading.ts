import { EMPTY } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { Hash } from '../base/ids.ts'
import { decodeLoose } from '../wire/codec.ts'
import { leafOf, type ParsedEntry, parseEntry } from '../wire/entry.ts'
import { Envelope } from '../wire/gen/tocsin.ts'
import { ENVELOPE_BYTES_MAX, SIGNATURE_BYTES } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'

/** One envelope of a file, and what is wrong with its form. */
export type ReadEntry =
  /** `fault`: the body is not the one that the header names, and is left out. */
  | { readonly kind: 'entry'; readonly entry: ParsedEntry; readonly fault: ProtocolError | undefined }
  /** `leaf`: of its bytes, where header and signature can be told apart: the tree goes on with it. */
  | { readonly kind: 'malformed'; readonly fault: ProtocolError; readonly leaf: Hash | undefined }

export function readEntry(bytes: Uint8Array): ReadEntry {
  try {
    const envelope = decodeStrict(Envelope, bytes, ENVELOPE_BYTES_MAX)
    return readEnvelope(envelope)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { kind: 'malformed', fault: error, leaf: leafIn(bytes) }
  }
}

function readEnvelope(envelope: Envelope): ReadEntry {
  try {
    return { kind: 'entry', entry: parseEntry(envelope), fault: undefined }
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== 'entry-body-mismatch') throw error
    return { kind: 'entry', entry: parseEntry({ ...envelope, body: EMPTY }), fault: error }
  }
}

function leafIn(bytes: Uint8Array): Hash | undefined {
  try {
    const { header, signature } = decodeLoose(Envelope, bytes, true)
    return signature.length === SIGNATURE_BYTES ? leafOf(header, signature) : undefined
  } catch {
    return undefined
  }
}
