import { equalBytes } from '../base/bytes.ts'
import { kindOf } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type AllianceId, isNationId } from '../base/ids.ts'
import { addDocument, addDocuments } from '../registry/add-document.ts'
import { buildDirectory, type Directory } from '../registry/directory.ts'
import { docHashHex } from '../registry/doc-fields.ts'
import { documentStandings } from '../registry/document-standing.ts'
import { type EvidenceSet, emptyEvidence, findDocument, validDocs } from '../registry/evidence.ts'
import { type Pin, type RegistryState, registryState } from '../registry/registry-state.ts'
import { DOC_TYPE, type ParsedSignedDoc, parseSignedDoc } from '../registry/signed-doc.ts'
import { isClaimed, type TrustClaim } from '../registry/trust-claim.ts'
import { fingerprint, type Trust, trustOf } from '../registry/trust-string.ts'
import { decodeLoose } from '../wire/codec.ts'
import { NationDoc, RegistryDoc } from '../wire/gen/tocsin.ts'
import type { Finding, FindingBook } from './finding.ts'

/** What the documents of a file prove, each verified anew from registry version 1 on. */
export interface AuditDocuments {
  readonly evidence: EvidenceSet
  readonly state: RegistryState
  readonly directory: Directory
  /** The registry in force contains what the auditor was told out of band. */
  readonly trusted: boolean
}

/** Undefined where there is no registry to judge anything by; the findings say why. */
export function judgeAuditDocuments(
  signedDocs: readonly Uint8Array[],
  allianceId: AllianceId,
  claim: TrustClaim | undefined,
  { add }: FindingBook,
): AuditDocuments | undefined {
  const documents = parseDocuments(signedDocs, add)
  const evidence = addDocuments(emptyEvidence(allianceId), documents)
  for (const signed of documents) reportUntaken(evidence, signed, add)
  const pin = claim && pinOf(evidence, claim)
  const state = registryState(evidence, pin === undefined ? [] : [pin])
  if (state === undefined) {
    add(NO_FOUNDING)
    return undefined
  }
  const directory = buildDirectory(evidence, state)
  reportBranches(evidence, state, directory, add)
  reportPins(evidence, directory, add)
  return { evidence, state, directory, trusted: reportTrust(claim, pin, evidence, state, add) }
}

type Add = FindingBook['add']

function parseDocuments(signedDocs: readonly Uint8Array[], add: Add): ParsedSignedDoc[] {
  return signedDocs.flatMap((bytes, i) => {
    try {
      return [parseSignedDoc(bytes)]
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      add({
        code: error.code,
        verdict: 'false',
        sentence: `Document ${i + 1} of the file cannot be read: ${error.message}.`,
      })
      return []
    }
  })
}

/** Of a document that the others do not make valid. */
function reportUntaken(evidence: EvidenceSet, signed: ParsedSignedDoc, add: Add): void {
  if (findDocument(evidence, docHashHex(signed.hash)) !== undefined) return
  const { outcome } = addDocument(evidence, signed)
  const title = titleOf(signed)
  if (outcome.kind === 'refused') {
    const verdict = kindOf(outcome.code) === 'unknown' ? 'missing' : 'false'
    add({ code: outcome.code, verdict, ...title.place, sentence: `${title.name} does not hold: ${outcome.reason}.` })
    return
  }
  const isUnbound = signed.type === DOC_TYPE.NATION && title.place.version === 1
  const lacking = isUnbound
    ? 'no registry that holds names the root keys of its nation'
    : `version ${title.place.version - 1} is not in the file, or does not hold`
  add({
    code: isUnbound ? 'nation-unbound' : 'doc-parent-unknown',
    verdict: 'missing',
    ...title.place,
    sentence: `${title.name} cannot be judged: ${lacking}.`,
  })
}

/** For people; a document that cannot be read has version 0. */
function titleOf({ type, docBytes }: ParsedSignedDoc) {
  try {
    if (type === DOC_TYPE.REGISTRY) {
      const { version } = decodeLoose(RegistryDoc, docBytes, true)
      return { name: `Registry version ${version}`, place: { version } }
    }
    const { nation, version } = decodeLoose(NationDoc, docBytes, true)
    const place = isNationId(nation) ? { nation, version } : { version }
    return { name: `Version ${version} of the document of ${isNationId(nation) ? nation : 'a nation'}`, place }
  } catch {
    return { name: 'A document', place: { version: 0 } }
  }
}

const NO_FOUNDING: Finding = {
  code: 'alliance-incomplete',
  verdict: 'missing',
  version: 1,
  sentence: 'The registry version 1 that founds the alliance is not in the file, so that no key in it can be judged.',
}

