import { equalBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { AudienceScope } from './audience-info.ts'
import type { GroupName } from './audience-name.ts'

/** An epoch of the own log, and what went out under it. */
export interface PastEpoch {
  readonly scope: AudienceScope
  readonly readers: ReadonlySet<NationId>
  /** Time of its first grant. */
  readonly openedMs: number
  /** Highest TLP level of its items; 0 where none is marked. */
  readonly maxTlp: number
  /** By the nation's policy as it is now, everything that went out under it may go to the newcomer, too. */
  readonly mayLeave: boolean
}

export interface HistoryWish {
  readonly newcomer: NationId
  /** Of the newcomer, by the registry; 0: none. */
  readonly ceiling: number
  /** Undefined: what went to the whole alliance. */
  readonly group: GroupName | undefined
  readonly sinceMs: number
}

export type HistoryDecision = 'grant' | 'reads-already' | 'other-audience' | 'before' | 'ceiling' | 'guard'

/**
 * May a newcomer be let into an epoch? What went to named nations was for these alone, whatever the operator wishes
 * now.
 */
export function checkHistory(epoch: PastEpoch, { newcomer, ceiling, group, sinceMs }: HistoryWish): HistoryDecision {
  if (!isMeant(epoch.scope, group)) return 'other-audience'
  if (epoch.readers.has(newcomer)) return 'reads-already'
  if (epoch.openedMs < sinceMs) return 'before'
  if (ceiling !== 0 && epoch.maxTlp > ceiling) return 'ceiling'
  return epoch.mayLeave ? 'grant' : 'guard'
}

function isMeant(scope: AudienceScope, group: GroupName | undefined): boolean {
  if (scope.kind !== 'group') return scope.kind === 'alliance' && group === undefined
  return group !== undefined && scope.group.owner === group.owner && equalBytes(scope.group.id, group.id)
}
