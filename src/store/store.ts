import type { ErrorCode } from '../base/codes.ts'
import type { EpochId, Hash, LogId, NationId } from '../base/ids.ts'
import type { FrontierHead } from '../chain/frontier.ts'
import type { LogHead } from '../chain/log-head.ts'
import type { VerifiedEntry } from '../chain/verify-entry.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import type { DigestedClaim } from '../indicator/view-digest.ts'
import type { HashAt } from '../merkle/proof-source.ts'
import type { AuditHead, AuditLine } from '../policy/audit-chain.ts'
import type { AuditEvent } from '../policy/audit-record.ts'
import type { ParsedEntry } from '../wire/entry.ts'
import type { ChangedId, ChangeReads } from './change-queries.ts'
import type { Acceptance, Sight } from './sight.ts'
import type { StoredTombstone, Tombstone } from './tombstone.ts'
import type { Upkeep } from './upkeep.ts'
import type { IndicatorFilter, ItemFilter, Page, Related } from './view-queries.ts'

/**
 * What the node keeps on disk, as the rest of the daemon sees it.
 *
 * There is one writer: `commit` calls are carried out one after the other, each as one atomic LevelDB batch. Reads see
 * committed state only. What is known of the logs is held in memory and changes when the write that says so has
 * succeeded. After a failed write the store takes no more of them until `recover()` or a reopening.
 */
export interface Store
  extends LogReads,
    EntryReads,
    RecordReads,
    ViewReads,
    ChangeReads<StoredItem>,
    Upkeep,
    AsyncDisposable {
  readonly state: StoreState
  /**
   * Applies all of `batch` or nothing. Throws StoreError `store-full`, `store-write-failed`, `store-damaged` (state is
   * then 'failed'), `store-failed` (it was before), `store-busy` (COMMITS_WAITING_MAX), or `store-misuse` where the batch
   * contradicts what is held, which leaves the state alone.
   */
  commit(batch: StoreBatch, options?: CommitOptions): Promise<CommitResult>
  /** All logs as they are now: for what reads long, and must not have a commit come between. */
  snapshot(): Promise<StoreSnapshot>
  /** Commits `purge` with these and `tombstones`, durably, and sees to it that the bytes are gone from the disk. */
  purge(entries: readonly EntryPosition[], tombstones: readonly StoredTombstone[]): Promise<void>
  /** Gives back the room of what was replaced in the entries `[from, to)` of a log, such as bodies that were taken. */
  compact(logId: LogId, from: number, to: number): Promise<void>
  /** Closes and reopens the database after a failure and reads everything anew. Throws as opening does. */
  recover(): Promise<void>
  /**
   * By what rules items are taken into the view from now on; a new store takes everything. The view of other rules stays
   * what it was, and takes no new items, until `rebuildView()` is called; what is refused now shows no more at once.
   */
  setAcceptance(acceptance: Acceptance): Promise<void>
  /**
   * True once a limit or a rewind touched entries that were opened already, or other rules on what is taken
   * are in force. The view is then what it was until `rebuildView()` is called. Kept on disk: a crash in between forgets
   * nothing.
   */
  readonly viewStale: boolean
  /** It is of other rules. */
  readonly viewFrozen: boolean
  /** Computes the view anew from the items that stand, beside the old one, and switches over. */
  rebuildView(signal?: AbortSignal): Promise<void>
}

/** 'failed': a write went wrong; reads still answer from what was committed before. */
export type StoreState = 'open' | 'failed' | 'closed'

export interface CommitOptions {
  /** Waits for the disk (fsync). Default false: the operating system's cache, which survives a crash of the process. */
  readonly sync?: boolean
}

export interface CommitResult {
  /** Items of the batch that were not held before. */
  readonly itemsNew: number
  /** Items of the batch that were held already, from another entry or this one. */
  readonly itemsKnown: number
  /** Ids for which a second, different assertion stands now and did not before: an alert. */
  readonly conflicts: readonly ItemId[]
  /** Items whose content is malformed, by their author's fault: kept, and shown nowhere. */
  readonly voided: readonly VoidItem[]
  /** Numbers given to `queue.add`, in its order. */
  readonly queued: readonly number[]
  /** Entries of `branches.add` that found no room. */
  readonly branchesRefused: number
}

export interface VoidItem extends EntryPosition {
  readonly index: number
  readonly code: ErrorCode
  readonly reason: string
}

// ---------------------------------------------------------------------------------------------------------------
// Writing

