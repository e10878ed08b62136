import { equalBytes, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type Council, seatsOfKey } from '../../registry/council.ts'
import type { EvidenceSet } from '../../registry/evidence.ts'
import {
  allianceFieldOf,
  assertCurrent,
  type OpenProposal,
  type ProposalSignature,
  type ProposedChange,
} from '../../registry/proposal.ts'
import { registryBaseOf } from '../../registry/registry-base.ts'
import type { ParsedRegistryDoc } from '../../registry/registry-doc.ts'
import { registryState } from '../../registry/registry-state.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import { checkTrust } from '../../registry/trust-string.ts'
import type { HeldAlliance } from '../home/founding-alliance.ts'
import { type OpenKeyFile, type SignOptions, signRecorded } from './founding-keys.ts'

/** The name of the seat that the key speaks for. Throws UserError `key-file-other` where it is not asked for. */
export function seatOfKey(councils: readonly Council[], { path, secrets, signer }: OpenKeyFile): string {
  const [seat] = seatsOfKey(councils, signer.key.idHex)
  if (seat !== undefined) return seat.name
  const names = [...new Set(councils.flatMap(council => council.seats.map(({ name }) => name)))].join(', ')
  throw new UserError(
    'key-file-other',
    `${path} holds the ${secrets.kind} key of ${secrets.nation}, which has no say here; asked for are: ${names}`,
    {
      fix: 'Name the key file of one of these with --key: governors sign registries, root keys the document of their nation.',
    },
  )
}

/**
 * Whether the proposal fits what is held here; a machine without an alliance has nothing to compare. Throws UserError
 * `proposal-other-alliance`, `proposal-outdated` or `registry-fingerprint-mismatch`.
 */
export function assertFits(held: HeldAlliance | undefined, { change, evidence }: OpenProposal): void {
  if (held === undefined) return
  if (!equalBytes(held.evidence.allianceId, change.after.allianceId)) {
    throw new UserError('proposal-other-alliance', 'the proposal is for another alliance than the one of this home', {
      fix: 'Name the home of that alliance with --home DIR.',
      data: { here: toHex(held.evidence.allianceId), proposal: toHex(change.after.allianceId) },
    })
  }
  // nothing is signed that leaves the line which the operator has confirmed
  if (held.trust !== undefined && evidence !== undefined) checkTrust(held.trust, lineOf(change, evidence))
  assertCurrent(change, held.evidence)
}

function lineOf(change: ProposedChange, evidence: EvidenceSet): readonly ParsedRegistryDoc[] {
  const { before } = change
  if (change.type === DOC_TYPE.NATION || before === undefined) return registryState(evidence, [])?.chain ?? []
  return registryBaseOf(evidence, before.hash)?.line ?? []
}

/** Signs and notes it in the key file. Throws UserError `key-file-other` or `key-signed-another`. */
export async function signProposal(
  open: OpenProposal,
  key: OpenKeyFile,
  options: SignOptions = {},
): Promise<ProposalSignature> {
  seatOfKey(open.councils, key)
  const { change, draft } = open
  const doc = {
    type: change.type,
    allianceIdField: allianceFieldOf(change),
    version: change.after.version,
    docBytes: draft.docBytes,
    allianceName: allianceNameOf(open),
  }
  const { hash, sigs } = await signRecorded(doc, [key], options)
  return { type: change.type, docHash: hash, sig: sigs[0]! }
}

/** What people call the alliance of a proposal. */
export function allianceNameOf({ change, evidence }: OpenProposal): string {
  if (change.type === DOC_TYPE.REGISTRY) return change.after.name
  return (evidence && registryState(evidence, [])?.inForce.name) ?? ''
}
