import type { Clock } from '../base/ports.ts'
import { DEFAULT_SCORE_POLICY } from '../indicator/score-policy.ts'
import type { ReleaseOffice } from './release-office.ts'
import type { Scoring } from './views.ts'

/** By the national policy as it is in force. */
export function scoringOf({
  release,
  clock,
}: {
  readonly release: Pick<ReleaseOffice, 'rules'>
  readonly clock: Clock
}): Scoring {
  return {
    policy: () => release.rules.current().policy?.score ?? DEFAULT_SCORE_POLICY,
    nowMs: () => clock.now(),
  }
}
