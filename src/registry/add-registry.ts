import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { AllianceId } from '../base/ids.ts'
import { type DocHashHex, docHashHex } from './doc-fields.ts'
import { type Added, type EvidenceSet, type RegistryNode, SIBLINGS_MAX } from './evidence.ts'
import { applyRegistry } from './nation-history.ts'
import { type ParsedRegistryDoc, parseRegistryDoc } from './registry-doc.ts'
import { isSameSignatures, mergeSignatures, type ParsedSignedDoc } from './signed-doc.ts'
import { type ValidRegistryDoc, verifyRegistryGenesis, verifyRegistryNext } from './verify-registry.ts'
import { trimWaiting, vouchedBy, waitingRegistry } from './waiting.ts'

/** Adds a registry document and those that waited for it. Throws ProtocolError where it is to be refused. */
export function addRegistry(set: EvidenceSet, signed: ParsedSignedDoc): Added {
  const known = set.registries.get(docHashHex(signed.hash))
  if (known !== undefined) return mergeRegistry(set, known, signed)
  const doc = parseRegistryDoc(signed)
  assertOfAlliance(set, doc.allianceId)
  const parent = parentOf(set, doc)
  if (parent === undefined && doc.version > 1) return keepWaiting(set, doc)
  const valid = verify(parent, signed)
  const siblings = [...set.registries.values()].filter(node => node.doc.prevHash === doc.prevHash)
  if (siblings.length >= SIBLINGS_MAX) {
    throw new ProtocolError(
      'doc-siblings-full',
      `${SIBLINGS_MAX} registry documents of version ${doc.version} are here`,
    )
  }
  const changed: DocHashHex[] = []
  return { set: attach(set, valid, changed), outcome: { kind: 'added' }, changed }
}

export function assertOfAlliance(set: EvidenceSet, allianceId: AllianceId): void {
  if (!equalBytes(allianceId, set.allianceId))
    throw new ProtocolError('doc-alliance', 'the document is of another alliance')
}

function parentOf(set: EvidenceSet, doc: ParsedRegistryDoc): ValidRegistryDoc | undefined {
  return doc.prevHash && set.registries.get(doc.prevHash)?.doc
}

function verify(parent: ValidRegistryDoc | undefined, signed: ParsedSignedDoc): ValidRegistryDoc {
  return parent === undefined ? verifyRegistryGenesis(signed) : verifyRegistryNext(parent, signed)
}

/** Puts a valid document in, and after it those that waited for it. */
function attach(set: EvidenceSet, doc: ValidRegistryDoc, changed: DocHashHex[]): EvidenceSet {
  const before = doc.prevHash && set.registries.get(doc.prevHash)?.histories
  const histories = applyRegistry(before ?? new Map(), doc)
  const released = set.waitingRegistries.filter(waiting => waiting.doc.prevHash === doc.hash)
  changed.push(doc.hash)
  const attached: EvidenceSet = {
    ...set,
    registries: new Map(set.registries).set(doc.hash, { doc, histories }),
    waitingRegistries: set.waitingRegistries
      .filter(waiting => waiting.doc.prevHash !== doc.hash)
      .map(waiting => vouchedBy(doc, waiting)),
  }
  return released.reduce((next, waiting) => release(next, waiting.doc, changed), attached)
}

/** What waited and turns out to be refused is dropped; nobody is there to be told. */
function release(set: EvidenceSet, waiting: ParsedRegistryDoc, changed: DocHashHex[]): EvidenceSet {
  try {
    const added = addRegistry(set, waiting.signed)
    changed.push(...added.changed.filter(hash => !changed.includes(hash)))
    return added.set
  } catch (error) {
    if (error instanceof ProtocolError) return set
    throw error
  }
}

function mergeRegistry(set: EvidenceSet, known: RegistryNode, signed: ParsedSignedDoc): Added {
  const duplicate: Added = { set, outcome: { kind: 'duplicate' }, changed: [] }
  const sigs = mergeSignatures(known.doc.signed.sigs, signed.sigs)
  if (isSameSignatures(sigs, known.doc.signed.sigs)) return duplicate
  const doc = verify(parentOf(set, known.doc), { ...known.doc.signed, sigs })
  if (isSameSignatures(doc.signed.sigs, known.doc.signed.sigs)) return duplicate
  const registries = new Map(set.registries).set(doc.hash, { ...known, doc })
  return { set: { ...set, registries }, outcome: { kind: 'merged' }, changed: [doc.hash] }
}

function keepWaiting(set: EvidenceSet, doc: ParsedRegistryDoc): Added {
  const waiting = waitingRegistry(set, doc)
  const isHere = set.waitingRegistries.some(({ copy }) => copy === waiting.copy)
  if (isHere) return { set, outcome: { kind: 'duplicate' }, changed: [] }
  const next = trimWaiting({ ...set, waitingRegistries: [...set.waitingRegistries, waiting] })
  if (!next.waitingRegistries.includes(waiting)) throw waitingFull()
  return { set: next, outcome: { kind: 'waiting', code: 'doc-parent-unknown' }, changed: [] }
}

export function waitingFull(): ProtocolError {
  return new ProtocolError('doc-waiting-full', 'too many documents wait for their predecessors')
}
