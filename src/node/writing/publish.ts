import { toHex } from '../../base/bytes.ts'
import { StoreError, TocsinError, UserError } from '../../base/errors.ts'
import { logIdHex, type NationId } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import type { LogHead } from '../../chain/log-head.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'
import { CONTENT_BYTES_MAX } from '../../crypto/padding.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { Tlp } from '../../indicator/marking.ts'
import type { ReleasedItem } from '../../policy/release.ts'
import type { Audience } from '../../policy/resolve-audience.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import type { AuditRun } from '../../wire/gen/store.ts'
import { ITEMS_PER_BATCH_MAX } from '../../wire/limits.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Coalescer } from '../mechanisms/coalescer.ts'
import { createTurns } from '../mechanisms/turns.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { PublishedReaders } from '../opening/published-readers.ts'
import { createViewLag } from '../opening/view-lag.ts'
import type { PublishItem, PublishOutcome } from '../orders/node-service.ts'
import type { AudienceDesk } from '../rules/audience-desk.ts'
import type { HeldItems } from '../rules/held-items.ts'
import { overrideRecords, requestRecords, runOf } from '../rules/release-audit.ts'
import type { Departure, Release, ReleaseDesk, Ruling } from '../rules/release-desk.ts'
import {
  encodeSubmission,
  type HeldSubmission,
  parseSubmission,
  type Submission,
  type Submitter,
} from '../rules/submission.ts'
import type { WarningBook } from '../rules/warning-book.ts'
import { createAdmission } from './admission.ts'
import { type BatchSealerOptions, createBatchSealer, type ReleasedBatch } from './batch-sealer.ts'
import type { Outbox } from './outbox.ts'
import { createPendingItems, type PendingItem } from './pending-items.ts'
import { notYet, stopped } from './publish-refusal.ts'
import { createQueueWriter } from './queue-writer.ts'
import { entriesSaying } from './remark-desk.ts'
import type { SigningGuard } from './signing-guard.ts'

export interface PublishOptions extends BatchSealerOptions {
  readonly nation: NationId
  readonly defaultTlp: Tlp
  readonly store: Store
  readonly guard: SigningGuard
  readonly coalescer: Coalescer
  readonly desk: ReleaseDesk
  readonly held: HeldItems
  readonly audit: AuditLog
  readonly audiences: AudienceDesk
  readonly published: PublishedReaders
  readonly warnings: Pick<WarningBook, 'check'>
  /** Resolves when all that is committed is opened. */
  viewSettled(): Promise<void>
  /** Why this node may not publish now; undefined where it may. */
  hindrance(): UserError | undefined
  readonly outbox: Outbox
  readonly logger: Logger
}

interface Pending extends Departure, PendingItem {
  readonly queuedNumber: number | undefined
  resolve(entry: VerifiedEntry): void
  reject(reason: unknown): void
}

/** Items accepted and not signed yet, in memory and in the queue. */
const PENDING_ITEMS_MAX = 100_000
/** Tag and length of an item in its batch. */
const ITEM_FRAME_BYTES = 8
const QUEUE_PAGE = 1000

