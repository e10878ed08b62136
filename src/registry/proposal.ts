import { toHex } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import type { Hash } from '../base/ids.ts'
import type { DocSig } from '../wire/gen/tocsin.ts'
import {
  type Council,
  type CouncilStanding,
  checkCouncil,
  governorsOf,
  hasSigned,
  keysOf,
  rootsOf,
  seatsOfKey,
} from './council.ts'
import { DAY_MS, docHashHex } from './doc-fields.ts'
import { type EvidenceSet, validDocs } from './evidence.ts'
import { type ParsedNationDoc, parseNationDoc } from './nation-doc.ts'
import { openEvidence } from './open-evidence.ts'
import { type ParsedRegistryDoc, parseRegistryDoc } from './registry-doc.ts'
import { registryState } from './registry-state.ts'
import type { KeyIdHex } from './root-key.ts'
import {
  DOC_TYPE,
  type DocType,
  mergeSignatures,
  type ParsedSignedDoc,
  signedDocOf,
  validSignatures,
} from './signed-doc.ts'
import type { Trust } from './trust-string.ts'
import { checkFollows } from './verify-nation.ts'
import { assertFollows } from './verify-registry.ts'

/** From `issued_ms` of the draft on; that stands in the signed bytes, so nobody can stretch it. */
const PROPOSAL_DAYS = 30
/** How far the clock of a machine without a network may be behind that of the author. */
const CLOCK_BEHIND_MS_MAX = DAY_MS

/** A document that is to be signed at several places. */
export interface Proposal {
  readonly type: DocType
  readonly docBytes: Uint8Array
  /** Those gathered so far. */
  readonly sigs: readonly DocSig[]
  /** The documents of the alliance that it builds on, so that it can be judged without a network; none at a founding. */
  readonly base: readonly ParsedSignedDoc[]
}

export type ProposedChange =
  | {
      readonly type: typeof DOC_TYPE.REGISTRY
      /** Undefined at a founding. */
      readonly before: ParsedRegistryDoc | undefined
      readonly after: ParsedRegistryDoc
    }
  | {
      readonly type: typeof DOC_TYPE.NATION
      /** Undefined for the first document of the nation. */
      readonly before: ParsedNationDoc | undefined
      readonly after: ParsedNationDoc
    }

/** A proposal that was verified, but for the signatures that are still missing. */
export interface OpenProposal {
  readonly proposal: Proposal
  /** With the signatures that count alone. */
  readonly draft: ParsedSignedDoc
  readonly change: ProposedChange
  /** Of `base`; undefined at a founding. */
  readonly evidence: EvidenceSet | undefined
  /** Of each of these a threshold must sign. */
  readonly councils: readonly CouncilStanding[]
  readonly isComplete: boolean
}

/** What one signer hands back. */
export interface ProposalSignature {
  readonly type: DocType
  readonly docHash: Hash
  readonly sig: DocSig
}

/** `again`: the seat has signed already, and counts once. `name` is that of its seat. */
export type SignatureOutcome = { readonly kind: 'added' | 'again'; readonly name: string }

export function draftOf(type: DocType, docBytes: Uint8Array, base: readonly ParsedSignedDoc[]): Proposal {
  return { type, docBytes, sigs: [], base }
}

/**
 * Verifies the base as a whole, and that the draft may follow it. Throws UserError `proposal-expired`,
 * `proposal-outdated` or `alliance-incomplete`, and ProtocolError where nobody would accept the document.
 */
export function openProposal(proposal: Proposal, nowMs: number): OpenProposal {
  const { type, docBytes, sigs, base } = proposal
  const evidence = base.length === 0 ? undefined : openEvidence(base)
  const draft: ParsedSignedDoc = { ...signedDocOf(type, docBytes), sigs }
  const { change, councils } =
    type === DOC_TYPE.REGISTRY ? openRegistryDraft(draft, evidence) : openNationDraft(draft, evidence)
  assertInTime(change.after.issuedMs, change.before?.issuedMs ?? 0, nowMs)
  if (evidence !== undefined && !isReset(change, councils)) assertCurrent(change, evidence)
  return withSignatures({ proposal, draft, change, evidence, councils })
}

