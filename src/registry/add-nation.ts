import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { assertOfAlliance, waitingFull } from './add-registry.ts'
import { type DocHashHex, docHashHex } from './doc-fields.ts'
import { type Added, type EvidenceSet, type NationEvidence, SIBLINGS_MAX, validDocs } from './evidence.ts'
import type { NationHistory } from './nation-history.ts'
import { type NationNode, type NationNodes, validNationDocs } from './nation-walk.ts'
import { isSameSignatures, mergeSignatures, type ParsedSignedDoc } from './signed-doc.ts'
import {
  checkNationStep,
  countingSignatures,
  countOwnSignatures,
  type SignedNationDoc,
  verifyNationDoc,
} from './verify-nation.ts'
import { signedBytes, trimWaiting } from './waiting.ts'

/**
 * Valid documents of one nation above what a registry pins; an honest one has fewer than a tenth of it. Whoever signs
 * more holds up nobody but itself.
 */
const NATION_BYTES_MAX = 8 * 1024 * 1024

const NO_EVIDENCE: NationEvidence = { nodes: new Map(), valid: new Set() }

/** Adds a nation document. Throws ProtocolError where it is to be refused. */
export function addNation(set: EvidenceSet, signed: ParsedSignedDoc): Added {
  const known = findNode(set, docHashHex(signed.hash))
  const doc = known === undefined ? verifyNationDoc(signed) : withSignatures(known, signed)
  if (doc === undefined) return { set, outcome: { kind: 'duplicate' }, changed: [] }
  assertOfAlliance(set, doc.allianceId)
  const before = set.nations.get(doc.nation) ?? NO_EVIDENCE
  const histories = historiesOf(set, doc.nation)
  const { evidence, changed } = withinRoom(before, withNode(before, doc, histories), histories)
  if (!evidence.nodes.has(doc.hash)) throw crowded(doc)
  const next = { ...set, nations: new Map(set.nations).set(doc.nation, evidence) }
  if (evidence.valid.has(doc.hash)) {
    assertPlace(set, before, doc)
    if (!before.valid.has(doc.hash)) return { set: next, outcome: { kind: 'added' }, changed }
    return { set: next, outcome: { kind: changed.length > 0 ? 'merged' : 'duplicate' }, changed }
  }
  const trimmed = trimWaiting(next)
  if (trimmed.nations.get(doc.nation)?.nodes.has(doc.hash) !== true) throw waitingFull()
  return { set: trimmed, outcome: { kind: 'waiting', code: missing(evidence, doc) }, changed }
}

/** Judges the waiting documents of every nation again, after a registry document was added. */
export function settleNations(set: EvidenceSet): Pick<Added, 'set' | 'changed'> {
  const nations = new Map(set.nations)
  const changed: DocHashHex[] = []
  for (const [nation, before] of set.nations) {
    if (before.valid.size === before.nodes.size) continue
    const valid = validNationDocs(historiesOf(set, nation), before.nodes)
    changed.push(...valid.difference(before.valid))
    nations.set(nation, { ...before, valid })
  }
  return changed.length === 0 ? { set, changed } : { set: { ...set, nations }, changed }
}

function findNode(set: EvidenceSet, hash: DocHashHex): NationNode | undefined {
  for (const { nodes } of set.nations.values()) {
    const node = nodes.get(hash)
    if (node !== undefined) return node
  }
  return undefined
}

/**
 * The known document with the signatures of another copy, or undefined where these add nothing. A copy counts only if
 * it could have come first: else what is valid would depend on the order.
 */
function withSignatures({ doc }: NationNode, copy: ParsedSignedDoc): SignedNationDoc | undefined {
  const sigs = mergeSignatures(doc.signed.sigs, copy.sigs)
  if (isSameSignatures(sigs, doc.signed.sigs)) return undefined
  countOwnSignatures({ ...doc, signed: copy })
  return countOwnSignatures({ ...doc, signed: { ...copy, sigs } })
}

