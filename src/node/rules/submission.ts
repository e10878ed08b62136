import { EMPTY } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { Approval } from '../../policy/approval.ts'
import { encode } from '../../wire/codec.ts'
import { HeldRecord, SubmissionRecord } from '../../wire/gen/store.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'

/** What was asked to be published, by whom and for whom. The guard judges it anew whenever it comes to leave. */
export interface Submission {
  /** As it was submitted, before the guard changed it. */
  readonly item: Item
  /** As the item was built with. */
  readonly assertion: number
  /** The name of the audience, encoded. */
  readonly audience: Uint8Array
  /** Undefined for the user of the machine. */
  readonly submitter: Submitter | undefined
  readonly approval: Approval | undefined
}

/** An operator whose signature was found right. */
export interface Submitter {
  readonly name: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** A submission that waits for a second person. */
export interface HeldSubmission {
  readonly submission: Submission & { readonly submitter: Submitter }
  /** What is to be approved: as it would leave. */
  readonly leaving: Item
  readonly heldMs: number
  /** The rule that holds it. */
  readonly rule: string
}

/** An item, and the signatures of two persons. */
const RECORD_BYTES_MAX = 3 * BODY_BYTES_MAX

export function encodeSubmission(submission: Submission): Uint8Array {
  return encode(SubmissionRecord, recordOf(submission))
}

/** Undefined where it is none of this program's, though another version may have written it. */
export function parseSubmission(bytes: Uint8Array): Submission | undefined {
  return readable(() => submissionOf(decodeStrict(SubmissionRecord, bytes, RECORD_BYTES_MAX)))
}

export function encodeHeld({ submission, leaving, heldMs, rule }: HeldSubmission): Uint8Array {
  return encode(HeldRecord, { submission: recordOf(submission), leaving: encode(Item, leaving), heldMs, rule })
}

export function parseHeld(bytes: Uint8Array): HeldSubmission | undefined {
  return readable(() => {
    const record = decodeStrict(HeldRecord, bytes, RECORD_BYTES_MAX)
    const submission = record.submission && submissionOf(record.submission)
    const submitter = submission?.submitter
    if (submission === undefined || submitter === undefined) return undefined
    const leaving = decodeStrict(Item, record.leaving, BODY_BYTES_MAX)
    return { submission: { ...submission, submitter }, leaving, heldMs: record.heldMs, rule: record.rule }
  })
}

function recordOf({ item, assertion, audience, submitter, approval }: Submission): SubmissionRecord {
  return {
    item: encode(Item, item),
    assertion,
    audience,
    submitter: submitter?.name ?? '',
    submitterKey: submitter?.key ?? EMPTY,
    approverKey: approval?.key ?? EMPTY,
    approval: approval?.signature ?? EMPTY,
  }
}

function submissionOf(record: SubmissionRecord): Submission {
  const { assertion, audience, submitter, submitterKey, approverKey, approval } = record
  return {
    item: decodeStrict(Item, record.item, BODY_BYTES_MAX),
    assertion,
    audience,
    submitter: submitter === '' ? undefined : { name: submitter, key: submitterKey },
    approval: approval.length === 0 ? undefined : { key: approverKey, signature: approval },
  }
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
