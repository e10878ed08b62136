import type { RuleName } from './guard-policy.ts'

/** A decision on one item, for the audit log. */
export interface ReleaseRecord {
  /** `dropped`: it was accepted, and did not leave after all. */
  readonly event: 'released' | 'refused' | 'held' | 'approved' | 'rejected' | 'expired' | 'dropped'
  /** Of the item as it leaves, in hex; empty where it does not. */
  readonly id: string
  /** An operator's name, or `local`. */
  readonly by: string
  /** Which decided; undefined where none did. */
  readonly rule: RuleName | undefined
  readonly changedBy: readonly RuleName[]
  readonly reason: string
}

export type RecordRelease = (record: ReleaseRecord) => void
