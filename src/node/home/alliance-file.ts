import { fromBase64, toBase64 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { SIGNED_DOC_BYTES_MAX } from '../../wire/limits.ts'
import { parseSharedFile } from './shared-file.ts'

/**
 * The documents of an alliance as a file to hand on: JSON, so that it survives mail. It proves itself by its
 * signatures and by the trust string that is compared out of band; the file needs no protection.
 */
export interface AllianceFile {
  /** Canonical SignedDocs, registry and nation documents. */
  readonly documents: readonly Uint8Array[]
}

const FORMAT = 'tocsin-alliance/1'
/** A large alliance of forty nations fills a third of it in ten years. */
export const ALLIANCE_FILE_BYTES_MAX = 256 * 1024 * 1024
export const ALLIANCE_DOCUMENTS_MAX = 100_000
/** Of a document in base64, with what stands around it. */
const FRAME_BYTES = 8

/** Throws UserError `file-too-large` where nobody could read it. */
export function encodeAllianceFile({ documents }: AllianceFile): string {
  const bytes = documents.reduce((sum, { length }) => sum + Math.ceil(length / 3) * 4 + FRAME_BYTES, 64)
  if (bytes > ALLIANCE_FILE_BYTES_MAX || documents.length > ALLIANCE_DOCUMENTS_MAX) {
    throw new UserError('file-too-large', `an alliance file with ${documents.length} documents and ${bytes} bytes`, {
      fix: 'Some nation has signed far more documents than anybody needs; ask the governors to expel it.',
    })
  }
  return `${JSON.stringify({ format: FORMAT, documents: documents.map(toBase64) }, null, 1)}\n`
}

/** Throws UserError `alliance-file-malformed`, with the `name` of the file. What the documents say is judged when they are added. */
export function parseAllianceFile(bytes: Uint8Array, name: string): AllianceFile {
  const refuse = (what: string) => malformed(name, what)
  if (bytes.length > ALLIANCE_FILE_BYTES_MAX) throw refuse(`has ${bytes.length} bytes`)
  const { documents } = parseSharedFile(bytes, FORMAT, refuse) as { documents?: unknown }
  if (!Array.isArray(documents) || documents.length > ALLIANCE_DOCUMENTS_MAX) throw refuse('has no list of documents')
  return { documents: documents.map(text => parseDocument(text, refuse)) }
}

function parseDocument(text: unknown, refuse: (what: string) => UserError): Uint8Array {
  if (typeof text !== 'string' || text.length > SIGNED_DOC_BYTES_MAX * 2) throw refuse('has a document that is no text')
  try {
    return fromBase64(text)
  } catch {
    throw refuse('has a document that is not base64')
  }
}

function malformed(name: string, what: string): UserError {
  return new UserError('alliance-file-malformed', `${name} is no alliance file: it ${what}`, {
    fix: 'Ask for the file again; it is what "tocsin alliance found", "assemble" or "invite" writes.',
  })
}
