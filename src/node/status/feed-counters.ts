import type { FeedCommands, FeedTotals, FeedView } from '../orders/feed-orders.ts'
import type { Counter } from '../orders/node-service.ts'

export function feedCounters(feeds: Pick<FeedCommands, 'feeds'>): readonly Counter[] {
  const all = feeds.feeds()
  if (all.length === 0) return []
  const one = (name: string, type: Counter['type'], help: string, of: (feed: FeedView) => number): Counter => ({
    name,
    help,
    type,
    values: all.map(feed => ({ labels: { feed: feed.name }, value: of(feed) })),
  })
  const outcomes: readonly (keyof FeedTotals)[] = ['new', 'duplicate', 'refused', 'withdrawn']
  return [
    {
      name: 'feed_rows_total',
      help: 'Rows of feeds by what became of them.',
      type: 'counter',
      values: all.flatMap(({ name, totals }) =>
        outcomes.map(outcome => ({ labels: { feed: name, outcome }, value: totals[outcome] })),
      ),
    },
    one('feed_polls_total', 'counter', 'Polls of feeds.', ({ totals }) => totals.polls),
    one('feed_polls_failed_total', 'counter', 'Polls of feeds that failed.', ({ totals }) => totals.failures),
    one('feed_held', 'gauge', 'Whether a feed waits for the operator: 1 or 0.', ({ state }) =>
      Number(state === 'held'),
    ),
    one('feed_entries', 'gauge', 'What a feed has given and stands.', ({ entries }) => entries),
    one(
      'feed_succeeded_seconds',
      'gauge',
      'When a feed was polled well last.',
      ({ succeededMs }) => succeededMs / 1000,
    ),
  ]
}
