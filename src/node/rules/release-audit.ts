import { EMPTY, equalBytes, toHex } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import type { EpochId, NationId } from '../../base/ids.ts'
import type { AudienceScope } from '../../policy/audience-info.ts'
import { type AudienceName, groupKey } from '../../policy/audience-name.ts'
import { AUDIT_RUNS_MAX, type AuditDecision } from '../../policy/audit-record.ts'
import type { OwnEpoch } from '../../policy/epoch.ts'
import type { GuardDecision } from '../../policy/guard.ts'
import { ruleText } from '../../policy/guard-policy.ts'
import type { WarningHit } from '../../policy/warninglists.ts'
import type { EntryPosition } from '../../store/store.ts'
import type { AuditRun } from '../../wire/gen/store.ts'
import type { Submission, Submitter } from './submission.ts'

/** How the audit log names whoever submitted something. */
export function nameOf(submitter: Submitter | undefined): string {
  return submitter?.name ?? 'local'
}

/** What was decided on one submission, and for whom it was asked. */
export function runOf(
  { submitter, approval }: Pick<Submission, 'submitter' | 'approval'>,
  decision: GuardDecision | undefined,
  code: ErrorCode | '' = '',
): AuditRun {
  return {
    count: 1,
    by: nameOf(submitter),
    rule: decision?.rule === undefined ? '' : ruleText(decision.rule),
    changedBy: (decision?.changedBy ?? []).map(ruleText),
    approver: approval?.key ?? EMPTY,
    code,
  }
}

/** Each run of one and the same as one, in their order. */
export function joinRuns(runs: readonly AuditRun[]): AuditRun[] {
  const joined: AuditRun[] = []
  for (const run of runs) {
    const last = joined.at(-1)
    if (last !== undefined && isSame(last, run)) joined[joined.length - 1] = { ...last, count: last.count + run.count }
    else joined.push(run)
  }
  return joined
}

function isSame(a: AuditRun, b: AuditRun): boolean {
  return (
    a.by === b.by &&
    a.rule === b.rule &&
    a.code === b.code &&
    a.changedBy.join('\n') === b.changedBy.join('\n') &&
    equalBytes(a.approver, b.approver)
  )
}

/** On the items of a request, which are of no entry. */
export function requestRecords(kind: 'refused' | 'dropped' | 'queued', runs: readonly AuditRun[]): AuditDecision[] {
  return inRecords(runs).map(({ runs, index, count }) => ({ kind, by: byOf(runs), index, count, runs }))
}

/** On an entry whose items are those of `runs`, in their order: why each may leave, and which leave as less. */
export function releaseRecords(
  { logId, seq }: EntryPosition,
  audience: AudienceName,
  runs: readonly AuditRun[],
): AuditDecision[] {
  return inRecords(runs).flatMap(({ runs, index, count }): AuditDecision[] => {
    const about = { by: byOf(runs), audience: audienceText(audience), entry: { logId, seq } }
    const changed = runs.filter(({ changedBy }) => changedBy.length > 0)
    const released: AuditDecision = { ...about, kind: 'released', index, count, runs }
    return changed.length === 0 ? [released] : [released, { ...about, kind: 'redacted', count: countOf(changed) }]
  })
}

/** On a KEY_GRANT: who was given the key of the epoch. */
export function grantRecord(entry: EntryPosition, { place, audience }: OwnEpoch): AuditDecision {
  const readers = audience.recipients.map(({ nation }) => nation)
  const about = { audience: audienceText(audience.name), entry, subject: place.epochId, readers }
  return { kind: 'granted', by: 'node', ...about }
}

/** On a HISTORY grant: who was let into what went out before. */
export function historyRecord(
  entry: EntryPosition,
  epochId: EpochId,
  { kind, group }: AudienceScope,
  newcomer: NationId,
): AuditDecision {
  const audience = `history ${group === undefined ? kind : `group ${groupKey(group)}`}`
  return { kind: 'granted', by: 'node', audience, entry, subject: epochId, readers: [newcomer] }
}

/** Groups by their id: their names are the secret of their members. */
function audienceText(name: AudienceName): string {
  switch (name.kind) {
    case 'alliance':
      return 'alliance'
    case 'group':
      return `group ${name.owner}/${toHex(name.id)}`
    case 'nations':
      return name.nations.join(',')
  }
}

interface Part {
  readonly runs: readonly AuditRun[]
  /** Of its first item. */
  readonly index: number
  readonly count: number
}

/** As many records as they need; nearly always one. */
function inRecords(runs: readonly AuditRun[]): Part[] {
  const joined = joinRuns(runs)
  const parts: Part[] = []
  let index = 0
  for (let from = 0; from < joined.length; from += AUDIT_RUNS_MAX) {
    const part = joined.slice(from, from + AUDIT_RUNS_MAX)
    const count = countOf(part)
    parts.push({ runs: part, index, count })
    index += count
  }
  return parts
}

function countOf(runs: readonly AuditRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0)
}

/** All that have a part in it. */
function byOf(runs: readonly AuditRun[]): string {
  return [...new Set(runs.map(({ by }) => by))].join(', ')
}

/** One for each list that blocks what somebody insists on; made before it is on its way. */
export function overrideRecords({ departure, hits }: Overriding): readonly AuditDecision[] {
  const by = nameOf(departure.submission.submitter)
  const item = departure.leaving.id
  const blocking = hits.filter(({ action }) => action === 'block')
  return blocking.map(({ list }) => ({ kind: 'warninglist-overridden', by, name: list, item }))
}

interface Overriding {
  readonly departure: { readonly submission: Submission; readonly leaving: { readonly id: Uint8Array } }
  readonly hits: readonly WarningHit[]
}
