import { equalBytes } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import { type Hash, type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import { checkNext } from '../../chain/append.ts'
import { erasureOf, grantedEpoch } from '../../chain/entry-content.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'
import type { EntryPosition, EpochPosition, LogChange, Store, StoreBatch, TreeNode } from '../../store/store.ts'
import type { StoredTombstone } from '../../store/tombstone.ts'
import { HEADER_VERSION, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import { headAt } from './log-prefix.ts'
import type { ReorderBuffer } from './reorder-buffer.ts'

/** An entry that stands in the store now. */
export interface Committed {
  readonly entry: VerifiedEntry
  /** The highest registry version of the entries before it: `readContent` judges by it. */
  readonly registryVersionBefore: number
  /** This node has just signed it; an entry of its own log that comes from elsewhere is a sign of an old copy. */
  readonly own: boolean
}

/** What the content of an entry is judged by. */
interface Read {
  readonly entry: ParsedEntry
  readonly registryVersionBefore: number
}

export interface WriterEvents {
  /** After the commit, in order. */
  committed(entries: readonly Committed[]): void
  /** The entry at `seq` of this log was seen, and it or something before it is missing here. */
  gap(logId: LogId, seq: number): void
  /** Two signed entries of one log contradict each other. */
  conflict(held: ParsedEntry, offered: VerifiedEntry, kind: 'same-seq' | 'broken-prev'): void
  /** The log is another from the entry that `commit` takes away on: nothing of it may be in the works meanwhile. */
  rewinding(log: LogIdentity, commit: () => Promise<void>): Promise<void>
}

export interface OwnCommit {
  readonly intents?: readonly EntryPosition[]
  readonly queued?: readonly number[]
  /** Entries that have been handed to gossip since. */
  readonly sent?: readonly EntryPosition[]
}

export interface EntryWriterOptions {
  readonly store: Store
  /** Entries at or beyond it do not stand. */
  limitOf(log: LogIdentity): number
  readonly reorder: ReorderBuffer
  readonly events: WriterEvents
  readonly logger: Logger
}

const COMMIT_ENTRIES_MAX = 1024
const COMMIT_BYTES_MAX = 8 * 1024 * 1024
interface Job {
  readonly entries: readonly VerifiedEntry[]
  readonly bytes: number
  readonly own: OwnCommit | undefined
  /** They are of the branch that stands: what is held of another gives way. */
  readonly ofBranch: boolean
  resolve(): void
  reject(reason: unknown): void
}

interface LogGrowth {
  head: LogHead
  readonly entries: VerifiedEntry[]
  readonly nodes: TreeNode[]
}

/** What one commit will append. */
interface Round {
  readonly appended: Committed[]
  readonly growth: Map<LogIdHex, LogGrowth>
  head(logId: LogId): LogHead | undefined
}

/** The one writer: takes what waits, commits as much as fits into one batch, and only then tells anybody. */
export function createEntryWriter(options: EntryWriterOptions) {
  const { store, reorder, events } = options
  let jobs: Job[] = []
  let queuedBytes = 0
  const loop = createWorkerLoop(write, error => options.logger.error({ err: error }, 'the writer failed'))

  /** Verified entries, in the order of their log; `own` where this node has signed them. Resolves after their commit. */
  function submit(entries: readonly VerifiedEntry[], own?: OwnCommit): Promise<void> {
    return enqueue(entries, own, false)
  }

  function enqueue(entries: readonly VerifiedEntry[], own: OwnCommit | undefined, ofBranch: boolean): Promise<void> {
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
    queuedBytes += bytes
    return new Promise<void>((resolve, reject) => {
      jobs.push({ entries, bytes, own, ofBranch, resolve, reject })
      loop.wake()
    })
  }

  async function write(): Promise<void> {
    for (;;) {
      const taken = takeJobs()
      const round = createRound()
      try {
        for (const { entries } of taken.filter(({ ofBranch }) => ofBranch)) await changeBranch(entries)
        const placed = await placeJobs(round, taken)
        for (const entry of reorder.ready(logId => round.head(logId)?.size ?? 0)) await place(round, entry, false)
        if (round.appended.length === 0 && taken.length === 0) return
        await commitRound(round, placed)
        for (const job of placed) job.resolve()
      } catch (error) {
        for (const job of taken) job.reject(error)
        for (const { head } of round.growth.values()) events.gap(head.logId, head.size - 1)
        if (taken.length === 0) throw error
      } finally {
        for (const job of taken) queuedBytes -= job.bytes
      }
    }
  }

  /** what is held from the first entry that differs on is put aside, and is what the author is shown to fork by. */
  async function changeBranch(entries: readonly VerifiedEntry[]): Promise<void> {
    const { logId } = entries[0]!
    const size = store.log(logId)?.head.size ?? 0
    const first = entries.find(
      ({ header, leaf }) => header.seq < size && !equalBytes(storedLeaf(logId, header.seq), leaf),
    )
    // Two GENESIS of one log: nothing of what is held would be left.
    if (first === undefined || first.header.seq === 0) return
    const { seq } = first.header
    await reportConflict(store, events, first, seq, 'same-seq')
    const rewind = await headAt(store, first.log, seq)
    await events.rewinding(first.log, async () => void (await store.commit({ logs: [{ logId, rewind }] })))
    options.logger.warn({ log: logIdHex(logId), seq }, 'took up another branch of a log, which is the one that stands')
  }

  /** Own ones first, then one of each log in turn, those of a log in their order. */
  function takeJobs(): Job[] {
    const taken: Job[] = []
    let entries = 0
    let bytes = 0
    for (const job of fairOrder(jobs)) {
      entries += job.entries.length
      bytes += job.bytes
      if (taken.length > 0 && (entries > COMMIT_ENTRIES_MAX || bytes > COMMIT_BYTES_MAX)) break
      taken.push(job)
    }
    const isTaken = new Set(taken)
    jobs = jobs.filter(job => !isTaken.has(job))
    return taken
  }

  /** Those whose entries found their place or, not being our own, need none. */
  async function placeJobs(round: Round, jobs: readonly Job[]): Promise<Job[]> {
    const placed: Job[] = []
    for (const job of jobs) {
      let fits = true
      for (const entry of job.entries) fits = (await place(round, entry, job.own !== undefined)) && fits
      if (fits || job.own === undefined) placed.push(job)
      else job.reject(oldCopy(job.entries[0]!))
    }
    return placed
  }

  function createRound(): Round {
    const growth = new Map<LogIdHex, LogGrowth>()
    return { appended: [], growth, head: logId => growth.get(logIdHex(logId))?.head ?? store.log(logId)?.head }
  }

  /**
   * Appends one entry to the round where it is the next; what it is otherwise is told or left. False where it is neither
   * that nor held. What contradicts an entry that we have just signed is no conflict to be shown: nobody has seen ours.
   */
  async function place(round: Round, entry: VerifiedEntry, own: boolean): Promise<boolean> {
    const { logId, header } = entry
    const before = round.head(logId)
    const grown = round.growth.get(logIdHex(logId))
    const held = before === undefined ? 0 : before.size - (grown?.entries.length ?? 0)
    const leafAt = (seq: number) => grown?.entries[seq - held]?.leaf ?? storedLeaf(logId, seq)
    const nodes = grown?.nodes ?? []
    const outcome = checkNext(before, entry, leafAt, (level, index, hash) => nodes.push({ level, index, hash }))
    switch (outcome.kind) {
      case 'append':
        if (grown === undefined) round.growth.set(logIdHex(logId), { head: outcome.head, entries: [entry], nodes })
        else {
          grown.head = outcome.head
          grown.entries.push(entry)
        }
        round.appended.push({ entry, registryVersionBefore: before?.registryVersion ?? 0, own })
        if (header.version > HEADER_VERSION)
          options.logger.warn({ log: logIdHex(logId), seq: header.seq }, 'kept an entry of a later version as it is')
        return true
      case 'duplicate':
        return true
      case 'gap':
        events.gap(logId, header.seq)
        return false
      case 'same-seq':
      case 'broken-prev':
        if (!own)
          await reportConflict(store, events, entry, outcome.seq, outcome.kind, grown?.entries[outcome.seq - held])
        return false
      case 'refused':
        options.logger.debug(
          { log: logIdHex(logId), seq: header.seq, code: outcome.code },
          'an entry does not fit its log',
        )
        return false
    }
  }

  function storedLeaf(logId: LogId, seq: number): Hash {
    const leaf = store.leafAt(logId, seq)
    if (leaf === undefined)
      throw new StoreError('store-damaged', `entry ${logIdHex(logId)}/${seq} is missing from the store`)
    return leaf
  }

  async function commitRound(round: Round, taken: readonly Job[]): Promise<void> {
    const own = taken.filter(job => job.own !== undefined)
    const batch: StoreBatch = {
      logs: [...round.growth.values()].map(
        ({ head, entries, nodes }): LogChange => ({
          logId: head.logId,
          append: entries,
          head,
          nodes,
          limit: options.limitOf(head),
        }),
      ),
      grants: { add: round.appended.flatMap(grantPosition) },
      tombstones: round.appended.flatMap(tombstoneOf),
      outbox: {
        add: own.flatMap(job => job.entries.map(positionOf)),
        remove: own.flatMap(job => job.own?.sent ?? []),
      },
      intents: { remove: own.flatMap(job => job.own?.intents ?? []) },
      queue: { remove: own.flatMap(job => job.own?.queued ?? []) },
    }
    await store.commit(batch)
    if (round.appended.length > 0) events.committed(round.appended)
  }

  return {
    submit,
    /** Verified entries that were shown to be of the branch that stands. */
    submitOfBranch: (entries: readonly VerifiedEntry[]) => enqueue(entries, undefined, true),
    wake: loop.wake,
    settled: loop.settled,
    stop: loop.stop,
    queuedBytes: () => queuedBytes,
  }
}

export function grantPosition({ entry, registryVersionBefore }: Read): EpochPosition[] {
  const epochId = grantedEpoch(entry, registryVersionBefore)
  return epochId === undefined ? [] : [{ epochId, ...positionOf(entry) }]
}

/** what it names is hidden with the same commit, or when it comes. */
export function tombstoneOf({ entry, registryVersionBefore }: Read): StoredTombstone[] {
  const erasure = erasureOf(entry, registryVersionBefore)
  if (erasure === undefined) return []
  const { logId, seq, reason } = erasure
  return [{ target: { logId, seq }, by: positionOf(entry), reason, sinceRanMs: undefined, purgedMs: 0 }]
}

function fairOrder(jobs: readonly Job[]): readonly Job[] {
  const rounds = new Map<string, number>()
  const ranked = jobs.map(job => {
    const name = job.own !== undefined || job.entries[0] === undefined ? '' : logIdHex(job.entries[0].logId)
    const round = job.own === undefined ? (rounds.get(name) ?? 0) + 1 : 0
    rounds.set(name, round)
    return { job, round }
  })
  return ranked.sort((a, b) => a.round - b.round).map(({ job }) => job)
}

function oldCopy({ header }: VerifiedEntry): StoreError {
  return new StoreError('signing-head-ahead', `another entry ${header.seq} of our own log came while ours was signed`, {
    fix: 'This store is an old copy, or another daemon runs with the same keys: see to it that none does, then "tocsin node incarnate" goes on with a new log.',
  })
}

function positionOf(entry: ParsedEntry): EntryPosition {
  return { logId: entry.logId, seq: entry.header.seq }
}

function sizeOf(entry: ParsedEntry): number {
  return entry.headerBytes.length + entry.signature.length + entry.body.length + ENTRY_OVERHEAD_BYTES
}

/** Objects and hashes that a parsed entry holds beside its bytes, about. */
const ENTRY_OVERHEAD_BYTES = 512

/** `placed` is the entry at `seq` where it is not committed yet. */
export async function reportConflict(
  store: Store,
  events: WriterEvents,
  entry: VerifiedEntry,
  seq: number,
  kind: 'same-seq' | 'broken-prev',
  placed?: ParsedEntry,
): Promise<void> {
  if (placed !== undefined) return events.conflict(placed, entry, kind)
  const bytes = await store.entry(entry.logId, seq)
  if (bytes !== undefined) events.conflict(parseEnvelope(bytes), entry, kind)
}
