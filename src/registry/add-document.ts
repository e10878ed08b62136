import { ProtocolError } from '../base/errors.ts'
import { addNation, settleNations } from './add-nation.ts'
import { addRegistry } from './add-registry.ts'
import type { Added, EvidenceSet } from './evidence.ts'
import { DOC_TYPE, type ParsedSignedDoc } from './signed-doc.ts'

/** Verifies a document and adds it. The set that comes out depends on the documents alone, not on their order. */
export function addDocument(set: EvidenceSet, signed: ParsedSignedDoc): Added {
  try {
    if (signed.type === DOC_TYPE.NATION) return addNation(set, signed)
    const added = addRegistry(set, signed)
    const settled = settleNations(added.set)
    return { ...added, set: settled.set, changed: [...added.changed, ...settled.changed] }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { set, outcome: { kind: 'refused', code: error.code, reason: error.message }, changed: [] }
  }
}

/** Adds many, in any order, such as those of a store or a file. What cannot be judged at the end waits in the set. */
export function addDocuments(set: EvidenceSet, docs: Iterable<ParsedSignedDoc>): EvidenceSet {
  let next = set
  for (const doc of docs) next = addDocument(next, doc).set
  return next
}
