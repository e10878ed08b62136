import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { addDocument, addDocuments } from './add-document.ts'
import { docHashHex } from './doc-fields.ts'
import { type EvidenceSet, emptyEvidence, findDocument } from './evidence.ts'
import { allianceIdOf, parseRegistryDoc } from './registry-doc.ts'
import { DOC_TYPE, type ParsedSignedDoc } from './signed-doc.ts'

/** A document of which the others say nothing: it is refused, or what it builds on is not among them. */
export interface UntakenDocument {
  readonly signed: ParsedSignedDoc
  readonly refusal: { readonly code: ErrorCode; readonly reason: string } | undefined
}

/**
 * Verifies the documents of one alliance as a whole: one that is refused, or lacks what it builds on, refuses them all.
 * Throws ProtocolError with its code, or UserError `alliance-incomplete`.
 */
export function openEvidence(documents: readonly ParsedSignedDoc[]): EvidenceSet {
  const { evidence, untaken } = judgeDocuments(documents)
  if (untaken[0] === undefined) return evidence
  const { refusal } = untaken[0]
  if (refusal !== undefined) throw new ProtocolError(refusal.code, refusal.reason)
  throw incomplete('a document is missing that another one builds on, or a nation is not in the registry')
}

/** The documents of one alliance that hold, and those that do not. Throws UserError `alliance-incomplete` without version 1. */
export function judgeDocuments(documents: readonly ParsedSignedDoc[]): {
  readonly evidence: EvidenceSet
  readonly untaken: readonly UntakenDocument[]
} {
  const founding = documents.find(isFounding)
  if (founding === undefined) throw incomplete('the founding document of the alliance is missing')
  const evidence = addDocuments(emptyEvidence(allianceIdOf(founding.docBytes)), documents)
  return { evidence, untaken: documents.flatMap(signed => untakenOf(evidence, signed)) }
}

function untakenOf(evidence: EvidenceSet, signed: ParsedSignedDoc): UntakenDocument[] {
  if (findDocument(evidence, docHashHex(signed.hash)) !== undefined) return []
  const { outcome } = addDocument(evidence, signed)
  return [{ signed, refusal: outcome.kind === 'refused' ? outcome : undefined }]
}

function isFounding(doc: ParsedSignedDoc): boolean {
  return doc.type === DOC_TYPE.REGISTRY && parseRegistryDoc(doc).version === 1
}

function incomplete(message: string): UserError {
  return new UserError('alliance-incomplete', message, { fix: 'Ask for the alliance file again.' })
}
