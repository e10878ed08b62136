import { equalBytes } from '../base/bytes.ts'
import { ProtocolError, StoreError } from '../base/errors.ts'
import { type AllianceId, type Hash, type LogId, type LogIdHex, logIdHex, type NationId } from '../base/ids.ts'
import type { Logger } from '../base/ports.ts'
import { checkNext } from '../chain/append.ts'
import { readContent } from '../chain/entry-content.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import type { LogHead } from '../chain/log-head.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import {
  type VerifiedEntry,
  type VerifySignatureAsync,
  verifyEntryAsync,
  verifyGenesis,
  verifyRange,
} from '../chain/verify-entry.ts'
import type { EntryPosition, EpochPosition, LogChange, Store, StoreBatch, TreeNode } from '../store/store.ts'
import { HEADER_VERSION, KIND, type ParsedEntry, parseEntry, parseEnvelope } from '../wire/entry.ts'
import type { Bundle } from '../wire/gen/tocsin.ts'
import { createReorderBuffer } from './reorder-buffer.ts'
import { createWorkerLoop } from './worker-loop.ts'

/** What ingesting needs to know of the alliance, as of now. */
export interface IngestAuthority {
  readonly allianceId: AllianceId
  keyStands(nation: NationId, signPk: Uint8Array): boolean
  /** Entries at or beyond it do not stand. */
  limitOf(log: LogIdentity): number
  /** Verifies an author's checkpoint of this log. Throws ProtocolError. */
  treeOf(note: Uint8Array, log: LogIdentity): TreeHead
}

/** An entry that stands in the store now. */
export interface Committed {
  readonly entry: VerifiedEntry
  /** The highest registry version of the entries before it: `readContent` judges by it. */
  readonly registryVersionBefore: number
  /** This node has just signed it; an entry of its own log that comes from elsewhere is a sign of an old copy. */
  readonly own: boolean
}

export interface IngestEvents {
  /** After the commit, in order. */
  committed(entries: readonly Committed[]): void
  /** Something of this log is missing here. */
  gap(logId: LogId): void
  /** Two signed entries of one log contradict each other. */
  conflict(held: ParsedEntry, offered: VerifiedEntry, kind: 'same-seq' | 'broken-prev'): void
}

export interface IngestOptions {
  readonly store: Store
  readonly authority: IngestAuthority
  readonly verify: VerifySignatureAsync
  readonly verifySync: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly events: IngestEvents
  readonly logger: Logger
}

export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export interface OwnCommit {
  readonly intents?: readonly EntryPosition[]
  readonly queued?: readonly number[]
  /** Entries that have been handed to gossip since. */
  readonly sent?: readonly EntryPosition[]
}

/** Gossip this far ahead of what is held is left to sync. */
const AHEAD_MAX = 4096
const COMMIT_ENTRIES_MAX = 1024
const COMMIT_BYTES_MAX = 8 * 1024 * 1024
/** Verified entries waiting for the writer, beyond which sync waits and gossip is left to sync. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024

const ARRIVING_MAX = 1024

interface Job {
  readonly entries: readonly VerifiedEntry[]
  readonly bytes: number
  readonly own: OwnCommit | undefined
  resolve(): void
  reject(reason: unknown): void
}

/**
 * The one way into the store: own entries, gossip and sync alike. One writer takes what waits, commits as much as fits
 * into one batch, and only then tells anybody.
 */
