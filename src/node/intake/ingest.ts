import { equalBytes } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { type AllianceId, type Hash, type LogId, type LogIdHex, logIdHex, type NationId } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import {
  type VerifiedEntry,
  type VerifySignatureAsync,
  verifyEntryAsync,
  verifyGenesis,
  verifyRange,
} from '../../chain/verify-entry.ts'
import type { Store } from '../../store/store.ts'
import { HEADER_VERSION, type ParsedEntry, parseEntry } from '../../wire/entry.ts'
import type { Bundle } from '../../wire/gen/tocsin.ts'
import { createFairTurns } from '../mechanisms/fair-turns.ts'
import type { AuthorPace } from './author-pace.ts'
import { createEntryWriter, reportConflict, type WriterEvents } from './entry-writer.ts'
import { createReorderBuffer } from './reorder-buffer.ts'

/** What ingesting needs to know of the alliance, as of now. */
export interface IngestAuthority {
  readonly allianceId: AllianceId
  keyStands(nation: NationId, signPk: Uint8Array): boolean
  /** Entries at or beyond it do not stand. */
  limitOf(log: LogIdentity): number
  /** Of what is held here. */
  heldLimitOf(log: LogIdentity): number
  /** What lies below it is witnessed, and fetched with proof of that. */
  witnessedSize(log: LogIdentity): number
  /** Where the log is known to have forked: nothing is proved by a contradiction there or behind. */
  conflictAt(log: LogIdentity): number
  /** Whether its author's checkpoint of this tree is among the evidence here. */
  isShown(tree: TreeHead, log: LogIdentity): boolean
  /**
   * Verifies an author's checkpoint of this log. Undefined where it is not among the evidence here: a leaf that then
   * turned out to be bad could be shown to nobody. Throws ProtocolError.
   */
  treeOf(note: Uint8Array, log: LogIdentity): Promise<TreeHead | undefined>
}

export interface IngestOptions {
  readonly store: Store
  readonly authority: IngestAuthority
  readonly verify: VerifySignatureAsync
  readonly verifySync: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly events: WriterEvents
  readonly pace: AuthorPace
  readonly logger: Logger
}

/** Has `submit` called when the entries `[from, to)` have their turn in their log, or not at all. */
export type BundleOrder = (logId: LogId, from: number, to: number, submit: () => Promise<void>) => Promise<unknown>

export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** Gossip this far ahead of what is held is left to sync. */
const AHEAD_MAX = 4096
/** Verified entries waiting for the writer, beyond which sync waits and gossip is left to sync. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024

const ARRIVING_MAX = 1024

/** Of entries of gossip: enough for the threads of the pool. */
const CHECKS_AT_ONCE = 16

/**
 * The one way into the store: gossip, sync and own entries alike. What is wrong ends here; the rest goes to the writer.
 */
