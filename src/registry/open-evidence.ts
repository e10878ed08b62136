import { ProtocolError, UserError } from '../base/errors.ts'
import { addDocument, addDocuments } from './add-document.ts'
import { docHashHex } from './doc-fields.ts'
import { type EvidenceSet, emptyEvidence, findDocument } from './evidence.ts'
import { allianceIdOf, parseRegistryDoc } from './registry-doc.ts'
import { DOC_TYPE, type ParsedSignedDoc } from './signed-doc.ts'

/**
 * Verifies the documents of one alliance as a whole: one that is refused, or lacks what it builds on, refuses them all.
 * Throws ProtocolError with its code, or UserError `alliance-incomplete`.
 */
export function openEvidence(documents: readonly ParsedSignedDoc[]): EvidenceSet {
  const founding = documents.find(isFounding)
  if (founding === undefined) throw incomplete('the founding document of the alliance is missing')
  const evidence = addDocuments(emptyEvidence(allianceIdOf(founding.docBytes)), documents)
  for (const doc of documents) assertTaken(evidence, doc)
  return evidence
}

function isFounding(doc: ParsedSignedDoc): boolean {
  return doc.type === DOC_TYPE.REGISTRY && parseRegistryDoc(doc).version === 1
}

function assertTaken(evidence: EvidenceSet, doc: ParsedSignedDoc): void {
  if (findDocument(evidence, docHashHex(doc.hash)) !== undefined) return
  const { outcome } = addDocument(evidence, doc)
  if (outcome.kind === 'refused') throw new ProtocolError(outcome.code, outcome.reason)
  throw incomplete('a document is missing that another one builds on, or a nation is not in the registry')
}

function incomplete(message: string): UserError {
  return new UserError('alliance-incomplete', message, { fix: 'Ask for the alliance file again.' })
}