/** Release check, seal, sign, commit, gossip: the way of everything that this nation says. */
export function createPublisher(options: PublishOptions) {
  const { store, ownLog, coalescer } = options
  const sealer = createBatchSealer(options)
  const admission = createAdmission({ ...options, isOnItsWay })
  const lag = createViewLag(store, options.nation)
  const pending = createPendingItems<Pending>(CONTENT_BYTES_MAX, ITEMS_PER_BATCH_MAX)
  /** Ids on their way, until their entry is opened into the view; the promise is of their durability. */
  const inFlight = new Map<string, Promise<unknown>>()
  /** Ids in the stored queue or on their way into it, as far as they came since the start. */
  const queuedIds = new Map<string, Promise<void>>()
  /** A message is sealed for the log that it then joins, so that no other log may be opened meanwhile. */
  const inTurn = createTurns()
  let stopping = false
  let fuller: () => void = () => {}
  const queueWriter = createQueueWriter(options)
  const loop = createWorkerLoop(flushAll, error => options.logger.error({ err: error }, 'publishing failed'))

  // --- accepting ------------------------------------------------------------------------------------------------

  async function publish(
    drafts: readonly PublishItem[],
    submitter: Submitter | undefined,
  ): Promise<readonly PublishOutcome[]> {
    const hindrance = whyNot()
    if (hindrance !== undefined) throw hindrance
    if (
      pending.count() + drafts.length > PENDING_ITEMS_MAX ||
      store.counts().queued + drafts.length > PENDING_ITEMS_MAX
    ) {
      throw new UserError('publish-queue-full', `${pending.count()} items wait to be published`, {
        fix: 'Wait until they are through, then publish the rest: what was published already is recognised.',
      })
    }
    await lag.over()
    if (stopping) throw stopped()
    const refused: AuditRun[] = []
    const settled = await Promise.allSettled(drafts.map(draft => publishOne(draft, submitter, refused)))
    for (const decision of requestRecords('refused', refused)) await options.audit.record(decision)
    return settled.map(each => {
      if (each.status === 'rejected') throw each.reason
      return each.value
    })
  }

  async function publishOne(
    item: PublishItem,
    submitter: Submitter | undefined,
    refused: AuditRun[],
  ): Promise<PublishOutcome> {
    const refuse = ({ code, reason, decision }: Ruling & { kind: 'refused' }): PublishOutcome => {
      refused.push(runOf({ submitter, approval: undefined }, decision, code))
      return { outcome: 'refused', code, reason }
    }
    const judged = await admission.judge(item, submitter)
    if (judged.kind === 'refused') return refuse(judged)
    for (const decision of judged.kind === 'known' ? [] : overrideRecords(judged)) await options.audit.record(decision)
    const id = toHex(judged.departure.leaving.id)
    const way = wayOf(judged.departure)
    // Asked again: another draft of the same content may have come meanwhile.
    if (judged.kind === 'known' || isOnItsWay(judged.departure)) {
      await (inFlight.get(way) ?? queuedIds.get(way))
      return options.held.has(id) ? { outcome: 'held', id, warnings: [] } : { outcome: 'duplicate', id }
    }
    const { departure, audience, decision, hits } = judged
    const told = { warnings: judged.warnings, ...(hits.length > 0 && { hits }) }
    const full = options.desk.take(judged)
    if (full !== undefined) return refuse({ ...full, decision })
    if (judged.kind === 'held') {
      await options.held.hold(id, heldSubmission(departure, decision.reason), decision)
      return { outcome: 'held', id, ...told, warnings: [...told.warnings, decision.reason] }
    }
    if (options.guard.state().kind !== 'open') {
      await queue(departure, way, runOf(departure.submission, decision))
      return { outcome: 'queued', id, ...told }
    }
    const signed = enqueue(departure, audience, undefined)
    loop.wake()
    const entry = await signed
    return { outcome: 'new', id, entry: `${logIdHex(entry.logId)}/${entry.header.seq}`, ...told }
  }

  function heldSubmission({ submission, leaving }: Departure, rule: string): HeldSubmission {
    const { submitter } = submission
    if (submitter === undefined) throw new StoreError('internal', 'nobody is known to have submitted what is held')
    return { submission: { ...submission, submitter }, leaving: leaving.item, heldMs: options.clock.now(), rule }
  }

  function isOnItsWay(departure: Departure): boolean {
    const way = wayOf(departure)
    return inFlight.has(way) || queuedIds.has(way) || options.held.has(toHex(departure.leaving.id))
  }

  function queue({ submission }: Departure, way: string, run: AuditRun): Promise<void> {
    const stored = queueWriter.add(encodeSubmission(submission), run)
    queuedIds.set(way, stored)
    stored.catch(() => queuedIds.delete(way))
    return stored
  }

  function enqueue(departure: Departure, audience: Audience, queuedNumber: number | undefined): Promise<VerifiedEntry> {
    const { promise, resolve, reject } = Promise.withResolvers<VerifiedEntry>()
    const { leaving } = departure
    const bytes = leaving.item.body.length + ITEM_FRAME_BYTES
    track(wayOf(departure), promise)
    if (stopping) {
      reject(stopped())
      return promise
    }
    pending.add({ ...departure, audienceKey: audience.key, bytes, queuedNumber, resolve, reject })
    if (pending.bytes() >= CONTENT_BYTES_MAX) fuller()
    return promise
  }

  function track(id: string, work: Promise<unknown>): void {
    inFlight.set(id, work)
    work.catch(() => inFlight.delete(id))
  }

  /** They are found in the view from now on. */
  function forget(batch: readonly Pending[]): void {
    for (const each of batch) inFlight.delete(wayOf(each))
  }

  // --- sending --------------------------------------------------------------------------------------------------

  async function flushAll(): Promise<void> {
    lag.opened()
    try {
      await drainQueue()
    } finally {
      while (pending.count() > 0 && !stopping) {
        const waitMs = coalescer.waitMs(pending.bytes() / CONTENT_BYTES_MAX)
        if (waitMs > 0) await untilFullOr(waitMs)
        await sendBatch(pending.take())
      }
    }
  }

  async function untilFullOr(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, waitMs)
    fuller = resolve
    await promise
    clearTimeout(timer)
    fuller = () => {}
  }

  async function sendBatch(batch: Pending[]): Promise<void> {
    try {
      const entry = await inTurn(() => send(batch))
      if (entry === undefined) return
      const position = { logId: entry.logId, seq: entry.header.seq }
      lag.sent(position, () => forget(batch))
      lag.opened()
      // what comes next goes to whom the group has by now.
      if (batch.some(({ leaving }) => leaving.item.type === ITEM.GROUP)) await options.viewSettled()
      for (const each of batch) each.resolve(entry)
      coalescer.sent()
    } catch (error) {
      for (const each of batch) each.reject(error)
    }
  }

  async function send(batch: Pending[]): Promise<VerifiedEntry | undefined> {
    await options.outbox.room()
    const sent = options.outbox.takeSent()
    return sealer.append(() => releaseAll(batch, sent))
  }

  /**
   * who may read is asked of registry and groups as they are now, and is the same for all of a message. What may
   * not leave any more is taken out of `batch`, and so is what has got other readers than the rest: it waits again.
   */
  function releaseAll(batch: Pending[], sent: readonly EntryPosition[]): ReleasedBatch | undefined {
    // whatever was accepted before, nothing is signed from now on.
    const hindrance = whyNot()
    if (hindrance !== undefined) throw hindrance
    const items: ReleasedItem[] = []
    const runs: AuditRun[] = []
    for (const each of batch.splice(0)) {
      const release = releaseOne(each)
      if (release === undefined) continue
      const { released, run } = release
      const { audience } = released
      if (audience.key === (items[0]?.audience ?? audience).key) {
        items.push(released)
        runs.push(run)
        batch.push(each)
      } else {
        pending.add({ ...each, audienceKey: audience.key })
      }
    }
    if (items[0] === undefined) return undefined
    const queued = batch.map(each => each.queuedNumber).filter(number => number !== undefined)
    return { audience: items[0].audience, items, runs, own: { queued, sent } }
  }

  function releaseOne(each: Pending): Release | undefined {
    try {
      return options.desk.release(each)
    } catch (error) {
      each.reject(error)
      recordDropped(each, error)
      return undefined
    }
  }

  function recordDropped({ submission }: Pending, error: unknown): void {
    const code = error instanceof TocsinError ? error.code : 'internal'
    for (const decision of requestRecords('dropped', [runOf(submission, undefined, code)])) {
      options.audit.record(decision).catch(cause => options.logger.error({ err: cause }, 'a decision was not recorded'))
    }
  }

  function whyNot(): UserError | undefined {
    return options.hindrance() ?? options.desk.hindrance()
  }

  // --- the queue of R-2.11 --------------------------------------------------------------------------------------

  async function drainQueue(): Promise<void> {
    while (store.counts().queued > 0 && maySign()) {
      await lag.over()
      const durable: Promise<unknown>[] = []
      const done: number[] = []
      const dropped: AuditRun[] = []
      for (const { number, bytes } of await store.queue(QUEUE_PAGE)) {
        const taken = await takeQueued(number, bytes, dropped)
        durable.push(taken.durable)
        if (!taken.removed) done.push(number)
      }
      while (pending.count() > 0 && !stopping) await sendBatch(pending.take())
      if (stopping) return
      await Promise.all(durable)
      if (done.length === 0) continue
      const audit = { add: options.audit.events(...requestRecords('dropped', dropped)) }
      await store.commit({ queue: { remove: done }, audit }, { sync: dropped.length > 0 })
    }
  }

  function maySign(): boolean {
    return store.state === 'open' && options.guard.state().kind === 'open' && whyNot() === undefined
  }

  /** Sends one item of the queue on its way, where that is still to be done; `removed`: with the commit of its entry. */
  async function takeQueued(
    number: number,
    bytes: Uint8Array,
    dropped: AuditRun[],
  ): Promise<{ readonly durable: Promise<unknown>; readonly removed: boolean }> {
    const submission = parseSubmission(bytes)
    if (submission === undefined) {
      options.logger.error({ number }, 'an item of the queue cannot be read and is left out')
      return { durable: Promise.resolve(), removed: false }
    }
    const ruling = options.desk.decide(submission, false)
    if (ruling.kind !== 'leaves') {
      dropped.push(drop(number, submission, ruling))
      return { durable: Promise.resolve(), removed: false }
    }
    const way = wayOf(ruling.departure)
    queuedIds.delete(way)
    const shown = await store.itemsOfId({ nation: options.nation, id: ruling.departure.leaving.id })
    const onItsWay = inFlight.get(way)
    const { item } = ruling.departure.leaving
    const isOver = item.type !== ITEM.WITHDRAWAL && shown.some(({ kind }) => kind === ITEM.WITHDRAWAL)
    const entries = entriesSaying(item, shown)
    const isDone = isOver || (await options.published.reach(entries, ruling.audience))
    if (isDone || onItsWay !== undefined) return { durable: Promise.resolve(onItsWay), removed: false }
    return { durable: enqueue(ruling.departure, ruling.audience, number), removed: true }
  }

  /** The rules or the readers have changed since it was accepted: published again, it is refused with the reason. */
  function drop(number: number, submission: Submission, ruling: Exclude<Ruling, { kind: 'leaves' }>): AuditRun {
    const { decision } = ruling
    options.logger.warn({ number, rule: decision?.rule?.name ?? '' }, 'an item of the queue may not leave any more')
    return runOf(submission, decision, ruling.kind === 'refused' ? ruling.code : 'guard-changed')
  }

  return {
    publish,
    opened: lag.opened,
    waitForView: lag.waitForView,
    /** Does `work`, which signs, while nothing else is signed. Throws why nothing can be signed now. */
    async exclusively<T>(work: () => Promise<T>): Promise<T> {
      const hindrance = options.hindrance()
      if (hindrance !== undefined) throw hindrance
      if (options.guard.state().kind !== 'open') throw notYet()
      return inTurn(work)
    },
    closeEpoch: sealer.closeEpoch,
    /** The guard may have opened, or the store recovered. */
    wake: loop.wake,
    queued: () => store.counts().queued + pending.count(),
    settled: loop.settled,
    /** Ends what is under way; what was not signed by then is refused, unless it is in the stored queue. */
    async stop(): Promise<void> {
      stopping = true
      lag.end()
      await queueWriter.settled()
      await loop.stop()
      for (const each of pending.drain()) each.reject(stopped())
    },
    /** Opens the next incarnation of the own log; the next message opens an epoch there. */
    async incarnate(close: boolean): Promise<LogHead> {
      const head = await inTurn(() => ownLog.incarnate(close))
      sealer.forgetEpochs()
      options.guard.incarnated()
      loop.wake()
      return head
    },
  }
}

export type Publisher = ReturnType<typeof createPublisher>

/** One item may be on its way to several audiences, and a withdrawal has the id of what it takes back. */
function wayOf({ submission, leaving }: Departure): string {
  return `${leaving.item.type} ${toHex(leaving.id)} ${toHex(submission.audience)}`
}
