import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { concernedNations, describeNationChange, describeRegistryChange } from './describe-change.ts'
import type { DocHashHex } from './doc-fields.ts'
import { type DocumentStanding, documentStandings } from './document-standing.ts'
import { type EvidenceSet, validDocs } from './evidence.ts'
import type { NationNode } from './nation-walk.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import type { RegistryState } from './registry-state.ts'
import type { RootKeyRecord } from './root-key.ts'
import type { NationStep, SignedNationDoc } from './verify-nation.ts'
import type { ValidRegistryDoc } from './verify-registry.ts'

/** One document of an alliance and what it changed. Times are milliseconds since the Unix epoch, ids and hashes hex. */
export interface StoryStep {
  readonly document: 'registry' | 'nation'
  /** Whose document it is; empty for a registry. */
  readonly nation: string
  readonly version: number
  readonly hash: DocHashHex
  readonly issuedMs: number
  readonly expiresMs: number
  readonly standing: DocumentStanding
  readonly signers: readonly StorySigner[]
  /** As `describeRegistryChange` says it, against the document that this one builds on. */
  readonly changes: readonly string[]
  /** Nations to which it makes a difference. */
  readonly concerns: readonly NationId[]
}

/** A key whose signature counts. */
export interface StorySigner {
  readonly nation: string
  readonly key: 'primary' | 'recovery' | 'root'
  readonly keyId: string
}

/**
 * Every valid document, branches that are not in force too, in the order of cause: each after those that it builds on,
 * a nation's document before the registry version that pins it, and else as they are dated.
 */
export function tellStory(set: EvidenceSet, state: RegistryState): readonly StoryStep[] {
  const standings = documentStandings(set, state)
  const standing = (hash: DocHashHex) => standings.get(hash) ?? 'aside'
  const registries = [...set.registries.values()].map(({ doc }) => doc).sort(byVersion)
  const nations = [...set.nations.values()].flatMap(validDocs).sort(byVersion)
  const places = placesOf(registries, nations)
  const steps = [
    ...registries.map(doc => registryStep(doc, set, standing(doc.hash))),
    ...nations.map(doc => nationStep(set.nations.get(doc.nation)!.nodes.get(doc.hash)!, set, standing(doc.hash))),
  ]
  return steps.sort((a, b) => comparePlaces(places.get(a.hash)!, places.get(b.hash)!) || (a.hash < b.hash ? -1 : 1))
}

/** When a document can have taken effect at the earliest, and how many led to it: in this order a cause comes first. */
interface Place {
  readonly fromMs: number
  readonly depth: number
}

function placesOf(
  registries: readonly ValidRegistryDoc[],
  nations: readonly SignedNationDoc[],
): ReadonlyMap<DocHashHex, Place> {
  const places = new Map<DocHashHex, Place>()
  const put = (hash: DocHashHex, issuedMs: number, causes: readonly (DocHashHex | undefined)[]) => {
    const before = causes.flatMap(cause => (cause && places.get(cause)) ?? [])
    places.set(hash, {
      fromMs: Math.max(issuedMs, ...before.map(place => place.fromMs)),
      depth: 1 + Math.max(0, ...before.map(place => place.depth)),
    })
  }
  const [founding] = registries
  if (founding !== undefined) put(founding.hash, founding.issuedMs, [])
  for (const doc of nations) put(doc.hash, doc.issuedMs, [doc.prevHash ?? founding?.hash])
  for (const doc of registries.slice(1)) {
    const pinned = [...doc.nations.values()].map(({ pin }) => pin?.hash)
    put(doc.hash, doc.issuedMs, [doc.prevHash, ...pinned])
  }
  return places
}

function comparePlaces(a: Place, b: Place): number {
  return a.fromMs - b.fromMs || a.depth - b.depth
}

function byVersion(a: { readonly version: number }, b: { readonly version: number }): number {
  return a.version - b.version
}

function registryStep(doc: ValidRegistryDoc, set: EvidenceSet, standing: DocumentStanding): StoryStep {
  const before = doc.prevHash && set.registries.get(doc.prevHash)?.doc
  return {
    document: 'registry',
    nation: '',
    ...headOf(doc, standing),
    signers: governorSigners(before, doc),
    changes: describeRegistryChange(before, doc),
    concerns: concernedNations(before, doc),
  }
}

function nationStep({ doc, step }: NationNode, set: EvidenceSet, standing: DocumentStanding): StoryStep {
  const before = doc.prevHash && set.nations.get(doc.nation)?.nodes.get(doc.prevHash)?.doc
  return {
    document: 'nation',
    nation: doc.nation,
    ...headOf(doc, standing),
    signers: rootSigners([...(before?.roots ?? []), ...doc.roots], doc),
    changes: [...describeNationChange(before, doc), ...describeStep(step)],
    concerns: [doc.nation],
  }
}

/** Of a document that is valid though the nation's keys did not lead to it. */
function describeStep(step: NationStep): string[] {
  switch (step.kind) {
    case 'first':
    case 'next':
      return []
    case 'orphan':
      return ['What it builds on is not here: a pin of the governors makes it stand.']
    case 'reset':
      return ['The roots before did not sign it: a reset or a pin of the governors makes it stand.']
    case 'broken':
      return [
        `ATTENTION: it breaks a rule of its predecessor (${step.code}): only a pin of the governors makes it stand.`,
      ]
  }
}

function headOf(doc: ValidRegistryDoc | SignedNationDoc, standing: DocumentStanding) {
  const { version, hash, issuedMs, expiresMs } = doc
  return { version, hash, issuedMs, expiresMs, standing }
}

/** A key of both councils counts in both, and is named once. */
function governorSigners(before: ParsedRegistryDoc | undefined, doc: ValidRegistryDoc): StorySigner[] {
  const signed = new Set(doc.signed.sigs.map(({ keyId }) => toHex(keyId)))
  const governors = [...(before?.governors ?? []), ...doc.governors]
  const signers = governors.flatMap(({ nation, keys }) =>
    keys.map((key, i): StorySigner => ({ nation, key: i === 0 ? 'primary' : 'recovery', keyId: key.idHex })),
  )
  return [...new Map(signers.map(signer => [signer.keyId, signer])).values()].filter(({ keyId }) => signed.has(keyId))
}

function rootSigners(roots: readonly RootKeyRecord[], { nation, signed }: SignedNationDoc): StorySigner[] {
  const ids = new Set(signed.sigs.map(({ keyId }) => toHex(keyId)))
  const known = new Set(roots.map(({ idHex }) => idHex))
  return [...known].filter(id => ids.has(id)).map(keyId => ({ nation, key: 'root', keyId }))
}
