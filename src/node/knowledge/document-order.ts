import type { NationId } from '../../base/ids.ts'
import { documentsOf, type EvidenceSet, validDocs } from '../../registry/evidence.ts'
import { DOC_TYPE, type ParsedSignedDoc } from '../../registry/signed-doc.ts'

/**
 * What somebody under a registry version lacks: the registries after it, then the documents of the nation `first`, then
 * those of others, each after those it builds on.
 */
export function documentsFor(set: EvidenceSet, first: NationId, afterVersion: number): readonly ParsedSignedDoc[] {
  const known = new Set<ParsedSignedDoc>()
  for (const { doc } of set.registries.values()) if (doc.version <= afterVersion) known.add(doc.signed)
  const evidence = set.nations.get(first)
  const own = new Set(evidence === undefined ? [] : validDocs(evidence).map(doc => doc.signed))
  const rank = (doc: ParsedSignedDoc) => (doc.type === DOC_TYPE.REGISTRY ? 0 : own.has(doc) ? 1 : 2)
  return documentsOf(set)
    .filter(doc => !known.has(doc))
    .toSorted((a, b) => rank(a) - rank(b))
}
