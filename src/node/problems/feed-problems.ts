import type { FeedCommands, FeedView } from '../orders/feed-orders.ts'
import type { Problem } from '../orders/node-service.ts'

/** A server may be away for a while without anybody having to look. */
const FAILING_MS = 15 * 60_000
const FAILURES_MIN = 3

/** Feeds that wait for the operator, and those that have failed for long. */
export function feedProblems(feeds: Pick<FeedCommands, 'feeds'>, nowMs: number): Problem[] {
  return feeds.feeds().flatMap(feed => [...heldProblem(feed), ...failingProblem(feed, nowMs)])
}

function heldProblem({ name, state, last }: FeedView): Problem[] {
  if (state !== 'held') return []
  return [
    {
      grade: 'warning',
      code: 'feed-held',
      occasion: name,
      message: `the feed ${name} is held: ${last?.fault?.message ?? ''}`,
      fix: `Look at what it gives, then "tocsin feed release ${name}".`,
    },
  ]
}

function failingProblem({ name, failures, failingSinceMs, everySeconds, last }: FeedView, nowMs: number): Problem[] {
  const isLong = nowMs - failingSinceMs >= Math.max(FAILING_MS, everySeconds * 1000)
  if (failures < FAILURES_MIN || !isLong) return []
  return [
    {
      grade: 'warning',
      code: 'feed-failing',
      occasion: name,
      message: `the feed ${name} has failed ${failures} times in a row: ${last?.fault?.message ?? ''}`,
      fix: last?.fault?.fix || `See "tocsin feed status ${name}".`,
    },
  ]
}
