import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { type Feed, feedsSection } from '../../src/node/config/feeds-config.ts'
import { createContextGiver } from '../../src/node/inlets/feed-context.ts'
import { createFeedLedger, type FeedLedger } from '../../src/node/inlets/feed-ledger.ts'
import { type FeedPollOptions, type FeedTurn, pollFeed } from '../../src/node/inlets/feed-poll.ts'
import type { FeedReport } from '../../src/node/orders/feed-orders.ts'
import { createTestAlliance, type RunningNode, type TestAlliance } from './node-alliance.ts'

/** A node that publishes what its feeds give, of an alliance of two. */
export interface FeedWorld extends AsyncDisposable {
  readonly alliance: TestAlliance
  readonly running: RunningNode
  /** For files of the test. */
  readonly folder: string
  /** A feed of its own. */
  openFeed(text: object): TestFeed
  /** How what is claimed of a value stands; null where nothing is. */
  show(value: string): Promise<{ state: string; claims: number; withdrawn: number } | null>
}

export interface TestFeed {
  readonly ledger: FeedLedger
  poll(turn?: Partial<FeedTurn>, more?: Partial<FeedPollOptions>, through?: FeedLedger): Promise<FeedReport>
}

export async function openFeedWorld(): Promise<FeedWorld> {
  const alliance = await createTestAlliance(2)
  const running = await alliance.start(0, {
    config: config => ({ ...config, publish: { ...config.publish, coalesceMs: 0 } }),
  })
  await running.service.incarnate()
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-feeds-'))
  const { node, service } = running
  let made = 0

  function openFeed(text: object): TestFeed {
    const name = `feed-${++made}`
    const [feed] = feedsSection.parse([{ name, ...text }]) as [Feed]
    const ledger = createFeedLedger(node.store, name)
    let entries = 0
    const options: FeedPollOptions = {
      nation: node.nation,
      nations: () => node.book.directory().registry.nations.keys(),
      store: node.store,
      publisher: node.publisher,
      contextGiver: createContextGiver(node.store, silentLogger),
      folder,
      clock: node.clock,
    }
    return {
      ledger,
      async poll(turn = {}, more = {}, through = ledger) {
        const defaults = {
          dryRun: false,
          released: false,
          resumes: false,
          entries,
          signal: AbortSignal.timeout(20_000),
        }
        const polled = await pollFeed(feed, through, { ...options, ...more }, { ...defaults, ...turn })
        entries = polled.entries
        await node.projector.settled()
        const { rows, new: fresh, duplicate, queued, held, refused } = polled.report
        expect(rows).toBe(fresh + duplicate + queued + held + refused)
        return polled.report
      },
    }
  }

  return {
    alliance,
    running,
    folder,
    openFeed,
    async show(value) {
      const view = await service.show(value)
      return view === null ? null : { state: view.state, claims: view.claims.length, withdrawn: view.withdrawn.length }
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await alliance[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