export function createIngest(options: IngestOptions) {
  const { store, authority, events } = options
  const reorder = createReorderBuffer()
  const jobs: Job[] = []
  let queuedBytes = 0
  const writer = createWorkerLoop(write, error => options.logger.error({ err: error }, 'the writer failed'))
  /** Logs whose GENESIS was verified and is on its way through the writer. */
  const arriving = new Map<LogIdHex, LogIdentity>()
  let turn: Promise<void> = Promise.resolve()
  const headOf = (logId: LogId) => store.log(logId)?.head
  const context = { allianceId: authority.allianceId, verify: options.verifySync, keyStands: authority.keyStands }

  // --- gossip ---------------------------------------------------------------------------------------------------

  /** rejects only what is wrong whatever one knows. Throws ProtocolError for `reject` and for what is ignored. */
  async function offerGossip(entry: ParsedEntry): Promise<GossipVerdict> {
    if (entry.body.length !== entry.header.bodyLen) {
      throw new ProtocolError('entry-body-mismatch', 'gossip carries the body with its entry')
    }
    const { seq, version } = entry.header
    const head = headOf(entry.logId)
    const log = head ?? arriving.get(logIdHex(entry.logId))
    if (log === undefined) return offerFirst(entry)
    const size = head?.size ?? 0
    if (head !== undefined && seq < size) return offerHeld(entry, head)
    if (seq >= authority.limitOf(log)) return 'ignore'
    // What cannot be taken now is fetched by sync, which takes entries of later versions as they are.
    if (seq > size + AHEAD_MAX || version > HEADER_VERSION || store.state !== 'open') {
      events.gap(entry.logId)
      return 'ignore'
    }
    const verified = await verifyEntryAsync(entry, log, authority.allianceId, options.verify)
    accept(verified)
    return 'accept'
  }

  function offerFirst(entry: ParsedEntry): GossipVerdict {
    if (entry.header.seq !== 0 || entry.header.version > HEADER_VERSION) {
      events.gap(entry.logId)
      return 'ignore'
    }
    const verified = verifyGenesis(entry, context)
    if (authority.limitOf(verified.log) === 0 || store.state !== 'open') return 'ignore'
    arrives(verified.log)
    accept(verified)
    return 'accept'
  }

  async function offerHeld(entry: ParsedEntry, head: LogHead): Promise<GossipVerdict> {
    const leaf = store.leafAt(entry.logId, entry.header.seq)
    if (leaf === undefined || equalBytes(leaf, entry.leaf)) return 'ignore'
    const verified = await verifyEntryAsync(entry, head, authority.allianceId, options.verify)
    await reportConflict(verified, verified.header.seq, 'same-seq')
    return 'ignore'
  }

  function accept(entry: VerifiedEntry): void {
    if (queuedBytes > QUEUED_BYTES_MAX || !reorder.add(entry)) {
      events.gap(entry.logId)
      return
    }
    writer.wake()
  }

  // --- sync and own entries -------------------------------------------------------------------------------------

  /** Verifies a bundle whole, stores it, and says how far its log is held then. Throws ProtocolError at a bad one. */
  async function ingestBundle(bundle: Bundle): Promise<number> {
    const entries = bundle.entries.map(parseEntry)
    const first = entries[0]
    if (first === undefined) return 0
    if (first.header.seq !== bundle.from || entries.some(entry => !equalBytes(entry.logId, bundle.logId))) {
      throw new ProtocolError('sync-bundle-mismatch', 'the bundle does not hold the entries that it names')
    }
    const log = logOf(first)
    const limit = authority.limitOf(log)
    const standing = entries.filter(entry => entry.header.seq < limit)
    if (standing.length > 0) await inTurn(() => verifyBundle(bundle, log, entries, standing))
    return headOf(first.logId)?.size ?? 0
  }

  /** Bundles are verified side by side and go to the writer in the order in which they came. */
  async function inTurn(verify: () => Promise<readonly VerifiedEntry[]>): Promise<void> {
    const before = turn
    const { promise, resolve } = Promise.withResolvers<void>()
    turn = promise
    let written: Promise<void>
    try {
      const verified = await verify()
      await before
      written = submit(verified, undefined)
    } finally {
      before.then(resolve)
    }
    await written
  }

  async function verifyBundle(
    bundle: Bundle,
    log: LogIdentity,
    entries: readonly ParsedEntry[],
    standing: readonly ParsedEntry[],
  ): Promise<readonly VerifiedEntry[]> {
    if (bundle.note.length === 0) {
      return Promise.all(standing.map(entry => verifyEntryAsync(entry, log, authority.allianceId, options.verify)))
    }
    const proven = { entries, path: bundle.path as readonly Hash[] }
    const outcome = verifyRange(proven, authority.treeOf(bundle.note, log), log, authority.allianceId)
    if (outcome.kind === 'verified') return outcome.entries.slice(0, standing.length)
    const verified = await verifyEntryAsync(outcome.successor, log, authority.allianceId, options.verify)
    events.conflict(outcome.predecessor, verified, 'broken-prev')
    throw new ProtocolError(
      'sync-bundle-mismatch',
      'the log breaks off inside the bundle: its author signed a broken link',
    )
  }

  /** a log that is not known begins with its GENESIS, signature checked. */
  function logOf(first: ParsedEntry): LogIdentity {
    const head = headOf(first.logId)
    if (head !== undefined) {
      arriving.delete(logIdHex(first.logId))
      return head
    }
    const key = logIdHex(first.logId)
    const log = first.header.seq === 0 ? verifyGenesis(first, context).log : arriving.get(key)
    if (log === undefined)
      throw new ProtocolError('sync-bundle-mismatch', 'a bundle of a log whose beginning is not here')
    arrives(log)
    return log
  }

  /** What follows a GENESIS may come before that is committed. */
  function arrives(log: LogIdentity): void {
    if (arriving.size >= ARRIVING_MAX) arriving.delete(arriving.keys().next().value as LogIdHex)
    arriving.set(logIdHex(log.logId), log)
  }

  /** Own entries, signed by the publisher. Resolves after their commit. */
  function commitOwn(entries: readonly VerifiedEntry[], own: OwnCommit): Promise<void> {
    return submit(entries, own)
  }

  function submit(entries: readonly VerifiedEntry[], own: OwnCommit | undefined): Promise<void> {
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
    queuedBytes += bytes
    return new Promise<void>((resolve, reject) => {
      jobs.push({ entries, bytes, own, resolve, reject })
      writer.wake()
    })
  }

  // --- the writer -----------------------------------------------------------------------------------------------

  async function write(): Promise<void> {
    for (;;) {
      const taken = takeJobs()
      const round = createRound()
      try {
        const placed = await placeJobs(round, taken)
        for (const entry of reorder.ready(logId => round.head(logId)?.size ?? 0)) await place(round, entry, false)
        if (round.appended.length === 0 && taken.length === 0) return
        await commitRound(round, placed)
        for (const job of placed) job.resolve()
      } catch (error) {
        for (const job of taken) job.reject(error)
        for (const { head } of round.growth.values()) events.gap(head.logId)
        if (taken.length === 0) throw error
      } finally {
        for (const job of taken) queuedBytes -= job.bytes
      }
    }
  }

  function takeJobs(): Job[] {
    let entries = 0
    let bytes = 0
    let count = 0
    for (const job of jobs) {
      entries += job.entries.length
      bytes += job.bytes
      if (count > 0 && (entries > COMMIT_ENTRIES_MAX || bytes > COMMIT_BYTES_MAX)) break
      count++
    }
    return jobs.splice(0, count)
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

  interface LogGrowth {
    head: LogHead
    readonly entries: VerifiedEntry[]
    readonly nodes: TreeNode[]
  }

  interface Round {
    readonly appended: Committed[]
    readonly growth: Map<LogIdHex, LogGrowth>
    head(logId: LogId): LogHead | undefined
  }

  function createRound(): Round {
    const growth = new Map<LogIdHex, LogGrowth>()
    return { appended: [], growth, head: logId => growth.get(logIdHex(logId))?.head ?? headOf(logId) }
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
        events.gap(logId)
        return false
      case 'same-seq':
      case 'broken-prev':
        if (!own) await reportConflict(entry, outcome.seq, outcome.kind, grown?.entries[outcome.seq - held])
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
          limit: authority.limitOf(head),
        }),
      ),
      grants: { add: round.appended.flatMap(grantPosition) },
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

  /** `placed` is the entry at `seq` where it is not committed yet. */
  async function reportConflict(
    entry: VerifiedEntry,
    seq: number,
    kind: 'same-seq' | 'broken-prev',
    placed?: ParsedEntry,
  ): Promise<void> {
    if (placed !== undefined) return events.conflict(placed, entry, kind)
    const bytes = await store.entry(entry.logId, seq)
    if (bytes !== undefined) events.conflict(parseEnvelope(bytes), entry, kind)
  }

  return {
    offerGossip,
    ingestBundle,
    commitOwn,
    /** Resolves when nothing waits for the writer any more. */
    settled: writer.settled,
    stop: writer.stop,
    queuedBytes: () => queuedBytes + reorder.bytes(),
  }
}

export type Ingest = ReturnType<typeof createIngest>

function grantPosition({ entry, registryVersionBefore }: Committed): EpochPosition[] {
  if (entry.header.kind !== KIND.KEY_GRANT) return []
  const read = readContent(entry, registryVersionBefore)
  if (read.kind !== 'ok' || read.content.kind !== 'key-grant') return []
  return [{ epochId: read.content.grant.epochId, ...positionOf(entry) }]
}

function oldCopy({ header }: VerifiedEntry): StoreError {
  return new StoreError('signing-head-ahead', `another entry ${header.seq} of our own log came while ours was signed`, {
    fix: 'This store is an old copy. Run "tocsin node incarnate" to go on with a new log.',
  })
}

function positionOf(entry: VerifiedEntry): EntryPosition {
  return { logId: entry.logId, seq: entry.header.seq }
}

function sizeOf(entry: ParsedEntry): number {
  return entry.headerBytes.length + entry.signature.length + entry.body.length + ENTRY_OVERHEAD_BYTES
}

/** Objects and hashes that a parsed entry holds beside its bytes, about. */
const ENTRY_OVERHEAD_BYTES = 512
