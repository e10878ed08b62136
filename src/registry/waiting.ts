import { toHex } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import type { NationId } from '../base/ids.ts'
import type { EvidenceSet, NationEvidence, WaitingRegistry } from './evidence.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import { encodeSignedDoc, type ParsedSignedDoc, validSignatures } from './signed-doc.ts'
import type { SignedNationDoc } from './verify-nation.ts'

/** Documents kept though they cannot be judged yet, since what they build on has not arrived. */
export const WAITING_DOCS_MAX = 256
const WAITING_BYTES_MAX = 16 * 1024 * 1024
/** Of these, documents of one nation, or of the registry: who holds one key crowds out nobody else. */
export const WAITING_DOCS_OF_ONE_MAX = 64

export function waitingRegistry(set: EvidenceSet, doc: ParsedRegistryDoc): WaitingRegistry {
  const councils = [...set.registries.values()].map(node => node.doc)
  return { doc, copy: toHex(sha256(encodeSignedDoc(doc.signed))), isVouched: isSignedByOneOf(councils, doc) }
}

/** The same after one more valid registry document. */
export function vouchedBy(registry: ParsedRegistryDoc, waiting: WaitingRegistry): WaitingRegistry {
  return waiting.isVouched ? waiting : { ...waiting, isVouched: isSignedByOneOf([registry], waiting.doc) }
}

function isSignedByOneOf(councils: readonly ParsedRegistryDoc[], doc: ParsedRegistryDoc): boolean {
  const keys = councils.flatMap(council => council.governors).flatMap(governor => governor.keys)
  return validSignatures(doc.signed, doc.allianceIdField, keys).size > 0
}

/** Who answers for a waiting document, in the order in which the cap keeps them. */
const STANDING = { VOUCHED: 0, NAMED: 1, STRANGE: 2 } as const

interface Waiting {
  readonly nation: NationId | undefined
  readonly standing: number
  readonly version: number
  /** Of the document, or of the copy. */
  readonly name: string
  readonly bytes: number
}

/**
 * The set with the waiting documents that have a place: first those that a key of their nation or a governor signed,
 * then those of nations that a registry names, the lowest versions first. Which these are depends on the documents
 * alone, so that a stranger who sends many keeps nothing needed out, in whatever order they come.
 */
export function trimWaiting(set: EvidenceSet): EvidenceSet {
  const waiting = [...set.nations].flatMap(([nation, evidence]) => waitingOf(set, nation, evidence))
  const all = [...set.waitingRegistries.map(registryWaiting), ...waiting]
  const dropped = new Set(overflow(all.sort(byRank)).map(({ name }) => name))
  if (dropped.size === 0) return set
  const nations = [...set.nations].map(([nation, evidence]) => [nation, without(evidence, dropped)] as const)
  return {
    ...set,
    waitingRegistries: set.waitingRegistries.filter(({ copy }) => !dropped.has(copy)),
    nations: new Map(nations.filter(([, { nodes }]) => nodes.size > 0)),
  }
}

/** What finds no place among better ones. */
function overflow(ranked: readonly Waiting[]): readonly Waiting[] {
  const ofOne = new Map<NationId | undefined, number>()
  const total = { docs: 0, bytes: 0 }
  return ranked.filter(({ nation, bytes }) => {
    const count = (ofOne.get(nation) ?? 0) + 1
    ofOne.set(nation, count)
    if (count > WAITING_DOCS_OF_ONE_MAX) return true
    total.docs += 1
    total.bytes += bytes
    return total.docs > WAITING_DOCS_MAX || total.bytes > WAITING_BYTES_MAX
  })
}

function byRank(a: Waiting, b: Waiting): number {
  return a.standing - b.standing || a.version - b.version || (a.name < b.name ? -1 : 1)
}

function registryWaiting({ doc, copy, isVouched }: WaitingRegistry): Waiting {
  const standing = isVouched ? STANDING.VOUCHED : STANDING.STRANGE
  return { nation: undefined, standing, version: doc.version, name: copy, bytes: signedBytes(doc.signed) }
}

function waitingOf(set: EvidenceSet, nation: NationId, { nodes, valid }: NationEvidence): Waiting[] {
  if (nodes.size === valid.size) return []
  const named = [...set.registries.values()].flatMap(({ doc }) => doc.nations.get(nation)?.roots ?? [])
  const ownRoots = new Set([...valid].flatMap(hash => nodes.get(hash)!.doc.roots.map(root => root.idHex)))
  const isVouched = ({ signatures }: SignedNationDoc) =>
    signatures.keys().some(id => ownRoots.has(id) || named.some(roots => roots.includes(id)))
  return [...nodes.values()]
    .filter(({ doc }) => !valid.has(doc.hash))
    .map(({ doc }) => ({
      nation,
      standing: isVouched(doc) ? STANDING.VOUCHED : named.length > 0 ? STANDING.NAMED : STANDING.STRANGE,
      version: doc.version,
      name: doc.hash,
      bytes: signedBytes(doc.signed),
    }))
}

function without({ nodes, valid }: NationEvidence, dropped: ReadonlySet<string>): NationEvidence {
  return { nodes: new Map([...nodes].filter(([hash]) => !dropped.has(hash))), valid }
}

/** Signatures dominate small documents, so they are counted too. */
export function signedBytes({ docBytes, sigs }: ParsedSignedDoc): number {
  return sigs.reduce((sum, sig) => sum + sig.ed25519.length + sig.mldsa65.length, docBytes.length)
}
