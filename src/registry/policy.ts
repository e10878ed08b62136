import type { Policy } from '../wire/gen/tocsin.ts'
import { NATIONS_MAX } from '../wire/limits.ts'
import { assertRange } from '../wire/strict.ts'
import { assertAscending, assertCount } from './doc-fields.ts'

/** The alliance's policy with the defaults filled in. Units end the names. */
export interface AlliancePolicy {
  /** Nations that may lie before a quorum of witnesses does; undefined: as many as n allows, floor((n-1)/3). */
  readonly byzantineNations: number | undefined
  /** An epoch ends after this. */
  readonly epochMaxDays: number
  readonly epochMaxMessages: number
  /** Beyond these a nation's logs are fetched at the quota's rate, never dropped. */
  readonly dailyBytesPerNation: number
  readonly dailyEntriesPerNation: number
  /** Bodies older than this need not be stored, served or witnessed. */
  readonly bodyRetentionDays: number
  /** HPKE suites that may be sealed with. */
  readonly suites: readonly number[]
  /** How far a clock may be off before it is reported. */
  readonly skewSeconds: number
}

export const DEFAULT_POLICY: AlliancePolicy = {
  byzantineNations: undefined,
  epochMaxDays: 30,
  epochMaxMessages: 65_536,
  dailyBytesPerNation: 4 * 1024 ** 3,
  dailyEntriesPerNation: 1_000_000,
  bodyRetentionDays: 730,
  suites: [1],
  skewSeconds: 300,
}

const DAYS_MAX = 36_500
const SUITES_MAX = 16
const SUITE_MAX = 65_535
const SKEW_SECONDS_MAX = 86_400
const MESSAGES_MAX = 2 ** 32 - 1

/** Zero in a field, and an absent message, stand for the default. Throws ProtocolError `wire-field-range`. */
export function parsePolicy(policy: Policy | undefined): AlliancePolicy {
  if (policy === undefined) return DEFAULT_POLICY
  assertRange(policy.byzantineFPlus1, 0, NATIONS_MAX + 1, 'byzantine_f_plus_1')
  assertRange(policy.epochMaxDays, 0, DAYS_MAX, 'epoch_max_days')
  assertRange(policy.epochMaxMessages, 0, MESSAGES_MAX, 'epoch_max_messages')
  assertRange(policy.bodyRetentionDays, 0, DAYS_MAX, 'body_retention_days')
  assertRange(policy.skewSeconds, 0, SKEW_SECONDS_MAX, 'skew_seconds')
  assertCount(policy.suites, 0, SUITES_MAX, 'suites')
  assertAscending(policy.suites, 1, SUITE_MAX, 'suite')
  return {
    byzantineNations: policy.byzantineFPlus1 === 0 ? undefined : policy.byzantineFPlus1 - 1,
    epochMaxDays: policy.epochMaxDays || DEFAULT_POLICY.epochMaxDays,
    epochMaxMessages: policy.epochMaxMessages || DEFAULT_POLICY.epochMaxMessages,
    dailyBytesPerNation: policy.dailyBytesPerNation || DEFAULT_POLICY.dailyBytesPerNation,
    dailyEntriesPerNation: policy.dailyEntriesPerNation || DEFAULT_POLICY.dailyEntriesPerNation,
    bodyRetentionDays: policy.bodyRetentionDays || DEFAULT_POLICY.bodyRetentionDays,
    suites: policy.suites.length === 0 ? DEFAULT_POLICY.suites : policy.suites,
    skewSeconds: policy.skewSeconds || DEFAULT_POLICY.skewSeconds,
  }
}

/** The message that `parsePolicy` reads as `policy`. */
export function buildPolicy(policy: AlliancePolicy): Policy {
  const { byzantineNations, ...rest } = policy
  return { ...rest, byzantineFPlus1: byzantineNations === undefined ? 0 : byzantineNations + 1 }
}