export interface StoreBatch {
  readonly logs?: readonly LogChange[]
  /** Entries of branches that do not stand; at most BRANCH_ENTRIES_MAX a log are kept, further ones are refused. */
  readonly branches?: Changes<ParsedEntry, BranchPosition>
  readonly documents?: Changes<StoredDocument, Hash>
  readonly evidence?: Changes<StoredEvidence, Hash>
  /** What TOMBSTONEs name: its items are hidden while one of the same nation stands. Replaces what is held of it. */
  readonly tombstones?: readonly StoredTombstone[]
  /** Entries whose body and opened items are destroyed; header, leaf and place stay. Use `purge`, which leaves no trace. */
  readonly purge?: readonly EntryPosition[]
  /** Opened items. All of them must be of entries held here, or in `logs` of this batch. */
  readonly items?: readonly OpenedItem[]
  /** Entries sealed under an epoch whose grant is not here. */
  readonly waiting?: Changes<EpochPosition, EpochPosition>
  /** KEY_GRANT entries by the epoch that they open. */
  readonly grants?: Changes<EpochPosition, never>
  /** What the author is about to sign: commit with `sync`, and remove with the commit of the signed entry. */
  readonly intents?: Changes<Intent, EntryPosition>
  /** Publishes that cannot be signed yet; `add` answers with a number each. */
  readonly queue?: Changes<Uint8Array, number>
  /** What waits for a second person. */
  readonly held?: Changes<HeldBytes, Uint8Array>
  /** Own entries not yet handed to gossip. */
  readonly outbox?: Changes<EntryPosition, EntryPosition>
  /** Decisions, in their order, for the audit log. */
  readonly audit?: AuditChange
  /** Small named values of the node's own (peer book, cursors, last self-test …). An empty value removes. */
  readonly notes?: ReadonlyMap<string, Uint8Array>
}

export interface AuditChange {
  readonly add?: readonly AuditEvent[]
  /** The records below this number go, at most AUDIT_DROP_MAX of them; `add` must say so. */
  readonly dropBelow?: number
}

export interface Changes<Added, Removed> {
  readonly add?: readonly Added[]
  readonly remove?: readonly Removed[]
}

/** Everything given is set; everything left out stays as it is. */
export interface LogChange {
  readonly logId: LogId
  /** First of all: back to a shorter log, of at least its GENESIS. What lies behind it is kept as a branch. */
  readonly rewind?: LogHead
  /** Consecutive from the log's size on, linked by prev. Those with the signature check owed lower `unverifiedFrom`. */
  readonly append?: readonly VerifiedEntry[]
  /** The log after the last of `append`; needed with it. */
  readonly head?: LogHead
  /** What `checkNext` told of subtrees that `append` completed; needed for levels divisible by eight, others are skipped. */
  readonly nodes?: readonly TreeNode[]
  /** Entries held here whose body came later, or goes (then the body is empty). Header and signature must be the same. */
  readonly bodies?: readonly ParsedEntry[]
  /** First seq whose signature check is still owed; null: none. */
  readonly unverifiedFrom?: number | null
  /** All entries below this were opened, or put to wait. */
  readonly projected?: number
  /** Entries at or beyond it are quarantined; UNLIMITED where nothing limits the log. */
  readonly limit?: number
}

/** The complete subtree of 2^level leaves that starts at leaf index·2^level. */
export interface TreeNode {
  readonly level: number
  readonly index: number
  readonly hash: Hash
}

/** The limit of a log that nothing limits. */
export const UNLIMITED: number = Number.MAX_SAFE_INTEGER

export interface OpenedItem {
  readonly logId: LogId
  readonly seq: number
  /** Place in its BATCH. */
  readonly index: number
  /** time_ms of its entry. */
  readonly timeMs: number
  /** SHA-256 of `item`. */
  readonly hash: Hash
  /** Canonical bytes of an `Item` message. */
  readonly item: Uint8Array
  /** The encoded name of the audience that its epoch is for; empty or left out: the whole alliance. */
  readonly audience?: Uint8Array
}

export interface StoredDocument {
  /** As in SignedDoc: 1 registry, 2 nation. */
  readonly type: number
  /** The caller's: whatever it wants to find it by. */
  readonly hash: Hash
  /** Canonical SignedDoc. */
  readonly bytes: Uint8Array
}

export interface StoredEvidence {
  /** As in EvidenceItem: 2 proof, 3 checkpoint. */
  readonly type: number
  readonly hash: Hash
  readonly bytes: Uint8Array
}

