import { ProtocolError } from '../base/errors.ts'

/** SignedDocs of a file, held until all are there, for each may build on any other. */
export interface DocumentList {
  /** Throws ProtocolError `wire-too-large` beyond the caps. */
  add(signedDoc: Uint8Array): void
  readonly all: readonly Uint8Array[]
}

const DOCUMENTS_MAX = 65_536
const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024

export function createDocumentList(): DocumentList {
  const all: Uint8Array[] = []
  let bytes = 0
  return {
    add(signedDoc) {
      bytes += signedDoc.length
      if (bytes > DOCUMENT_BYTES_MAX || all.length >= DOCUMENTS_MAX) {
        throw new ProtocolError('wire-too-large', 'the file holds too many documents')
      }
      all.push(signedDoc)
    },
    all,
  }
}
