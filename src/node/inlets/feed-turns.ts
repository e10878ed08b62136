import { setTimeout as pause } from 'node:timers/promises'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { StoreError, TocsinError, UserError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { Feed } from '../config/feeds-config.ts'
import type { FeedProgress, FeedReport, FeedState, FeedTotals, FeedView } from '../orders/feed-orders.ts'
import { retryAfterMs } from './feed-fetch.ts'
import { createFeedLedger } from './feed-ledger.ts'
import { type FeedPolled, type FeedPollOptions, pollFeed } from './feed-poll.ts'

export interface FeedTurnsOptions extends FeedPollOptions {
  /** Lets no more than a few feeds be polled at once. */
  readonly gate: <T>(work: () => Promise<T>) => Promise<T>
  /** In [0, 1). */
  readonly chance: () => number
  readonly logger: Logger
}

/** One feed, polled for ever. */
export interface FeedTurns {
  view(): FeedView
  poll(dryRun: boolean): Promise<FeedReport>
  release(): Promise<void>
  stop(): Promise<void>
}

/** What is written down of a feed, beside how far it has come. */
interface Standing extends FeedProgress {
  /** A poll was begun, and has not ended well. */
  readonly resumes: boolean
  readonly held: boolean
  readonly released: boolean
}

const NEW: Standing = {
  resumes: false,
  held: false,
  released: false,
  entries: 0,
  failures: 0,
  failingSinceMs: 0,
  succeededMs: 0,
  nextMs: 0,
  last: null,
}
const NOTE = 'state'
const NO_TOTALS: FeedTotals = { polls: 0, failures: 0, new: 0, duplicate: 0, refused: 0, withdrawn: 0 }
const RETRY_MS = 30_000
/** So that feeds of one interval do not all come at once, nor all nodes to one server. */
const JITTER = 0.1

/** Polls a feed at its interval, later after failures and as its server asks, and not while it is held. */
export async function startFeedTurns(feed: Feed, options: FeedTurnsOptions): Promise<FeedTurns> {
  const { store, clock, logger, gate, chance } = options
  const ledger = createFeedLedger(store, feed.name)
  const stopping = new AbortController()
  let standing: Standing = { ...NEW, ...parseStanding(await ledger.note(NOTE)) }
  let totals = NO_TOTALS
  let polling: Promise<FeedReport> | undefined
  let wake: () => void = () => {}
  const running = run()

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await rest()
      if (stopping.signal.aborted) return
      if (polling !== undefined) await polling.catch(() => {})
      else if (!standing.held && standing.nextMs <= clock.now()) await poll(false).catch(noteFault)
    }
  }

  function noteFault(error: unknown): void {
    logger.error({ err: error, feed: feed.name }, 'polling a feed failed')
  }

  async function rest(): Promise<void> {
    const waitMs = standing.held ? HELD_LOOK_MS : Math.max(0, standing.nextMs - clock.now())
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    const woken = new AbortController()
    const signal = AbortSignal.any([woken.signal, stopping.signal])
    await Promise.race([promise, pause(Math.min(waitMs, HELD_LOOK_MS), undefined, { signal }).catch(() => {})])
    woken.abort()
  }

  async function poll(dryRun: boolean): Promise<FeedReport> {
    if (polling !== undefined) throw new UserError('feed-polling', `${feed.name} is being polled already`)
    polling = gate(() => pollOnce(dryRun))
    try {
      return await polling
    } finally {
      polling = undefined
      wake()
    }
  }

  async function pollOnce(dryRun: boolean): Promise<FeedReport> {
    const { entries, released, resumes } = standing
    const dry = dryRun || feed.dryRun
    if (!dry) await write({ ...standing, resumes: true })
    const turn = { dryRun, released, resumes, entries, signal: stopping.signal }
    const polled = await pollFeed(feed, ledger, options, turn)
    // A rehearsal that was asked for changes nothing; nor does the end of the node.
    if (!stopping.signal.aborted && !dryRun) await ended(polled, dry)
    return polled.report
  }

  async function ended({ report, entries, error, isHeld }: FeedPolled, dry: boolean): Promise<void> {
    const failed = report.fault !== null && !isHeld
    const failures = failed ? standing.failures + 1 : 0
    if (failed) tellFailure(report, error)
    totals = added(totals, report, failed)
    await write({
      resumes: !dry && failed,
      held: isHeld,
      released: standing.released && failed,
      entries: dry ? standing.entries : entries,
      failures,
      failingSinceMs: failed ? standing.failingSinceMs || report.startedMs : 0,
      succeededMs: failed || isHeld ? standing.succeededMs : clock.now(),
      nextMs: clock.now() + waitMs(failures, retryAfterMs(error)),
      last: report,
    })
  }

  function tellFailure({ fault }: FeedReport, error: unknown): void {
    const { name } = feed
    if (error instanceof TocsinError && !(error instanceof StoreError)) {
      logger.warn({ feed: name, code: error.code, problem: fault?.message }, 'a feed could not be polled')
    } else {
      logger.error({ feed: name, err: error }, 'a feed could not be polled')
    }
  }

  function waitMs(failures: number, askedMs = 0): number {
    const everyMs = feed.everySeconds * 1000
    const full = failures === 0 ? everyMs : Math.min(everyMs, RETRY_MS * 2 ** Math.min(failures - 1, 20))
    return Math.max(askedMs, Math.round(full * (1 - JITTER / 2 + JITTER * chance())))
  }

  async function write(next: Standing): Promise<void> {
    standing = next
    try {
      await ledger.write({ notes: new Map([[NOTE, utf8(JSON.stringify(next))]]) })
    } catch (error) {
      // It is computed anew by the next poll.
      logger.debug({ err: error, feed: feed.name }, 'the state of a feed could not be written down')
    }
  }

  function state(): FeedState {
    if (polling !== undefined) return 'polling'
    if (standing.held) return 'held'
    return standing.failures > 0 ? 'failing' : 'waiting'
  }

  return {
    view() {
      const { name, kind, everySeconds } = feed
      const { entries, failures, failingSinceMs, succeededMs, nextMs, last } = standing
      const from = (feed.kind === 'folder' ? feed.path : (feed.url ?? ('path' in feed ? feed.path : ''))) ?? ''
      const counted = { entries, failures, failingSinceMs, succeededMs, nextMs, last, totals }
      return { name, kind, from, everySeconds, dryRun: feed.dryRun, state: state(), ...counted }
    },
    poll,
    async release() {
      await write({ ...standing, held: false, released: true, nextMs: 0 })
      wake()
    },
    async stop() {
      stopping.abort()
      await polling?.catch(() => {})
      await running
    },
  }
}

/** Timers of a day and more are cut into such pieces. */
const HELD_LOOK_MS = 3_600_000

function parseStanding(bytes: Uint8Array): Partial<Standing> {
  return bytes.length === 0 ? {} : (JSON.parse(fromUtf8(bytes)) as Partial<Standing>)
}

function added(totals: FeedTotals, report: FeedReport, failed: boolean): FeedTotals {
  return {
    polls: totals.polls + 1,
    failures: totals.failures + (failed ? 1 : 0),
    new: totals.new + report.new + report.queued + report.held,
    duplicate: totals.duplicate + report.duplicate,
    refused: totals.refused + report.refused,
    withdrawn: totals.withdrawn + report.withdrawn,
  }
}
