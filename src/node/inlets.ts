import { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import type { AuditOffice } from './audit/audit-office.ts'
import { createContextGiver } from './inlets/feed-context.ts'
import { type FeedTurns, startFeedTurns } from './inlets/feed-turns.ts'
import type { Knowledge } from './knowledge.ts'
import type { NodeOptions } from './node-options.ts'
import type { FeedCommands } from './orders/feed-orders.ts'
import type { Publisher } from './writing/publish.ts'

export interface InletInputs {
  readonly audit: AuditOffice
  readonly knowledge: Pick<Knowledge, 'nation' | 'book'>
  readonly publisher: Pick<Publisher, 'publish'>
}

export type Inlets = Awaited<ReturnType<typeof composeInlets>>

/** Each holds what it reads in memory, and the store has one writer. */
const POLLS_AT_ONCE = 2

/** What is pulled from outside and published as this nation's word. Begins at once. */
export async function composeInlets(
  options: NodeOptions,
  { audit, knowledge, publisher }: InletInputs,
  parts: AsyncDisposableStack,
) {
  const { config, store, clock, random, logger } = options
  const { nation, book } = knowledge
  const gate = createTurnstile(POLLS_AT_ONCE)
  const contextGiver = createContextGiver(store, logger)
  const turns = new Map<string, FeedTurns>()
  for (const feed of config.feeds) {
    const started = await startFeedTurns(feed, {
      nation,
      nations: (): Iterable<NationId> => book.directory().registry.nations.keys(),
      store,
      publisher,
      contextGiver,
      folder: options.feedFolder,
      clock,
      gate,
      chance: () => random.bytes(1)[0]! / 256,
      logger,
    })
    turns.set(feed.name, started)
  }
  parts.defer(async () => {
    await Promise.all([...turns.values()].map(each => each.stop()))
  })

  function find(name: string): FeedTurns {
    const found = turns.get(name)
    if (found !== undefined) return found
    throw new UserError('feed-unknown', `config.yaml names no feed ${JSON.stringify(name)}`, {
      fix: 'See "tocsin feed list"; the configuration is read when the node starts.',
    })
  }

  const commands: FeedCommands = {
    feeds: () => [...turns.values()].map(each => each.view()),
    pollFeed: async (name, dryRun) => find(name).poll(dryRun),
    async releaseFeed(name) {
      const feed = find(name)
      await audit.log.record({ kind: 'feed-released', by: 'local', name })
      await feed.release()
    },
  }
  return commands
}

/** Lets so many works through at once; the others wait in their order. */
function createTurnstile(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = most
  return async work => {
    if (free === 0) await new Promise<void>(resolve => waiting.push(resolve))
    else free--
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