/** Throws UserError `proposal-outdated` where another document already follows the one that the draft builds on. */
export function assertCurrent({ type, after }: ProposedChange, evidence: EvidenceSet): void {
  const docs =
    type === DOC_TYPE.REGISTRY
      ? [...evidence.registries.values()].map(({ doc }) => doc)
      : validDocs(evidence.nations.get(after.nation) ?? { nodes: new Map(), valid: new Set() })
  const other = docs.find(doc => doc.prevHash === after.prevHash && doc.hash !== after.hash)
  if (other === undefined) return
  throw new UserError('proposal-outdated', `another version ${after.version} is in force already`, {
    fix: 'Make the proposal anew, at a place that holds the documents of today.',
    data: { version: after.version, proposed: after.hash, other: other.hash },
  })
}

/**
 * Adds one signature. Throws UserError `signature-other-proposal` or `signature-not-asked`, and ProtocolError
 * `signature-invalid`.
 */
export function addSignature(
  open: OpenProposal,
  { type, docHash, sig }: ProposalSignature,
): { readonly open: OpenProposal; readonly outcome: SignatureOutcome } {
  if (type !== open.draft.type || docHashHex(docHash) !== open.change.after.hash) {
    throw new UserError('signature-other-proposal', 'the signature is for another proposal', {
      fix: 'Ask for a signature under this proposal; its fingerprint is printed before it is signed.',
      data: { signed: toHex(docHash), proposal: open.change.after.hash },
    })
  }
  const seats = seatsOfKey(open.councils, toHex(sig.keyId) as KeyIdHex)
  const [seat] = seats
  if (seat === undefined) {
    throw new UserError('signature-not-asked', 'the signature is by a key that has no say in this proposal', {
      fix: 'Leave it out; "tocsin alliance assemble PROPOSAL" names who is to sign.',
      data: { keyId: toHex(sig.keyId) },
    })
  }
  if (countingSignatures({ ...open.draft, sigs: [sig] }, open).size === 0) {
    throw new ProtocolError('signature-invalid', `the signature of ${seat.name} does not verify`, {
      fix: `Ask ${seat.name} for the file again, or to sign once more: a document may be signed twice.`,
    })
  }
  const before = countingSignatures(open.draft, open)
  const isNew = seats.some(each => !hasSigned(each, before))
  if (!isNew) return { open, outcome: { kind: 'again', name: seat.name } }
  const draft = { ...open.draft, sigs: [...open.draft.sigs, sig] }
  return { open: withSignatures({ ...open, draft }), outcome: { kind: 'added', name: seat.name } }
}

/**
 * The documents of the base with the new one, verified as nodes verify them.
 * Throws UserError `proposal-incomplete`, which names who is missing.
 */
export function completeProposal(open: OpenProposal): EvidenceSet {
  const [council] = open.councils.filter(({ isComplete }) => !isComplete)
  if (council === undefined) return openEvidence([...open.proposal.base, open.draft])
  const { version, threshold, signed, missing } = council
  const names = missing.map(({ name }) => name).join(', ')
  throw new UserError(
    'proposal-incomplete',
    `${signed.length} of ${threshold} who must sign for version ${version} have; ${threshold - signed.length} more of ${names}`,
    {
      fix: 'Gather their signature files, and run "tocsin alliance assemble" with them; those that are here are kept.',
    },
  )
}

/** Names the draft as a trust string does, so that signers compare it by its fingerprint. */
export function proposalTrust({ change: { after } }: OpenProposal): Trust {
  return { allianceId: after.allianceId, version: after.version, hash: after.hash }
}

/** As signs it: empty in registry version 1. */
export function allianceFieldOf({ type, after }: ProposedChange): Uint8Array {
  return type === DOC_TYPE.REGISTRY ? after.allianceIdField : after.allianceId
}

interface Draft<Change extends ProposedChange = ProposedChange> {
  readonly change: Change
  readonly councils: readonly Council[]
}

function openRegistryDraft(draft: ParsedSignedDoc, evidence: EvidenceSet | undefined): Draft {
  const after = parseRegistryDoc(draft)
  if (evidence === undefined) {
    if (after.version !== 1) throw baseMissing(after.version)
    return { change: { type: DOC_TYPE.REGISTRY, before: undefined, after }, councils: [governorsOf(after)] }
  }
  assertOfBase(after, evidence)
  const before = after.prevHash && evidence.registries.get(after.prevHash)?.doc
  if (before === undefined) throw baseMissing(after.version)
  assertFollows(before, after)
  return { change: { type: DOC_TYPE.REGISTRY, before, after }, councils: [governorsOf(before), governorsOf(after)] }
}

