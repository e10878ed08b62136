import { concat, equalBytes, toHex, u8, u32be, u64be, utf8 } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { sha256 } from '../base/hash.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { Item } from '../wire/gen/tocsin.ts'
import { type Operator, type OperatorRole, type Operators, operatorOfKey } from './operator.ts'

/** A second person's word for exactly one item, audience and marking. */
export interface Approval {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 64 bytes, Ed25519 over `approvalInput`. */
  readonly signature: Uint8Array
}

/** What is to be approved. The marking is a signed field of the item, and so of its hash. */
export interface ApprovalSubject {
  readonly allianceId: AllianceId
  /** As it will leave. */
  readonly item: Item
  /** The name of the audience, encoded. */
  readonly audience: Uint8Array
  /** Who will be able to read it beside the own nation, ascending: what a name stands for changes, as groups do. */
  readonly readers: readonly NationId[]
}

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

declare const approved: unique symbol

/** That the signature, the role and the second person were found right. Only `checkApproval` makes one. */
export interface ApprovalProof {
  readonly [approved]: true
  readonly item: Item
  readonly by: Operator
}

export type ApprovalCheck =
  | { readonly kind: 'approved'; readonly proof: ApprovalProof }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string; readonly fix: string }

/**
 * `"tocsin/approval/v1\0" || alliance_id || SHA256(Item) || u32 length || audience name || readers`, each reader as
 * `u8 length || ASCII`.
 */
export function approvalInput({ allianceId, item, audience, readers }: ApprovalSubject): Uint8Array {
  const names = readers.flatMap(nation => [u8(nation.length), utf8(nation)])
  const hash = sha256(encode(Item, item))
  return concat(utf8('tocsin/approval/v1\0'), allianceId, hash, u32be(audience.length), audience, ...names)
}

/** `submitter`: the key that submitted it. Whoever has two keys is two persons here: the administrator sees to that. */
export function checkApproval(
  subject: ApprovalSubject,
  approval: Approval,
  submitter: Uint8Array,
  operators: Operators,
  verify: Verify,
): ApprovalCheck {
  const by = operatorOfKey(operators, approval.key)
  const refusal = roleRefusal(by, approval.key, 'approve')
  if (by === undefined || refusal !== undefined) return { kind: 'refused', ...refusal! }
  if (equalBytes(by.key, submitter)) {
    return {
      kind: 'refused',
      code: 'approval-same-person',
      reason: `${by.name} has submitted this and cannot approve it too`,
      fix: 'Ask another operator with the role approve.',
    }
  }
  if (!verify(by.key, approvalInput(subject), approval.signature)) {
    return {
      kind: 'refused',
      code: 'approval-invalid',
      reason: `the signature of ${by.name} is not over this content, audience and readers`,
      fix: 'Look at it again with "tocsin queue show ID", and approve what stands there.',
    }
  }
  return { kind: 'approved', proof: { item: subject.item, by } as ApprovalProof }
}

/** Who says of some drafts that they are to be published. */
export interface SubmissionSignature {
  readonly key: Uint8Array
  readonly signedMs: number
  readonly signature: Uint8Array
}

/** `"tocsin/submission/v1\0" || alliance_id || u64 time || SHA256(drafts)`, the drafts as RFC 8785 JSON. */
export function submissionInput(allianceId: AllianceId, signedMs: number, drafts: string): Uint8Array {
  return concat(utf8('tocsin/submission/v1\0'), allianceId, u64be(signedMs), sha256(utf8(drafts)))
}

/** A submission is for now: later it is a copy of one. */
export const SUBMISSION_AGE_MS_MAX = 10 * 60_000

export type SubmissionCheck =
  | { readonly kind: 'submitted'; readonly by: Operator }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string; readonly fix: string }

export function checkSubmission(
  input: { readonly allianceId: AllianceId; readonly drafts: string; readonly nowMs: number },
  { key, signedMs, signature }: SubmissionSignature,
  operators: Operators,
  verify: Verify,
): SubmissionCheck {
  const by = operatorOfKey(operators, key)
  const refusal = roleRefusal(by, key, 'publish')
  if (by === undefined || refusal !== undefined) return { kind: 'refused', ...refusal! }
  const invalid = (reason: string) =>
    ({ kind: 'refused', code: 'submission-invalid', reason, fix: 'Submit it again.' }) as const
  if (Math.abs(input.nowMs - signedMs) > SUBMISSION_AGE_MS_MAX) return invalid(`${by.name} signed this at another time`)
  if (!verify(by.key, submissionInput(input.allianceId, signedMs, input.drafts), signature)) {
    return invalid(`the signature of ${by.name} is not over what was submitted`)
  }
  return { kind: 'submitted', by }
}

export function roleRefusal(
  operator: Operator | undefined,
  key: Uint8Array,
  role: OperatorRole,
): { readonly code: ErrorCode; readonly reason: string; readonly fix: string } | undefined {
  if (operator === undefined) {
    const reason = `the key ${toHex(key).slice(0, 16)}… is no operator's`
    return { code: 'operator-unknown', reason, fix: 'Enter it with "tocsin operator add NAME --key HEX --role …".' }
  }
  if (operator.roles.has(role)) return undefined
  const reason = `${operator.name} does not have the role ${role}`
  return { code: 'operator-role', reason, fix: 'Its roles stand in operators.yaml.' }
}
