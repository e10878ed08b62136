import { fromBase64, fromUtf8, toBase64 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'

/**
 * The documents of an alliance as a file to hand on: JSON, so that it survives mail. It proves itself by its
 * signatures and by the trust string that is compared out of band; the file needs no protection.
 */
export interface AllianceFile {
  /** Canonical SignedDocs, registry and nation documents. */
  readonly documents: readonly Uint8Array[]
}

const FORMAT = 'tocsin-alliance/1'
export const ALLIANCE_FILE_BYTES_MAX = 64 * 1024 * 1024
const DOCUMENTS_MAX = 20_000

export function encodeAllianceFile({ documents }: AllianceFile): string {
  return `${JSON.stringify({ format: FORMAT, documents: documents.map(toBase64) }, null, 1)}\n`
}

/** Throws UserError `alliance-file-malformed`. What the documents say is judged when they are added. */
export function parseAllianceFile(bytes: Uint8Array): AllianceFile {
  if (bytes.length > ALLIANCE_FILE_BYTES_MAX) throw malformed(`has ${bytes.length} bytes`)
  let json: unknown
  try {
    json = JSON.parse(fromUtf8(bytes))
  } catch {
    throw malformed('is no JSON')
  }
  const { format, documents } = (json ?? {}) as { format?: unknown; documents?: unknown }
  if (format !== FORMAT) throw malformed(`is not of the format ${FORMAT}`)
  if (!Array.isArray(documents) || documents.length > DOCUMENTS_MAX) throw malformed('has no list of documents')
  return { documents: documents.map(parseDocument) }
}

function parseDocument(text: unknown): Uint8Array {
  if (typeof text !== 'string' || text.length > SIGNED_DOC_BYTES_MAX * 2)
    throw malformed('has a document that is no text')
  try {
    return fromBase64(text)
  } catch {
    throw malformed('has a document that is not base64')
  }
}

function malformed(what: string): UserError {
  return new UserError('alliance-file-malformed', `this is no alliance file: it ${what}`, {
    fix: 'Ask for the file again; it is what "tocsin alliance found" writes.',
  })
}
