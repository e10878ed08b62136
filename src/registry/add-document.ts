import { ProtocolError } from '../base/errors.ts'
import { decodeLoose } from '../wire/codec.ts'
import { NationDoc, RegistryDoc } from '../wire/gen/tocsin.ts'
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

/** Adds many, in any order, such as those of a store or a file: each after those it builds on, so that few have to wait. */
export function addDocuments(set: EvidenceSet, docs: Iterable<ParsedSignedDoc>): EvidenceSet {
  const ordered = [...docs].sort((a, b) => a.type - b.type || versionOf(a) - versionOf(b))
  return ordered.reduce((next, doc) => addDocument(next, doc).set, set)
}

/** For sorting only: 0 where the document cannot be read, which `addDocument` will find. */
function versionOf({ type, docBytes }: ParsedSignedDoc): number {
  try {
    const { version } =
      type === DOC_TYPE.NATION ? decodeLoose(NationDoc, docBytes, true) : decodeLoose(RegistryDoc, docBytes, true)
    return version
  } catch {
    return 0
  }
}
