import { equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { DocSig } from '../wire/gen/tocsin.ts'
import { DOC_SIGNATURES_MAX } from '../wire/limits.ts'
import { type ParsedNationDoc, parseNationDoc } from './nation-doc.ts'
import type { NodeRecord } from './node-key.ts'
import type { KeyIdHex } from './root-key.ts'
import { mergeSignatures, type ParsedSignedDoc, validSignatures } from './signed-doc.ts'

declare const brand: unique symbol

/**
 * A nation document that a threshold of the roots it names has signed. Whether these are the nation's roots is another
 * question, which `nation-walk.ts` answers for a set of documents from the steps that are checked here. Made here only.
 */
export interface SignedNationDoc extends ParsedNationDoc {
  readonly [brand]: 'SignedNationDoc'
  /** Those of its own roots. */
  readonly signatures: ReadonlyMap<KeyIdHex, DocSig>
}

/**
 * How a document stands to the one that its prev_hash names.
 * - `first`: it is version 1 and has none.
 * - `orphan`: the other is not here.
 * - `next`: it follows by the nation's own will, signed by a threshold of the roots of both.
 * - `reset`: it follows, but only its own roots signed: it stands if a registry resets the nation to these.
 * - `broken`: it does not follow, and stands only if a registry pins it.
 */
export type NationStep =
  | { readonly kind: 'first' | 'orphan' | 'next' }
  | { readonly kind: 'reset' | 'broken'; readonly code: ErrorCode }

/** one half: a threshold of vN's own roots. Throws ProtocolError `wire-*`, `doc-*`, `nation-*`, `key-invalid`. */
export function verifyNationDoc(signed: ParsedSignedDoc): SignedNationDoc {
  // every field, alone and together
  return countOwnSignatures(parseNationDoc(signed))
}

/** Distinct root keys are counted, a bad or unknown signature is skipped. Throws ProtocolError `doc-threshold`. */
export function countOwnSignatures(doc: ParsedNationDoc): SignedNationDoc {
  const signatures = validSignatures(doc.signed, doc.allianceId, doc.roots)
  if (signatures.size < doc.rootThreshold) {
    throw new ProtocolError(
      'doc-threshold',
      `version ${doc.version} of ${doc.nation} is signed by ${signatures.size} of its roots; it needs ${doc.rootThreshold}`,
      { data: { version: doc.version, signed: signatures.size, needed: doc.rootThreshold } },
    )
  }
  return { ...doc, signatures } as SignedNationDoc
}

/** other half: the step from v(N-1). `parent` is the document that prev_hash names, where it is here. */
export function checkNationStep(parent: ParsedNationDoc | undefined, doc: SignedNationDoc): NationStep {
  if (doc.version === 1) return { kind: 'first' }
  if (parent === undefined) return { kind: 'orphan' }
  const fault = checkFollows(parent, doc)
  if (fault !== undefined) return { kind: 'broken', code: fault }
  // R-1.2: a threshold of v(N-1)'s roots too
  const signatures = parentSignatures(parent, doc)
  return signatures.size >= parent.rootThreshold ? { kind: 'next' } : { kind: 'reset', code: 'doc-threshold' }
}

/** Whether a document, whoever signs it, may follow `parent`; the code of the rule that it breaks, else undefined. */
export function checkFollows(parent: ParsedNationDoc, doc: ParsedNationDoc): ErrorCode | undefined {
  return (
    // of one alliance and one nation
    checkSameNation(parent, doc) ??
    // exactly the next version
    checkVersion(parent, doc) ??
    // no node key is dropped, none given up returns
    checkKeysKept(parent, doc) ??
    // a bounded log never grows again
    checkBoundsKept(parent, doc)
  )
}

/** What to keep and pass on: once the parent is known, the signatures that count alone. */
export function countingSignatures(parent: ParsedNationDoc | undefined, doc: SignedNationDoc): readonly DocSig[] {
  const own = [...doc.signatures.values()]
  if (parent !== undefined) return mergeSignatures(own, [...parentSignatures(parent, doc).values()])
  if (doc.version === 1) return mergeSignatures(own, [])
  const foreign = doc.signed.sigs.filter(sig => !doc.roots.some(root => equalBytes(root.id, sig.keyId)))
  return mergeSignatures(own, foreign.slice(0, DOC_SIGNATURES_MAX - own.length))
}

function parentSignatures(parent: ParsedNationDoc, doc: SignedNationDoc): ReadonlyMap<KeyIdHex, DocSig> {
  const known = parent.roots.flatMap(({ idHex }) => {
    const sig = doc.signatures.get(idHex)
    return sig === undefined ? [] : [[idHex, sig] as const]
  })
  const unseen = parent.roots.filter(root => !doc.roots.some(own => own.idHex === root.idHex))
  return new Map([...known, ...validSignatures(doc.signed, doc.allianceId, unseen)])
}

function checkSameNation(parent: ParsedNationDoc, doc: ParsedNationDoc): ErrorCode | undefined {
  const same = doc.nation === parent.nation && equalBytes(doc.allianceId, parent.allianceId)
  return same ? undefined : 'nation-other'
}

function checkVersion(parent: ParsedNationDoc, doc: ParsedNationDoc): ErrorCode | undefined {
  return doc.version === parent.version + 1 ? undefined : 'doc-version'
}

/** A key that loses its proof of possession counts for nothing from then on, which is to drop it. */
function checkKeysKept(parent: ParsedNationDoc, doc: ParsedNationDoc): ErrorCode | undefined {
  const kept = new Map(doc.nodes.map(node => [node.identityHex, node]))
  for (const before of parent.nodes) {
    const after = kept.get(before.identityHex)
    if (after === undefined || losesProof(before, after)) return 'nation-key-dropped'
    if (after.status < before.status) return 'nation-key-revived'
  }
  return undefined
}

function losesProof(before: NodeRecord, after: NodeRecord): boolean {
  const pairs = [
    [before.signPk, after.signPk],
    [before.witnessPk, after.witnessPk],
    [before.peerPk, after.peerPk],
  ] as const
  return pairs.some(([had, has]) => had !== undefined && has === undefined)
}

/** The bound of a log may be corrected, not taken back. */
function checkBoundsKept(parent: ParsedNationDoc, doc: ParsedNationDoc): ErrorCode | undefined {
  return [...parent.bounds.keys()].every(log => doc.bounds.has(log)) ? undefined : 'nation-bound-dropped'
}
