import type { Clock } from '../../base/ports.ts'
import { DEFAULT_SCORE_POLICY } from '../../indicator/score-policy.ts'
import type { Scoring } from '../reading/views.ts'
import type { ReleaseOffice } from './release-office.ts'
import type { WarningBook } from './warning-book.ts'

/** By the national policy and the warninglists as they are in force. */
export function scoringOf({
  release,
  warnings,
  clock,
}: {
  readonly release: Pick<ReleaseOffice, 'rules'>
  readonly warnings: Pick<WarningBook, 'check'>
  readonly clock: Clock
}): Scoring {
  return {
    policy: () => release.rules.current().policy?.score ?? DEFAULT_SCORE_POLICY,
    nowMs: () => clock.now(),
    warnings: warnings.check,
  }
}