export interface EntryPosition {
  readonly logId: LogId
  readonly seq: number
}

export interface HeldBytes {
  /** 16 bytes: of the item that would leave. */
  readonly id: Uint8Array
  readonly bytes: Uint8Array
}

export interface EpochPosition extends EntryPosition {
  readonly epochId: EpochId
}

export interface BranchPosition extends EntryPosition {
  readonly leaf: Hash
}

export interface Intent extends EntryPosition {
  /** The unsigned header and body, in the author's own form. */
  readonly bytes: Uint8Array
}

// ---------------------------------------------------------------------------------------------------------------
// Reading

/** The logs and their evidence as they were at one moment, whatever is committed meanwhile. Dispose of it. */
export interface StoreSnapshot extends EntryReads, Pick<RecordReads, 'documents' | 'evidence'>, AsyncDisposable {
  /** In the order in which they came. */
  readonly logs: readonly StoredLog[]
  /** All that is kept of branches that do not stand, ascending by seq. */
  branchEntries(logId: LogId): AsyncIterable<ParsedEntry>
  branchEntry(logId: LogId, seq: number, leaf: Hash): Promise<Uint8Array | undefined>
}

/** From memory, no I/O. */
export interface LogReads {
  log(logId: LogId): StoredLog | undefined
  logs(): Iterable<StoredLog>
  /** What stands of each log, ascending by log id; logs of which nothing stands are no part of it. */
  frontier(): readonly FrontierHead[]
  counts(): StoreCounts
  audit(): AuditState
  tombstones(): Iterable<Tombstone>
  /** Those that name this entry, in no order. */
  tombstonesOf(entry: EntryPosition): readonly Tombstone[]
}

export interface AuditState extends AuditHead {
  /** Of all records held. */
  readonly bytes: number
}

export interface StoredLog {
  /** All that is held of it, quarantined entries included. */
  readonly head: LogHead
  /** What stands of it: min(size, limit), and the leaf hash before it. */
  readonly standing: FrontierHead
  readonly limit: number
  readonly unverifiedFrom: number | null
  readonly projected: number
  /** Entries of other branches kept here. */
  readonly branchEntries: number
}

export interface StoreCounts {
  readonly logs: number
  /** Entries that stand: neither quarantined ones nor those of other branches. */
  readonly entries: number
  readonly waiting: number
  readonly queued: number
  readonly outbox: number
  readonly documents: number
  readonly evidence: number
  /** Opened items held, showing or not. */
  readonly items: number
  /** Distinct (type, value) of which a claim shows. */
  readonly indicators: number
  /** Indicator claims that show. */
  readonly claims: number
  /** Everything that shows: claims, sightings, opinions, reports, withdrawals … */
  readonly shown: number
}

export interface EntryReads {
  /** Canonical Envelopes from seq `from` on, at most `count` (capped at ENTRIES_PAGE_MAX) and `bytesMax`. */
  entriesRange(logId: LogId, from: number, count: number, bytesMax?: number): Promise<Uint8Array[]>
  entry(logId: LogId, seq: number): Promise<Uint8Array | undefined>
  /** Ids of the items that were opened from an entry and not destroyed since, 16 bytes each. */
  openedIds(entry: EntryPosition): Promise<readonly Uint8Array[]>
  /** Synchronous, as `checkNext` asks it: a read of LevelDB on this thread. */
  leafAt(logId: LogId, seq: number): Hash | undefined
  /** What Merkle proofs are built from. Synchronous too; throws StoreError `store-misuse` beyond the log. */
  hashAt(logId: LogId): HashAt
  /** Entries of other branches at `from` and above, ascending, at most ENTRIES_PAGE_MAX. */
  branches(logId: LogId, from: number): Promise<ParsedEntry[]>
}

