import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, utf8 } from '../../base/bytes.ts'
import { TocsinError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { RefusedRow } from '../../formats/import-row.ts'
import type { ImportDefaults } from '../../formats/in/import.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { parseTlp } from '../../indicator/marking.ts'
import type { Store } from '../../store/store.ts'
import type { Feed } from '../config/feeds-config.ts'
import { type FeedFault, type FeedReport, REFUSED_KEPT_MAX } from '../orders/feed-orders.ts'
import { createImportTally } from '../orders/import-tally.ts'
import type { Publisher } from '../writing/publish.ts'
import { createDeadLetterFile, type DeadLetterFile } from './dead-letter-file.ts'
import type { ContextGiver } from './feed-context.ts'
import { pollFolder } from './feed-drop.ts'
import { createFeedEcho } from './feed-echo.ts'
import { createFeedFetch } from './feed-fetch.ts'
import { createFeedIntake } from './feed-intake.ts'
import type { FeedLedger } from './feed-ledger.ts'
import { pollMisp } from './feed-misp.ts'
import type { FeedPollContext } from './feed-poll-context.ts'
import { pollTaxii } from './feed-taxii.ts'
import { folderMispFeed, webMispFeed } from './misp-feed-source.ts'

export interface FeedPollOptions {
  readonly nation: NationId
  /** Of the registry in force. */
  readonly nations: () => Iterable<NationId>
  readonly store: Pick<Store, 'note' | 'commit' | 'lookup' | 'itemsOfId'>
  readonly publisher: Pick<Publisher, 'publish'>
  readonly contextGiver: ContextGiver
  /** Where files with what is refused go; none are written where it is left out. */
  readonly folder: string | undefined
  readonly clock: Clock
}

/** What the poll is to go by. */
export interface FeedTurn {
  readonly dryRun: boolean
  /** What is beyond the limits may come in this time. */
  readonly released: boolean
  /** The poll before broke off. */
  readonly resumes: boolean
  /** How many entries the ledger has. */
  readonly entries: number
  readonly signal: AbortSignal
}

export interface FeedPolled {
  readonly report: FeedReport
  readonly entries: number
  /** What went wrong, as it was thrown. */
  readonly error: unknown
  /** What waits for `feed release`. */
  readonly isHeld: boolean
}

/** What an analyst says of an indicator of each credibility (STIX 2.1, appendix A). */
const CONFIDENCE: Readonly<Record<string, number>> = { 1: 90, 2: 70, 3: 50, 4: 30, 5: 10 }

/** One poll of one feed, whatever becomes of it. */
export async function pollFeed(
  feed: Feed,
  ledger: FeedLedger,
  options: FeedPollOptions,
  turn: FeedTurn,
): Promise<FeedPolled> {
  const { nation, store, publisher, clock } = options
  const { released, signal } = turn
  const dryRun = turn.dryRun || feed.dryRun
  const startedMs = clock.now()
  const tally = createImportTally()
  const letters = dryRun ? undefined : await lettersOf(feed, options)
  const submitter = { name: `feed:${feed.name}`, key: sha256(utf8(`tocsin/feed/${feed.name}`)) }
  const removals = feed.kind === 'folder' ? 'keep' : feed.onRemoved
  const intake = createFeedIntake({
    ledger,
    tally,
    ports: {
      ...(feed.audience !== undefined && { audience: { audience: feed.audience } }),
      publish: items => publisher.publish(items, submitter),
      refuse: async (row: RefusedRow) => {
        if (letters !== undefined && letters.count() < REFUSED_KEPT_MAX) await letters.add(row)
      },
    },
    defaults: defaultsOf(feed),
    echoOf: createFeedEcho({ ...options, onlyUnknown: feed.onlyUnknown }),
    types: feed.types,
    context: feed.context,
    tlpMax: parseTlp(feed.tlpMax),
    dryRun,
    removals,
    resumes: turn.resumes,
    newMax: released ? Number.POSITIVE_INFINITY : feed.newMax,
    removedMax:
      released || feed.kind === 'folder' ? Number.POSITIVE_INFINITY : removedMax(feed.removedMax, turn.entries),
    isWithdrawn: async id =>
      (await store.itemsOfId({ nation, id: fromHex(id) })).some(({ kind }) => kind === ITEM.WITHDRAWAL),
  })
  let error: unknown
  try {
    await readFeed(feed, { ledger, intake, dryRun, clock, signal })
  } catch (cause) {
    error = cause
  } finally {
    await letters?.[Symbol.asyncDispose]()
  }
  const held = intake.held()
  const report = {
    startedMs,
    seconds: (clock.now() - startedMs) / 1000,
    dryRun,
    ...tally.counts(),
    withdrawn: intake.withdrawn(),
    refusals: tally.refusals(),
    deadLetter: letters === undefined || letters.count() === 0 ? '' : letters.path,
    fault: faultOf(error, held),
  }
  const isHeld = held !== undefined || (error instanceof TocsinError && error.code === 'feed-held')
  return { report, entries: Math.max(0, turn.entries + intake.grown()), error, isHeld }
}

async function readFeed(feed: Feed, context: FeedPollContext): Promise<void> {
  switch (feed.kind) {
    case 'taxii':
      return pollTaxii(feed, await createFeedFetch(feed, context.signal), context)
    case 'misp': {
      const { url, path } = feed
      const source =
        url === undefined ? folderMispFeed(path!, feed) : webMispFeed(url, await createFeedFetch(feed, context.signal))
      return pollMisp(feed, source, context)
    }
    case 'folder':
      return pollFolder(feed, context)
  }
}

async function lettersOf({ name }: Feed, { folder }: FeedPollOptions): Promise<DeadLetterFile | undefined> {
  if (folder === undefined) return undefined
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return createDeadLetterFile(join(folder, `${name}.refused.ndjson`))
}

function defaultsOf({ name, source, tlp, lineage, confidence, reliability, labels }: Feed): ImportDefaults {
  const [letter, digit] = [...(reliability ?? '')]
  const known = confidence ?? (digit === undefined ? undefined : CONFIDENCE[digit])
  const rating = [
    ...(letter === undefined ? [] : [`admiralty-scale:source-reliability="${letter.toLowerCase()}"`]),
    ...(digit === undefined ? [] : [`admiralty-scale:information-credibility="${digit}"`]),
  ]
  return {
    source: source ?? name,
    lineage,
    labels: [...labels, ...rating],
    ...(tlp !== undefined && { marking: { tlp: parseTlp(tlp) } }),
    ...(known !== undefined && { confidence: known }),
  }
}

function removedMax({ count, share }: { readonly count: number; readonly share: number }, entries: number): number {
  return Math.max(count, Math.floor(share * entries))
}

function faultOf(error: unknown, held: string | undefined): FeedFault | null {
  if (error instanceof TocsinError) {
    const { code, message, fix = '' } = error
    return { code, message, fix }
  }
  if (error !== undefined) return { code: 'internal', message: String(error), fix: '' }
  if (held === undefined) return null
  return { code: 'feed-held', message: held, fix: 'Look at the source; "tocsin feed release NAME" lets it happen.' }
}