/** Documents that wait do not count: anybody can make those, and so none of them keeps a valid one out. */
function assertPlace(set: EvidenceSet, before: NationEvidence, doc: SignedNationDoc): void {
  const siblings = validDocs(before).filter(({ version, hash }) => version === doc.version && hash !== doc.hash)
  if (siblings.length < SIBLINGS_MAX) return
  const isPinned = historiesOf(set, doc.nation).some(({ pins }) => pins.some(pin => pin.hash === doc.hash))
  if (isPinned) return
  throw new ProtocolError(
    'doc-siblings-full',
    `${SIBLINGS_MAX} documents of ${doc.nation} version ${doc.version} are here`,
  )
}

interface Placed {
  readonly evidence: NationEvidence
  readonly changed: readonly DocHashHex[]
}

/**
 * Without the newly valid documents for which there is no room, the highest versions first. What waits is capped
 * elsewhere; what the governors pinned always has room, and what is below it needs none.
 */
function withinRoom(before: NationEvidence, placed: Placed, histories: readonly NationHistory[]): Placed {
  const { nodes, valid } = placed.evidence
  const pins = histories.flatMap(history => history.pins)
  const pinned = Math.max(0, ...pins.map(pin => pin.version))
  const needsRoom = ({ version, hash }: SignedNationDoc) => version > pinned && !pins.some(pin => pin.hash === hash)
  const held = validDocs(before).filter(needsRoom)
  let bytes = held.reduce((sum, doc) => sum + signedBytes(doc.signed), 0)
  const fresh = validDocs(placed.evidence).filter(doc => !before.valid.has(doc.hash) && needsRoom(doc))
  const dropped = new Set<DocHashHex>()
  for (const { hash, signed } of fresh.sort((a, b) => a.version - b.version || (a.hash < b.hash ? -1 : 1))) {
    bytes += signedBytes(signed)
    if (bytes > NATION_BYTES_MAX) dropped.add(hash)
  }
  if (dropped.size === 0) return placed
  const kept = new Map([...nodes].filter(([hash]) => !dropped.has(hash)))
  return {
    evidence: { nodes: kept, valid: valid.difference(dropped) },
    changed: placed.changed.filter(hash => !dropped.has(hash)),
  }
}

function crowded({ nation }: SignedNationDoc): ProtocolError {
  return new ProtocolError(
    'doc-siblings-full',
    `the documents of ${nation} that no registry has pinned have more than ${NATION_BYTES_MAX} bytes`,
  )
}

/** Places a document among those of its nation: its own step, and those of the documents that follow it. */
function withNode(before: NationEvidence, doc: SignedNationDoc, histories: readonly NationHistory[]): Placed {
  const nodes = new Map(before.nodes)
  for (const each of [doc, ...childrenOf(before.nodes, doc.hash)]) nodes.set(each.hash, nodeOf(each, nodes))
  const valid = validNationDocs(histories, nodes)
  const isChanged = (hash: DocHashHex) => {
    const old = before.valid.has(hash) ? before.nodes.get(hash)! : undefined
    return old === undefined || !isSameSignatures(old.doc.signed.sigs, nodes.get(hash)!.doc.signed.sigs)
  }
  return { evidence: { nodes, valid }, changed: [...valid].filter(isChanged) }
}

function childrenOf(nodes: NationNodes, hash: DocHashHex): SignedNationDoc[] {
  return [...nodes.values()].map(node => node.doc).filter(doc => doc.prevHash === hash)
}

function nodeOf(doc: SignedNationDoc, nodes: NationNodes): NationNode {
  const parent = doc.prevHash && nodes.get(doc.prevHash)?.doc
  const sigs = countingSignatures(parent, doc)
  return { doc: { ...doc, signed: { ...doc.signed, sigs } }, step: checkNationStep(parent, doc) }
}

/** Documents of every line count for, those not in force too. */
function historiesOf(set: EvidenceSet, nation: NationId): readonly NationHistory[] {
  return [...set.registries.values()].flatMap(({ histories }) => histories.get(nation) ?? [])
}

function missing({ nodes, valid }: NationEvidence, doc: SignedNationDoc): ErrorCode {
  const { step } = nodes.get(doc.hash)!
  if (step.kind === 'reset' || step.kind === 'broken') return step.code
  if (step.kind === 'orphan') return 'doc-parent-unknown'
  return step.kind === 'next' && valid.has(doc.prevHash!) ? 'nation-beyond-pin' : 'nation-unbound'
}