export interface RecordReads {
  documents(): AsyncIterable<StoredDocument>
  evidence(): AsyncIterable<StoredEvidence>
  /** Ascending by log and seq. */
  waiting(epochId: EpochId): AsyncIterable<EntryPosition>
  /** Epochs that something waits for, at most EPOCHS_PAGE_MAX. */
  waitingEpochs(): Promise<EpochId[]>
  grants(epochId: EpochId): Promise<EntryPosition[]>
  /** Of one log, ascending by epoch and seq. */
  grantsIn(logId: LogId): AsyncIterable<EpochPosition>
  intents(): Promise<Intent[]>
  /** Oldest first, at most `limit` (capped at QUEUE_PAGE_MAX). */
  queue(limit: number): Promise<readonly { readonly number: number; readonly bytes: Uint8Array }[]>
  /** At most QUEUE_PAGE_MAX, ascending by id. */
  held(): Promise<readonly HeldBytes[]>
  /** At most `limit` (capped at QUEUE_PAGE_MAX), ascending by log and seq. */
  outbox(limit: number): Promise<EntryPosition[]>
  /** At most `limit` (capped at AUDIT_PAGE_MAX) records of the audit log from number `from` on, and AUDIT_PAGE_BYTES_MAX. */
  auditRecords(from: number, limit: number): Promise<readonly AuditLine[]>
  note(name: string): Promise<Uint8Array | undefined>
}

export interface ItemId {
  readonly nation: NationId
  /** 16 bytes. */
  readonly id: Uint8Array
}

/** An item that shows: it stands, is not withdrawn, and is the lesser of different assertions of its id. */
export interface StoredItem extends ItemId {
  /** Item.type of the protocol. */
  readonly kind: number
  readonly hash: Hash
  /** Canonical bytes of the `Item` message. */
  readonly item: Uint8Array
  /** What it is about, for claims, sightings and opinions; '' otherwise. */
  readonly type: string
  readonly value: string
  /** Time of the earliest standing entry that carries it. */
  readonly timeMs: number
  /** Another, different assertion of this id stands too. */
  readonly conflict: boolean
  /** Where it stands: log and seq of each standing entry that carries it. */
  readonly entries: readonly CarryingEntry[]
}

export type StoredChange = ChangedId<StoredItem>

export interface CarryingEntry extends EntryPosition {
  /** As OpenedItem has it. */
  readonly audience: Uint8Array
}

export interface WithdrawnClaim {
  /** As it would show. */
  readonly claim: StoredItem
  /** Undefined where whoever asks may not see it: then only that it is withdrawn is known. */
  readonly withdrawal: StoredItem | undefined
}

export interface StoredIndicator {
  readonly type: string
  readonly value: string
  /** Claims that show, ascending by nation and id; at most CLAIMS_PER_INDICATOR_MAX. */
  readonly claims: readonly StoredItem[]
  /** Sightings and opinions on it that show, with the same cap. */
  readonly remarks: readonly StoredItem[]
  /** Claims that show no more, with the same cap. */
  readonly withdrawn: readonly WithdrawnClaim[]
  /** All that show, where there are more than the cap lets through. */
  readonly claimCount: number
  readonly remarkCount: number
}

export interface ViewReads {
  lookup(type: string, value: string): Promise<StoredIndicator | undefined>
  /** Answers in the order asked; at most LOOKUPS_MAX at once. */
  lookupMany(subjects: readonly TypedValue[], sight?: Sight): Promise<(StoredIndicator | undefined)[]>
  /** The same, and what is left of indicators whose claims are all withdrawn. */
  recall(subjects: readonly TypedValue[], sight?: Sight): Promise<(StoredIndicator | undefined)[]>
  /**
   * Indicators with claims that have to do with each subject without being it, the nearest first: at most
   * RELATED_PER_SUBJECT_MAX, and `more` where there are others. At most LOOKUPS_MAX subjects at once.
   */
  related(subjects: readonly TypedValue[], sight?: Sight): Promise<readonly Related<StoredIndicator>[]>
  /** (type, value) of every indicator with a claim that shows, ascending, a page at a time. */
  subjects(): AsyncIterable<readonly TypedValue[]>
  /** What shows under one id: a claim, and perhaps its withdrawal. */
  itemsOfId(id: ItemId): Promise<StoredItem[]>
  /** Ascending by type and value. */
  listIndicators(filter: IndicatorFilter, sight?: Sight): Promise<Page<StoredIndicator>>
  /** What indicators are about whose id begins so, in lower-case hex, whoever may see them. Reads all keys of the view. */
  subjectsById(prefix: string): AsyncIterable<TypedValue>
  /** By time when `sinceMs` is given or no nation, else by nation and id. */
  listItems(filter: ItemFilter, sight?: Sight): Promise<Page<StoredItem>>
  /** SHA-256 over all view records in key order; equal on nodes that hold the same. Hex. */
  viewDigest(): Promise<string>
  /** The claims that show, ascending by type, value, nation and id: what `createViewDigest` is made from. */
  shownClaims(): AsyncIterable<DigestedClaim>
  /** Every view record, for comparison byte by byte. */
  dumpView(): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
}
