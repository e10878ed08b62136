import { UserError } from '../base/errors.ts'

/** Wrong tokens answered at once, and how many more each second. Right ones are answered whatever others try. */
const FAILURES_MAX = 20
const FAILURES_PER_SECOND = 1

/** Counts a failure to say who one is. The function throws UserError `api-busy` where too many fail. */
export function createFailureBrake(): () => void {
  let left = FAILURES_MAX
  let countedMs = performance.now()
  return () => {
    const nowMs = performance.now()
    left = Math.min(FAILURES_MAX, left + ((nowMs - countedMs) / 1000) * FAILURES_PER_SECOND)
    countedMs = nowMs
    if (left < 1) throw new UserError('api-busy', 'too many wrong tokens were shown', { fix: 'Try again in a moment.' })
    left--
  }
}