function openNationDraft(draft: ParsedSignedDoc, evidence: EvidenceSet | undefined): Draft {
  const after = parseNationDoc(draft)
  if (evidence === undefined) throw baseMissing(after.version)
  assertOfBase(after, evidence)
  const history = registryState(evidence, [])?.histories.get(after.nation)
  const isReset = history?.resets.some(reset => reset.minVersion === after.version && reset.roots === after.rootSet)
  if (after.version === 1) {
    if (isReset !== true && history?.firstRoots.includes(after.rootSet) !== true) {
      throw new ProtocolError(
        'nation-unbound',
        `the registry does not bind ${after.nation} to the roots of this document`,
      )
    }
    return { change: { type: DOC_TYPE.NATION, before: undefined, after }, councils: [rootsOf(after)] }
  }
  const before = after.prevHash && evidence.nations.get(after.nation)?.nodes.get(after.prevHash)?.doc
  if (before === undefined) throw baseMissing(after.version)
  const fault = checkFollows(before, after)
  if (fault !== undefined) {
    throw new ProtocolError(
      fault,
      `version ${after.version} of ${after.nation} may not follow version ${before.version}`,
    )
  }
  // after a reset the new roots alone
  const councils = isReset === true ? [rootsOf(after)] : [rootsOf(before), rootsOf(after)]
  return { change: { type: DOC_TYPE.NATION, before, after }, councils }
}

/** what it replaces has a successor already, which it voids. */
function isReset({ before }: ProposedChange, councils: readonly Council[]): boolean {
  return before !== undefined && councils.length === 1
}

function assertOfBase({ allianceId }: ProposedChange['after'], evidence: EvidenceSet): void {
  if (toHex(allianceId) === toHex(evidence.allianceId)) return
  throw new ProtocolError('doc-alliance', 'the proposal is for another alliance than the documents that it builds on')
}

function baseMissing(version: number): UserError {
  return new UserError('alliance-incomplete', `the document that version ${version} builds on is not in the proposal`, {
    fix: 'Ask for the proposal again.',
  })
}

function assertInTime(issuedMs: number, issuedBeforeMs: number, nowMs: number): void {
  if (issuedMs < issuedBeforeMs) {
    throw new ProtocolError('doc-period', 'the proposal is dated before the version that it follows')
  }
  const dayOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 10)
  if (issuedMs - nowMs > CLOCK_BEHIND_MS_MAX) {
    throw new UserError('clock-skew', `the proposal is dated ${dayOf(issuedMs)}, and here it is ${dayOf(nowMs)}`, {
      fix: 'Set the clock of this machine, or ask for a proposal with the right date.',
    })
  }
  if (nowMs - issuedMs <= PROPOSAL_DAYS * DAY_MS) return
  throw new UserError(
    'proposal-expired',
    `the proposal is of ${dayOf(issuedMs)}; it may be signed for ${PROPOSAL_DAYS} days, and here it is ${dayOf(nowMs)}`,
    { fix: 'Ask for a new proposal; if the date of today is another, set the clock of this machine.' },
  )
}

type Unsigned = Omit<OpenProposal, 'councils' | 'isComplete'> & { readonly councils: readonly Council[] }

function withSignatures(unsigned: Unsigned): OpenProposal {
  const signed = countingSignatures(unsigned.draft, unsigned)
  const councils = unsigned.councils.map(council => checkCouncil(council, signed))
  const draft = { ...unsigned.draft, sigs: mergeSignatures([...signed.values()], []) }
  const proposal = { ...unsigned.proposal, sigs: draft.sigs }
  return { ...unsigned, proposal, draft, councils, isComplete: councils.every(({ isComplete }) => isComplete) }
}

function countingSignatures(draft: ParsedSignedDoc, { change, councils }: Pick<Unsigned, 'change' | 'councils'>) {
  return validSignatures(draft, allianceFieldOf(change), keysOf(councils))
}