/** Documents of one place: who signed both said two different things. */
function reportBranches(evidence: EvidenceSet, state: RegistryState, directory: Directory, add: Add): void {
  if (state.split !== undefined) {
    const { siblings, signersOfBoth } = state.split
    add({
      code: 'registry-split',
      verdict: 'false',
      version: siblings[0]!.version,
      sentence: `There are ${siblings.length} registries of version ${siblings[0]!.version}, and none of them is preferred. Signed by both sides: ${signersOfBoth.join(', ') || 'nobody'}.`,
    })
  }
  for (const { nation, siblings, overruled } of directory.members()) {
    if (siblings.length > 0) {
      const { version } = siblings[0]!
      const sentence = `${nation} signed ${siblings.length} documents of version ${version}; it stays at the one before.`
      add({ code: 'nation-split', verdict: 'false', nation, version, sentence })
    }
    if (overruled !== undefined) {
      const sentence = `The governors put a document of ${nation} in force that the nation did not sign for.`
      add({ code: 'nation-overruled', verdict: 'note', nation, sentence })
    }
  }
  reportAside(evidence, state, add)
}

function reportAside(evidence: EvidenceSet, state: RegistryState, add: Add): void {
  const standings = documentStandings(evidence, state)
  const isAside = (hash: Parameters<typeof standings.get>[0]) => (standings.get(hash) ?? 'aside') === 'aside'
  for (const { doc } of evidence.registries.values()) {
    if (!isAside(doc.hash)) continue
    const sentence = `A registry of version ${doc.version} is valid and not in force: another branch is.`
    add({ code: 'audit-document-aside', verdict: 'note', version: doc.version, sentence })
  }
  for (const { nation, version, hash } of [...evidence.nations.values()].flatMap(validDocs)) {
    if (!isAside(hash)) continue
    const sentence = `A document of ${nation} of version ${version} is valid and not in force: another branch is.`
    add({ code: 'audit-document-aside', verdict: 'note', nation, version, sentence })
  }
}

/** The governors saw a document of each nation: it must be here. */
function reportPins(evidence: EvidenceSet, { registry }: Directory, add: Add): void {
  for (const { nation, pin } of registry.nations.values()) {
    if (pin === undefined || evidence.nations.get(nation)?.nodes.has(pin.hash) === true) continue
    add({
      code: 'nation-doc-missing',
      verdict: 'missing',
      nation,
      version: pin.version,
      sentence: `Registry version ${registry.version} names version ${pin.version} of the document of ${nation}, which is not in the file.`,
    })
  }
}

function pinOf(evidence: EvidenceSet, claim: TrustClaim): Pin | undefined {
  const trusts = [...evidence.registries.values()].map(({ doc }) => trustOf(doc))
  const meant = trusts.find(trust => isClaimed(claim, trust))
  return meant && { version: meant.version, hash: meant.hash, from: 'operator' }
}

/** the walk must arrive at what was confirmed out of band. */
function reportTrust(
  claim: TrustClaim | undefined,
  pin: Pin | undefined,
  evidence: EvidenceSet,
  state: RegistryState,
  add: Add,
): boolean {
  const inForce = trustOf(state.inForce)
  if (claim === undefined) {
    const sentence = `Nothing was given to hold the registry against: everything is judged under ${nameOf(inForce)}.`
    add({ code: 'trust-unconfirmed', verdict: 'missing', version: inForce.version, sentence })
    return false
  }
  if (pin !== undefined && state.chain[pin.version - 1]?.hash === pin.hash) return true
  const ahead = aheadOf(claim, evidence, inForce)
  if (ahead !== undefined) {
    const { version } = ahead
    const sentence = `The registry that the file proves ends at version ${inForce.version}; the one that was confirmed is version ${version}.`
    add({ code: 'alliance-incomplete', verdict: 'missing', version, sentence })
    return false
  }
  const expected = claim.kind === 'string' ? nameOf(claim.trust) : claim.text
  add({
    code: 'registry-fingerprint-mismatch',
    verdict: 'false',
    version: inForce.version,
    sentence: `The registry of the file is ${nameOf(inForce)}; the one that was confirmed is ${expected}. It is another alliance, another branch, or the file ends before that version.`,
  })
  return false
}

/** What was confirmed, where the walk ended before it: by a trust string, or since it stands in the file unproved. */
function aheadOf(claim: TrustClaim, { waitingRegistries }: EvidenceSet, inForce: Trust): Trust | undefined {
  const waiting = waitingRegistries.map(({ doc }) => trustOf(doc)).find(trust => isClaimed(claim, trust))
  if (waiting !== undefined || claim.kind === 'spoken') return waiting
  const { trust } = claim
  return equalBytes(trust.allianceId, inForce.allianceId) && inForce.version < trust.version ? trust : undefined
}

function nameOf(trust: Trust): string {
  return `${fingerprint(trust)} (version ${trust.version})`
}
