import { fromHex, toHex } from '../../src/base/bytes.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { buildDirectory } from '../../src/registry/directory.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { allianceIdOf } from '../../src/registry/registry-doc.ts'
import { registryState } from '../../src/registry/registry-state.ts'
import { parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { tellStory } from '../../src/registry/story.ts'
import type { RegistryVector } from './registry-cases/vector.ts'

/** What the code makes of one vector of the registry: data that can be compared, on node and in a browser. */
export function registryOutcome(vector: RegistryVector, shared: RegistryVector['docs']): unknown {
  const docOf = (name: string) => parseSignedDoc(fromHex(vector.docs[name] ?? shared[name]!))
  const added: unknown[] = []
  let set = emptyEvidence(allianceIdOf(docOf('registry-1').docBytes))
  for (const { doc } of vector.deliver) {
    const { outcome, ...after } = addDocument(set, docOf(doc))
    added.push({ doc, kind: outcome.kind, code: 'code' in outcome ? outcome.code : null })
    set = after.set
  }
  const pins = (vector.pins ?? []).map(({ doc, ...pin }) => ({ ...pin, hash: docHashHex(docOf(doc).hash) }))
  const state = registryState(set, pins)!
  const directory = buildDirectory(set, state)
  return {
    added,
    inForce: state.inForce.hash,
    split: state.split?.signersOfBoth ?? null,
    members: directory.members().map(({ nation, doc, overruled }) => [nation, doc?.hash ?? null, overruled ?? null]),
    pinsAside: directory.pinsAside.map(({ hash }) => hash),
    pinnedOut: directory.pinnedOut?.hash ?? null,
    story: tellStory(set, state),
    allianceId: toHex(set.allianceId),
  }
}
