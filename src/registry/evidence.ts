import type { ErrorCode } from '../base/codes.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import type { DocHashHex } from './doc-fields.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import type { NationHistories } from './nation-history.ts'
import type { NationNode, NationNodes } from './nation-walk.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import type { ParsedSignedDoc } from './signed-doc.ts'
import type { ValidRegistryDoc } from './verify-registry.ts'

/** Whoever signs more documents in the place of one than this holds up nobody but itself. */
export const SIBLINGS_MAX = 16

export interface RegistryNode {
  readonly doc: ValidRegistryDoc
  /** What the versions up to this one say of each nation. */
  readonly histories: NationHistories
}

export interface NationEvidence {
  readonly nodes: NationNodes
  /** The other nodes wait. */
  readonly valid: ReadonlySet<DocHashHex>
}

/** A registry document whose predecessor is not here. Nothing is known of who signed it, but for `isVouched`. */
export interface WaitingRegistry {
  readonly doc: ParsedRegistryDoc
  /** Tells copies with different signatures apart: which of them holds is not known yet. */
  readonly copy: string
  /** A governor of some valid registry document signed it. */
  readonly isVouched: boolean
}

/** All documents of one alliance that were found valid, and a few that wait. Immutable: `addDocument` gives the next. */
export interface EvidenceSet {
  readonly allianceId: AllianceId
  readonly registries: ReadonlyMap<DocHashHex, RegistryNode>
  readonly nations: ReadonlyMap<NationId, NationEvidence>
  /** As they came; they are verified when their parent arrives. */
  readonly waitingRegistries: readonly WaitingRegistry[]
}

export type AddOutcome =
  | { readonly kind: 'added' }
  /** A known document with signatures that were not known. */
  | { readonly kind: 'merged' }
  | { readonly kind: 'duplicate' }
  /** Kept until what it builds on arrives; `code` says what is missing. */
  | { readonly kind: 'waiting'; readonly code: ErrorCode }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }

export interface Added {
  readonly set: EvidenceSet
  readonly outcome: AddOutcome
  /** Valid documents that were not valid before or now have other signatures: what to store and pass on. */
  readonly changed: readonly DocHashHex[]
}

export function emptyEvidence(allianceId: AllianceId): EvidenceSet {
  return { allianceId, registries: new Map(), nations: new Map(), waitingRegistries: [] }
}

/** The valid documents, each after those it builds on: in this order a newcomer adds them without one having to wait. */
export function documentsOf(set: EvidenceSet): readonly ParsedSignedDoc[] {
  const registries: ParsedRegistryDoc[] = [...set.registries.values()].map(node => node.doc)
  const nations: ParsedNationDoc[] = [...set.nations.values()].flatMap(validDocs)
  return [...registries.sort(byVersion), ...nations.sort(byVersion)].map(doc => doc.signed)
}

type Versioned = Pick<ParsedRegistryDoc, 'version' | 'hash'>

function byVersion(a: Versioned, b: Versioned): number {
  return a.version - b.version || (a.hash < b.hash ? -1 : 1)
}

/** A valid document by its hash. */
export function findDocument(set: EvidenceSet, hash: DocHashHex): ParsedSignedDoc | undefined {
  const registry = set.registries.get(hash)
  if (registry !== undefined) return registry.doc.signed
  for (const { nodes, valid } of set.nations.values()) if (valid.has(hash)) return nodes.get(hash)?.doc.signed
  return undefined
}

export function validDocs({ nodes, valid }: NationEvidence): NationNode['doc'][] {
  return [...valid].map(hash => nodes.get(hash)!.doc)
}