export function createIngest(options: IngestOptions) {
  const { store, authority, events } = options
  const reorder = createReorderBuffer()
  const writer = createEntryWriter({ store, limitOf: authority.limitOf, reorder, events, logger: options.logger })
  /** Logs whose GENESIS was verified and is on its way through the writer. */
  const arriving = new Map<LogIdHex, LogIdentity>()
  let turn: Promise<void> = Promise.resolve()
  const counts = { overPace: 0 }
  const checks = createFairTurns(CHECKS_AT_ONCE)
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
    if (seq >= authority.heldLimitOf(log)) return 'ignore'
    // What cannot be taken now is fetched by sync, which takes entries of later versions as they are, and below
    // what is witnessed those of its branch alone.
    const isLate = seq < authority.witnessedSize(log)
    const isTooFast = !options.pace.has(log.nation)
    if (isTooFast) counts.overPace++
    if (isLate || isTooFast || seq > size + AHEAD_MAX || version > HEADER_VERSION || store.state !== 'open') {
      events.gap(entry.logId, entry.header.seq)
      return 'ignore'
    }
    const check = () => verifyEntryAsync(entry, log, authority.allianceId, options.verify)
    const verified = await checks.run(log.nation, check)
    options.pace.took(log.nation, entry.headerBytes.length + entry.body.length)
    accept(verified)
    return 'accept'
  }

  function offerFirst(entry: ParsedEntry): GossipVerdict {
    if (entry.header.seq !== 0 || entry.header.version > HEADER_VERSION) {
      events.gap(entry.logId, entry.header.seq)
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
    if (entry.header.seq >= authority.conflictAt(head)) return 'ignore'
    const verified = await verifyEntryAsync(entry, head, authority.allianceId, options.verify)
    await reportConflict(store, events, verified, verified.header.seq, 'same-seq')
    return 'ignore'
  }

  function accept(entry: VerifiedEntry): void {
    const { logId, header } = entry
    const kept = writer.queuedBytes() <= QUEUED_BYTES_MAX && reorder.add(entry)
    if (!kept || header.seq > (headOf(logId)?.size ?? 0)) events.gap(logId, header.seq)
    if (kept) writer.wake()
  }

  // --- sync and own entries -------------------------------------------------------------------------------------

  /**
   * Verifies a bundle whole, stores it, and says how far its log is held then. `branch`: the tree that stands, in which
   * the entries are; what is held of another branch gives way. Without an `order` bundles go to the writer as they came.
   * Throws ProtocolError at a bad bundle.
   */
  async function ingestBundle(bundle: Bundle, branch?: TreeHead, order?: BundleOrder): Promise<number> {
    const entries = bundle.entries.map(parseEntry)
    const first = entries[0]
    if (first === undefined) return 0
    if (first.header.seq !== bundle.from || entries.some(entry => !equalBytes(entry.logId, bundle.logId))) {
      throw new ProtocolError('sync-bundle-mismatch', 'the bundle does not hold the entries that it names')
    }
    const log = logOf(first)
    const limit = authority.limitOf(log)
    const standing = entries.filter(entry => entry.header.seq < limit)
    if (standing.length > 0) {
      const verify = () => verifyBundle(bundle, log, entries, standing, branch)
      const write = branch === undefined ? writer.submit : writer.submitOfBranch
      const place = [log.logId, bundle.from, bundle.from + standing.length] as const
      const replaces = branch !== undefined && bundle.from < (headOf(log.logId)?.size ?? 0)
      if (order === undefined) await inTurn(verify, write)
      else if (replaces) await order(...place, () => inTurn(verify, write))
      else {
        const verified = await verify()
        await order(...place, () => write(verified))
      }
    }
    return headOf(first.logId)?.size ?? 0
  }

  /** Bundles are verified side by side and go to the writer in the order in which they came. */
  async function inTurn<T>(verify: () => Promise<T>, write: (verified: T) => Promise<void>): Promise<void> {
    const before = turn
    const { promise, resolve } = Promise.withResolvers<void>()
    turn = promise
    let written: Promise<void>
    try {
      const verified = await verify()
      await before
      written = write(verified)
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
    branch: TreeHead | undefined,
  ): Promise<readonly VerifiedEntry[]> {
    const bySignature = () =>
      Promise.all(standing.map(entry => verifyEntryAsync(entry, log, authority.allianceId, options.verify)))
    const tree = branch ?? (bundle.note.length === 0 ? undefined : await authority.treeOf(bundle.note, log))
    if (tree === undefined) return bySignature()
    const proven = { entries, path: bundle.path as readonly Hash[] }
    const outcome = verifyRange(proven, tree, log, authority.allianceId)
    if (outcome.kind === 'verified') {
      const mayOwe = branch === undefined || authority.isShown(branch, log)
      return mayOwe ? outcome.entries.slice(0, standing.length) : bySignature()
    }
    const verified = await verifyEntryAsync(outcome.successor, log, authority.allianceId, options.verify)
    events.conflict(outcome.predecessor, verified, 'broken-prev')
    throw new ProtocolError('sync-log-broken', 'the log breaks off inside the bundle: its author signed a broken link')
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
    if (log === undefined) throw new ProtocolError('sync-log-unknown', 'a bundle of a log whose beginning is not here')
    arrives(log)
    return log
  }

  /** What follows a GENESIS may come before that is committed. */
  function arrives(log: LogIdentity): void {
    if (arriving.size >= ARRIVING_MAX) arriving.delete(arriving.keys().next().value as LogIdHex)
    arriving.set(logIdHex(log.logId), log)
  }

  return {
    offerGossip,
    ingestBundle,
    /** Own entries, signed by the publisher. Resolves after their commit. */
    commitOwn: writer.submit,
    /** Resolves when nothing waits for the writer any more. */
    settled: writer.settled,
    stop: writer.stop,
    queuedBytes: () => writer.queuedBytes() + reorder.bytes(),
    /** Entries of gossip that their author sent too fast, and that are left to sync. */
    overPace: () => counts.overPace,
    /** Verified entries wait for their commit; those that wait for their predecessors may wait for ever. */
    isWriting: () => writer.queuedBytes() > 0,
  }
}

export type Ingest = ReturnType<typeof createIngest>
